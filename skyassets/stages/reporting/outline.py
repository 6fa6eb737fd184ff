"""The text and section order of a report, shared by the HTML and the Markdown version."""

from collections.abc import Mapping

from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.scoreboard import Scoreboard, scoreboard

EXPLAINED = (
    "Strict accuracy counts an answer only in the asked-for form (a box, or one block of code in the solution); "
    "lenient accuracy counts the last stated answer whatever its form. A gain in the strict score alone is a gain in "
    "form.",
    "With several samples of an item, an accuracy is the mean over them (avg@n); pass@k is the chance that one of k "
    "samples is right, without bias; maj@n is the vote of n samples. An interval is over items, however many samples "
    "each has. Answers that nobody could judge are left out and counted apart; truncated ones ran into the limit of "
    "tokens and count as they were judged.",
    "Better, worse, more and less follow the test: p below 0.05. On few items an exact test and an interval need not "
    "agree; where they do not, take the more careful one.",
)
EXAMPLES = (
    "Of each benchmark the items on which student and base differ most, the shortest first, chosen by rule and not by "
    "taste. Long texts are cut in the middle, with how much is left out; characters that would not be seen are shown "
    "by their number."
)
TABLES = "The tables it was written from, in the recipe's folder"
"""Not linked, because reports are copied to places without the tables."""


def board_of(content: ReportContent) -> Scoreboard:
    """Build the scoreboard from the report's rows."""
    return scoreboard(content.reports, content.headlines, content.models)


def header(content: ReportContent, board: Scoreboard) -> Mapping[str, str]:
    """The report's header: what was measured, by name."""
    lines = {"benchmarks": ", ".join(board.benchmarks)}
    lines |= {role: content.models[role] for role in board.roles if role in content.models}
    if content.reports.height:
        lines["epoch"] = content.reports["epoch_name"][0] or "first"
        checkpoints = content.reports["checkpoint_id"].drop_nulls()
        lines["checkpoint"] = checkpoints[0] if checkpoints.len() else "none"
    if content.answered:
        began, ended = (each[:16].replace("T", " ") for each in content.answered)
        lines["answered"] = f"{began} UTC" if began == ended else f"from {began} to {ended} UTC"
    return lines
