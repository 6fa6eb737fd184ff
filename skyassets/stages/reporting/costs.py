"""The report's cost tables: the cost of the student, and of each point gained."""

from skyassets.core.money import in_dollars
from skyassets.stages.markup.table import Cell, ColumnType, ReportTable, report_table
from skyassets.stages.reporting.content import ReportContent, dollars_of, hours_of
from skyassets.stages.reporting.scoreboard import Scoreboard, Scored
from skyassets.stages.reporting.wording import NOISE, figure, in_one_word

UNKNOWN = "unknown: a price is not known"
COST_NOTE = (
    "For teacher traces and rewrites, the dollars behind the present rows, whichever run paid them; for the rest, the "
    "dollars paid here in all runs. GPU-hours are those of local servers and trainings."
)


def spent(content: ReportContent) -> ReportTable:
    """Cost of each asset, and the student's total with and without evaluation."""
    rows: list[list[str]] = [
        [each.asset, f"{each.calls:,}", f"{each.tokens:,}", _hours(each.gpu_hours), _dollars(each.dollars)]
        for each in content.asset_costs
    ]
    for name, those in (("the student", content.training_costs), ("with its evaluation", content.asset_costs)):
        calls, tokens = sum(each.calls for each in those), sum(each.tokens for each in those)
        rows.append([name, f"{calls:,}", f"{tokens:,}", _hours(hours_of(those)), _dollars(dollars_of(those))])
    head = [
        ("asset", ColumnType.TEXT),
        *((name, ColumnType.NUMBER) for name in ("calls", "tokens", "GPU-hours", "dollars")),
    ]
    return report_table("Cost by asset", head, rows if content.asset_costs else [], (COST_NOTE,))


def per_point(board: Scoreboard, content: ReportContent) -> ReportTable:
    """Cost of making the student per point gained, by the headline metrics."""
    dollars, hours = dollars_of(content.training_costs), hours_of(content.training_costs)
    rows: list[list[Cell | str]] = [
        [name, Cell(figure(gain, "+"), (gain.metric,)), *_shared(gain, dollars, hours)] for name, gain in board.gains()
    ]
    head = [
        ("benchmark", ColumnType.TEXT),
        *((name, ColumnType.NUMBER) for name in ("points gained", "dollars per point", "GPU-hours per point")),
        ("in words", ColumnType.TEXT),
    ]
    return report_table("Cost per point gained", head, rows if content.asset_costs else [])


def _shared(gain: Scored, dollars: float | None, hours: float) -> list[str]:
    points = 100 * gain.value if gain.value is not None and gain.is_share else 0.0
    if in_one_word(gain) == NOISE:
        return ["-", "-", "the gain may be noise"]
    if points <= 0:
        return ["-", "-", "nothing was gained"]
    note = UNKNOWN if dollars is None else "" if dollars else "nothing was paid: no price was set, or it was free"
    return ["-" if dollars is None else in_dollars(dollars / points), _hours(hours / points), note]


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else in_dollars(amount)


def _hours(hours: float) -> str:
    if 0 < hours < 0.001:
        return "< 0.001"
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:.3g}"
