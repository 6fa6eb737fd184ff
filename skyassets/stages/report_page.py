"""The report as one HTML page that needs nothing else: no script, no request, escaped whoever wrote the text."""

from typing import Any

from skyassets.stages import report_costs, report_evidence, report_plots, report_tables
from skyassets.stages.report_facts import ReportFacts
from skyassets.stages.report_outline import DUELS, EXPLAINED, TABLES, board_of, head
from skyassets.stages.report_style import STYLE
from skyassets.stages.report_template import MACROS, PAGE, SECURITY
from skyassets.stages.report_words import by_chance, on_one, verdict
from skyassets.stages.scoreboard import Scoreboard
from skyassets.stages.visible import visible


def report_page(facts: ReportFacts) -> str:
    """The whole page. Jinja is loaded on first use."""
    from markupsafe import Markup

    board = board_of(facts)
    told = {
        "facts": facts,
        "style": Markup(STYLE),  # noqa: S704  # ours, and no part of it from elsewhere
        "security": SECURITY,
        "verdict": verdict(board),
        "gains": [on_one(name, gain) for name, gain in board.gains()],
        "by_chance": by_chance(board),
        "head": head(facts, board).items(),
        "overview": report_tables.overview(board),
        "gain_plot": report_plots.gains(board),
        "explained": EXPLAINED,
        "benchmarks": [_benchmark(board, name) for name in board.benchmarks],
        "contaminated": report_evidence.contaminated_in_words(board, facts),
        "contamination": report_evidence.contamination(facts),
        "spent": report_costs.spent(facts),
        "per_point": report_costs.per_point(board, facts),
        "fall_plot": report_plots.fall(facts.fall, facts.rules),
        "fall": report_evidence.fall(facts),
        "curves": report_plots.curves(facts.curves),
        "duels_told": DUELS,
        "tables_told": TABLES,
        "manifest": report_evidence.manifest(facts),
    }
    sections = (
        ("scores", "Scores", True),
        ("benchmarks", "Benchmarks", True),
        ("contamination", "Clean and contaminated items", True),
        ("cost", "Cost", told["spent"]),
        ("data", "Data set", told["fall_plot"]),
        ("training", "Training", told["curves"]),
        ("examples", "Won and lost items", facts.duels),
        ("made-with", "Made with", True),
    )
    page = _templates().get_template("page")
    return str(page.render(told, sections=[(ident, name) for ident, name, there in sections if there]))


def _benchmark(board: Scoreboard, name: str) -> dict[str, object]:
    cuts = board.cuts(name)
    return {
        "name": name,
        "plots": [
            report_plots.scores(board, name),
            report_plots.tokens(board, name),
            *(report_plots.parts(board, name, by) for by in cuts),
        ],
        "metrics": report_tables.metrics(board, name),
        "comparisons": report_tables.comparisons(board, name) if len(board.comparisons) > 1 else None,
        "parts": [(by, report_tables.parts(board, name, by)) for by in cuts],
    }


def _templates() -> Any:
    from jinja2 import DictLoader, Environment, StrictUndefined

    return Environment(
        loader=DictLoader({"page": PAGE, "macros": MACROS}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
