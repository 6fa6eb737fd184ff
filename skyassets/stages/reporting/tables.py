"""The report's score tables: base, student and contenders side by side, with published scores."""

from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.evaluation.published_scores import SOURCE, SYSTEMS, PublishedScores, published_scores
from skyassets.stages.evaluation.scores import GAIN
from skyassets.stages.markup.table import Cell, ColumnType, ReportTable, report_table
from skyassets.stages.reporting.scoreboard import Scoreboard, Scored
from skyassets.stages.reporting.wording import figure, in_one_word, interval, p_value_text, sample_size

MARKS = "*†‡§¶#"
"""Footnote marks; doubled, tripled and so on if there are more notes."""
UNIT = "Percent with 95% intervals; a difference is in points, student minus base on the same items."


def overview(board: Scoreboard) -> ReportTable:
    """Base, student and contenders by the headline metrics, with the published scores of the same benchmarks."""
    places = [(name, EVERY, EVERY) for name in board.benchmarks]
    for name in board.benchmarks:
        quoted = [part for part in board.parts(name, "level") if published_scores(name, part)]
        at = places.index((name, EVERY, EVERY))
        places[at + 1 : at + 1] = [(name, "level", part) for part in quoted]
    quotes = {place: published_scores(place[0], "" if place[2] == EVERY else place[2]) for place in places}
    systems = SYSTEMS if any(quotes.values()) else ()
    notes: dict[str, str] = {}
    rows = []
    for name, by, part in places:
        metric = board.headline(name)
        gain = board.at(name, GAIN, metric, by, part)
        marks = "".join(_mark(note, notes) for note in (quotes[name, by, part] or PublishedScores((None,) * 4)).notes)
        title = Cell(name if part == EVERY else f"{name}, {part}", (metric,))
        rows.append(
            [
                title,
                *(score_cell(board.at(name, role, metric, by, part)) for role in board.roles),
                *difference_cells(gain),
                *_quoted(quotes[name, by, part], marks, len(systems)),
            ]
        )
    head = [
        ("benchmark", ColumnType.TEXT),
        *((role, ColumnType.NUMBER) for role in board.roles),
        *DIFFERENCE_HEAD,
        *((system, ColumnType.QUOTED) for system in systems),
    ]
    source = (SOURCE, *(f"{mark} {note}" for note, mark in notes.items())) if systems else (NOTHING_PUBLISHED,)
    return report_table("Scores by each benchmark's headline metric", head, rows, (UNIT, *source))


NOTHING_PUBLISHED = "There are no comparable published scores for these benchmarks."
DIFFERENCE_HEAD = (("student - base", ColumnType.NUMBER), ("p", ColumnType.NUMBER), ("in words", ColumnType.WORD))


def metrics(board: Scoreboard, benchmark: str) -> ReportTable:
    """Every metric of a whole benchmark, for every model."""
    names = board.metrics(benchmark)
    rows: list[list[Cell | str]] = [
        [
            metric,
            *(score_cell(board.at(benchmark, role, metric)) for role in board.roles),
            *difference_cells(board.at(benchmark, GAIN, metric)),
        ]
        for metric in names
    ]
    unjudged = {role: board.at(benchmark, role, board.headline(benchmark)) for role in board.roles}
    left_out = [f"{role} {each.unjudged:,}" for role, each in unjudged.items() if each is not None and each.unjudged]
    notes = [f"Unjudged answers, left out: {', '.join(left_out)}."] if left_out else []
    methods = dict.fromkeys(
        each.method
        for role in (*board.roles, *board.comparisons)
        if (each := board.at(benchmark, role, board.headline(benchmark))) is not None
    )
    notes += [f"Intervals and tests: {'; '.join(methods)}."] if methods else []
    head = [("metric", ColumnType.TEXT), *((role, ColumnType.NUMBER) for role in board.roles), *DIFFERENCE_HEAD]
    return report_table(f"{benchmark}: all metrics", head, rows, notes)


def comparisons(board: Scoreboard, benchmark: str) -> ReportTable:
    """All pairwise comparisons on a whole benchmark."""
    rows: list[list[Cell | str]] = []
    names = board.metrics(benchmark)
    for role in board.comparisons:
        for metric in names:
            difference = board.at(benchmark, role, metric)
            if difference is not None:
                won = "" if difference.won is None else f"{difference.won:,}"
                lost = "" if difference.lost is None else f"{difference.lost:,}"
                rows.append([role, metric, *difference_cells(difference), won, lost, f"{difference.n:,}"])
    head = [
        ("compared", ColumnType.TEXT),
        ("metric", ColumnType.TEXT),
        ("difference", ColumnType.NUMBER),
        *DIFFERENCE_HEAD[1:],
        *((name, ColumnType.NUMBER) for name in ("won", "lost", "n")),
    ]
    return report_table(f"{benchmark}: compared on the same items", head, rows)


def parts(board: Scoreboard, benchmark: str, by: str) -> ReportTable:
    """The headline metric of each part of a benchmark."""
    metric = board.headline(benchmark)
    rows: list[list[Cell | str]] = [
        [
            part,
            *(score_cell(board.at(benchmark, role, metric, by, part)) for role in board.roles),
            *difference_cells(board.at(benchmark, GAIN, metric, by, part)),
        ]
        for part in board.parts(benchmark, by)
    ]
    head = [(by, ColumnType.TEXT), *((role, ColumnType.NUMBER) for role in board.roles), *DIFFERENCE_HEAD]
    return report_table(f"{benchmark}: {metric} by {by}", head, rows)


def score_cell(scored: Scored | None) -> Cell:
    """A score with its interval and number of items."""
    return Cell(figure(scored), tuple(each for each in (interval(scored), sample_size(scored)) if each))


def difference_cells(gain: Scored | None) -> tuple[Cell, Cell, Cell]:
    """A difference with its interval, its p-value, and its meaning in words."""
    if gain is None:
        return Cell("-"), Cell(""), Cell("")
    within = interval(gain, "+")
    value = Cell(figure(gain, "+"), (within,) if within else ())
    return value, Cell(p_value_text(gain.p_value)), Cell(in_one_word(gain))


def _quoted(quote: PublishedScores | None, marks: str, columns: int) -> list[Cell]:
    if not columns:
        return []
    if quote is None:
        return [Cell("")] * columns
    return [Cell("-" if score is None else f"{score}{marks if place == 0 else ''}")
            for place, score in enumerate(quote.scores)]  # fmt: skip


def _mark(note: str, notes: dict[str, str]) -> str:
    """The mark of a footnote; equal notes share a mark."""
    if note not in notes:
        place = len(notes)
        notes[note] = MARKS[place % len(MARKS)] * (1 + place // len(MARKS))
    return notes[note]
