"""The text and section order of a report, shared by the HTML and the Markdown version."""

from collections.abc import Mapping

from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.scoreboard import Scoreboard, scoreboard

EXPLAINED = (
    "Strict accuracy counts an answer only in the requested form (a box, or one block of code in the solution); "
    "lenient accuracy counts the last stated answer whatever its form. A gain in the strict score alone is a gain in "
    "format.",
    "With several samples per item, accuracy is their mean (avg@n); pass@k is the unbiased estimate that at least one "
    "of k samples is right; maj@n is the majority vote of n samples. Intervals are over items, however many samples "
    "each has. Unjudged answers are left out and counted separately; truncated answers reached the token limit and "
    "count as they were judged.",
    "Better, worse, more and less mean p below 0.05. On few items, an exact test and an interval may disagree; then "
    "trust the more cautious one.",
)
EXAMPLES = (
    "For each benchmark, the items on which student and base differ most, the shortest first, selected automatically. "
    "Long texts are cut in the middle, with the number of omitted characters; invisible characters are shown by their "
    "code point."
)
TABLES = "Source tables, in the recipe's folder"
"""Not linked, because reports are copied to places without the tables."""


def board_of(content: ReportContent) -> Scoreboard:
    """Build the scoreboard from the report's rows."""
    return scoreboard(content.reports, content.headlines, content.models)


def header(content: ReportContent, board: Scoreboard) -> Mapping[str, str]:
    """The report's header: what was measured, by name."""
    lines = {"benchmarks": ", ".join(board.benchmarks)}
    lines |= {role: content.models[role] for role in board.roles if role in content.models}
    if content.reports.height:
        lines |= {f"{role} has no answer": reason for role, reason in content.unanswered.items()}
        lines["epoch"] = content.reports["epoch_name"][0] or "first"
        checkpoints = content.reports["checkpoint_id"].drop_nulls()
        lines["checkpoint"] = checkpoints[0] if checkpoints.len() else "none"
    if content.answered:
        began, ended = (each[:16].replace("T", " ") for each in content.answered)
        lines["answered"] = f"{began} UTC" if began == ended else f"from {began} to {ended} UTC"
    return lines
