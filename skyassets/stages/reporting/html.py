"""The report as one self-contained HTML page: no script, no request, all text escaped."""

from typing import Any

from skyassets.stages.markup.markdown import visible
from skyassets.stages.reporting import costs, evidence, plots, tables
from skyassets.stages.reporting.facts import ReportFacts
from skyassets.stages.reporting.outline import DUELS, EXPLAINED, TABLES, board_of, head
from skyassets.stages.reporting.scoreboard import Scoreboard
from skyassets.stages.reporting.wording import by_chance, on_one, verdict


def report_page(facts: ReportFacts) -> str:
    """Render the page. Jinja is loaded on first use."""
    board = board_of(facts)
    told = {
        "facts": facts,
        "verdict": verdict(board),
        "gains": [on_one(name, gain) for name, gain in board.gains()],
        "by_chance": by_chance(board),
        "head": head(facts, board).items(),
        "overview": tables.overview(board),
        "gain_plot": plots.gains(board),
        "explained": EXPLAINED,
        "benchmarks": [_benchmark(board, name) for name in board.benchmarks],
        "contaminated": evidence.contaminated_in_words(board, facts),
        "contamination": evidence.contamination(facts),
        "spent": costs.spent(facts),
        "per_point": costs.per_point(board, facts),
        "fall_plot": plots.fall(facts.fall, facts.rules),
        "fall": evidence.fall(facts),
        "curves": plots.curves(facts.curves),
        "duels_told": DUELS,
        "tables_told": TABLES,
        "manifest": evidence.manifest(facts),
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
    page = _templates().get_template("report.html.j2")
    return str(page.render(told, sections=[(ident, name) for ident, name, there in sections if there]))


def _benchmark(board: Scoreboard, name: str) -> dict[str, object]:
    cuts = board.cuts(name)
    return {
        "name": name,
        "plots": [
            plots.scores(board, name),
            plots.tokens(board, name),
            *(plots.parts(board, name, by) for by in cuts),
        ],
        "metrics": tables.metrics(board, name),
        "comparisons": tables.comparisons(board, name) if len(board.comparisons) > 1 else None,
        "parts": [(by, tables.parts(board, name, by)) for by in cuts],
    }


def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("skyassets.stages.reporting.templates", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
