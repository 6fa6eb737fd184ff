"""The report as Markdown: the tables and text of the HTML page, without plots."""

from collections.abc import Iterator, Sequence

from skyassets.stages.markup.markdown import block, code, plain, visible
from skyassets.stages.markup.table import ReportTable, as_markdown
from skyassets.stages.reporting import costs, evidence, tables
from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.outline import EXAMPLES, EXPLAINED, TABLES, board_of, header
from skyassets.stages.reporting.paired_examples import PairedExample, ShownAnswer
from skyassets.stages.reporting.plots import measured
from skyassets.stages.reporting.scoreboard import Scoreboard
from skyassets.stages.reporting.wording import chance_note, gain_line, verdict


def report_text(content: ReportContent) -> str:
    """The full report."""
    board = board_of(content)
    lines = [
        f"# {_plain(content.recipe)}: benchmark report",
        "",
        _plain(f"{content.description}."),
        "",
        f"**{_plain(verdict(board))}**",
        "",
        *(f"- {_plain(gain_line(name, gain))}" for name, gain in board.gains()),
        *_paragraph(chance_note(board)),
        "",
        *(f"- {_plain(name)}: {_plain(value)}" for name, value in header(content, board).items()),
        *_section("Scores", tables.overview(board)),
        *(line for words in EXPLAINED for line in _paragraph(words)),
        *_benchmarks(board),
        *_section("Clean and contaminated items"),
        *_paragraph(evidence.contaminated_in_words(board, content)),
        *_tables(evidence.contamination(content)),
    ]
    if spent := costs.spent(content):
        lines += _section("Cost", costs.per_point(board, content), spent)
    if rules := evidence.waterfall(content):
        lines += _section("Data set", rules)
    if content.curves:
        lines += _section("Training")
        lines += ["", *(f"- {_plain(_curve(title, points))}" for title, points in content.curves.items() if points)]
    if content.examples:
        lines += [*_section("Won and lost items"), *_paragraph(EXAMPLES)]
        lines += [line for example in content.examples for line in _example(example)]
    lines += _section("Made with", evidence.manifest(content))
    if content.tables:
        lines += ["", f"### {TABLES}", ""]
        lines += [f"- {_plain(name)}: {_plain(meaning)}" for name, meaning in content.tables]
    return "\n".join([*lines, ""])


def in_brief(content: ReportContent) -> str:
    """The verdict and the headline scores only, for places that link to the report."""
    board = board_of(content)
    return "\n".join([_plain(verdict(board)), "", *as_markdown(tables.overview(board))])


def _benchmarks(board: Scoreboard) -> Iterator[str]:
    for name in board.benchmarks:
        compared = [tables.comparisons(board, name)] if len(board.comparisons) > 1 else []
        cut = [tables.parts(board, name, by) for by in board.cuts(name)]
        yield from _section(name, tables.metrics(board, name), *compared, *cut)


def _example(example: PairedExample) -> list[str]:
    won = "won" if example.is_won else "lost"
    return [
        "",
        f"### {_plain(example.benchmark)}: {won} by the student, item {code(example.problem_id[:12])}",
        *_quoted("Question", example.question),
        *_quoted("Ground truth", example.ground_truth or "tests, not shown here"),
        *_answer(f"Student, {'right' if example.is_won else 'wrong'}", example.student),
        *_answer(f"Base, {'wrong' if example.is_won else 'right'}", example.base),
    ]


def _answer(who: str, answer: ShownAnswer) -> list[str]:
    tokens = "" if answer.tokens is None else f"{answer.tokens:,} tokens, "
    ended = f"ended by {answer.finish_reason or 'not known'}; judged: {answer.reason or 'no reason'}"
    return _quoted(f"{who} ({tokens}{ended})", answer.text)


def _quoted(title: str, text: str) -> list[str]:
    return ["", f"{_plain(title)}:", "", *block(visible(text), "text")]


def _curve(title: str, points: Sequence[tuple[int, float]]) -> str:
    first, last = points[0], points[-1]
    return f"{title}: {measured(first[1])} at step {first[0]:,}, {measured(last[1])} at step {last[0]:,}"


def _section(title: str, *report_tables: ReportTable) -> list[str]:
    return ["", f"## {_plain(title)}", *_tables(*report_tables)]


def _tables(*report_tables: ReportTable) -> list[str]:
    return [line for table in report_tables if table for line in ("", *as_markdown(table))]


def _paragraph(words: str) -> list[str]:
    return ["", _plain(words)] if words else []


def _plain(text: str) -> str:
    return plain(visible(text))
