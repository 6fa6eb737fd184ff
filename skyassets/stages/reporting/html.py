"""The report as one self-contained HTML page: no script, no request, all text escaped."""

from typing import Any

from skyassets.stages.markup.markdown import visible
from skyassets.stages.reporting import costs, evidence, plots, tables
from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.outline import EXAMPLES, EXPLAINED, TABLES, board_of, header
from skyassets.stages.reporting.scoreboard import Scoreboard
from skyassets.stages.reporting.wording import chance_note, gain_line, verdict


def report_page(content: ReportContent) -> str:
    """Render the page. Jinja is loaded on first use."""
    board = board_of(content)
    values = {
        "content": content,
        "verdict": verdict(board),
        "gains": [gain_line(name, gain) for name, gain in board.gains()],
        "by_chance": chance_note(board),
        "head": header(content, board).items(),
        "overview": tables.overview(board),
        "gain_plot": plots.gains(board),
        "explained": EXPLAINED,
        "benchmarks": [_benchmark(board, name) for name in board.benchmarks],
        "contaminated": evidence.contaminated_in_words(board, content),
        "contamination": evidence.contamination(content),
        "spent": costs.spent(content),
        "per_point": costs.per_point(board, content),
        "waterfall_plot": plots.waterfall(content.waterfall, content.rules),
        "rules": evidence.waterfall(content),
        "curves": plots.curves(content.curves),
        "examples_note": EXAMPLES,
        "tables_title": TABLES,
        "manifest": evidence.manifest(content),
    }
    sections = (
        ("scores", "Scores", True),
        ("benchmarks", "Benchmarks", True),
        ("contamination", "Clean and contaminated items", True),
        ("cost", "Cost", values["spent"]),
        ("data", "Data set", values["waterfall_plot"]),
        ("training", "Training", values["curves"]),
        ("examples", "Won and lost items", content.examples),
        ("made-with", "Made with", True),
    )
    page = _templates().get_template("report.html.j2")
    return str(page.render(values, sections=[(ident, name) for ident, name, is_shown in sections if is_shown]))


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
