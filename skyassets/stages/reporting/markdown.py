"""The report as Markdown: the tables and text of the HTML page, without plots."""

from collections.abc import Iterator, Sequence

from skyassets.stages.markup.markdown import block, code, plain, visible
from skyassets.stages.markup.table import ReportTable, as_markdown
from skyassets.stages.reporting import costs, evidence, tables
from skyassets.stages.reporting.facts import ReportFacts
from skyassets.stages.reporting.outline import DUELS, EXPLAINED, TABLES, board_of, head
from skyassets.stages.reporting.paired_examples import Duel, Said
from skyassets.stages.reporting.plots import measured
from skyassets.stages.reporting.scoreboard import Scoreboard
from skyassets.stages.reporting.wording import by_chance, on_one, verdict


def report_text(facts: ReportFacts) -> str:
    """The full report."""
    board = board_of(facts)
    lines = [
        f"# {_plain(facts.recipe)}: benchmark report",
        "",
        _plain(f"{facts.description}."),
        "",
        f"**{_plain(verdict(board))}**",
        "",
        *(f"- {_plain(on_one(name, gain))}" for name, gain in board.gains()),
        *_paragraph(by_chance(board)),
        "",
        *(f"- {_plain(name)}: {_plain(value)}" for name, value in head(facts, board).items()),
        *_section("Scores", tables.overview(board)),
        *(line for words in EXPLAINED for line in _paragraph(words)),
        *_benchmarks(board),
        *_section("Clean and contaminated items"),
        *_paragraph(evidence.contaminated_in_words(board, facts)),
        *_grids(evidence.contamination(facts)),
    ]
    if spent := costs.spent(facts):
        lines += _section("Cost", costs.per_point(board, facts), spent)
    if fall := evidence.fall(facts):
        lines += _section("Data set", fall)
    if facts.curves:
        lines += _section("Training")
        lines += ["", *(f"- {_plain(_course(title, points))}" for title, points in facts.curves.items() if points)]
    if facts.duels:
        lines += [*_section("Won and lost items"), *_paragraph(DUELS)]
        lines += [line for duel in facts.duels for line in _duel(duel)]
    lines += _section("Made with", evidence.manifest(facts))
    if facts.tables:
        lines += ["", f"### {TABLES}", ""]
        lines += [f"- {_plain(name)}: {_plain(meaning)}" for name, meaning in facts.tables]
    return "\n".join([*lines, ""])


def in_brief(facts: ReportFacts) -> str:
    """The verdict and the headline scores only, for places that link to the report."""
    board = board_of(facts)
    return "\n".join([_plain(verdict(board)), "", *as_markdown(tables.overview(board))])


def _benchmarks(board: Scoreboard) -> Iterator[str]:
    for name in board.benchmarks:
        compared = [tables.comparisons(board, name)] if len(board.comparisons) > 1 else []
        cut = [tables.parts(board, name, by) for by in board.cuts(name)]
        yield from _section(name, tables.metrics(board, name), *compared, *cut)


def _duel(duel: Duel) -> list[str]:
    won = "won" if duel.is_won else "lost"
    return [
        "",
        f"### {_plain(duel.benchmark)}: {won} by the student, item {code(duel.problem_id[:12])}",
        *_quoted("Question", duel.question),
        *_quoted("Ground truth", duel.ground_truth or "tests, not shown here"),
        *_said(f"Student, {'right' if duel.is_won else 'wrong'}", duel.student),
        *_said(f"Base, {'wrong' if duel.is_won else 'right'}", duel.base),
    ]


def _said(who: str, said: Said) -> list[str]:
    tokens = "" if said.tokens is None else f"{said.tokens:,} tokens, "
    ended = f"ended by {said.finish_reason or 'not known'}; judged: {said.reason or 'no reason'}"
    return _quoted(f"{who} ({tokens}{ended})", said.text)


def _quoted(title: str, text: str) -> list[str]:
    return ["", f"{_plain(title)}:", "", *block(visible(text), "text")]


def _course(title: str, points: Sequence[tuple[int, float]]) -> str:
    first, last = points[0], points[-1]
    return f"{title}: {measured(first[1])} at step {first[0]:,}, {measured(last[1])} at step {last[0]:,}"


def _section(title: str, *grids: ReportTable) -> list[str]:
    return ["", f"## {_plain(title)}", *_grids(*grids)]


def _grids(*grids: ReportTable) -> list[str]:
    return [line for grid in grids if grid for line in ("", *as_markdown(grid))]


def _paragraph(words: str) -> list[str]:
    return ["", _plain(words)] if words else []


def _plain(text: str) -> str:
    return plain(visible(text))
