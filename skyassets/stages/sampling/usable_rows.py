"""Says why none of a stage's rows can be used, so that a run ends at the asset that has the fault."""

from collections import Counter
from collections.abc import Iterable

COMMONEST = 3
REASON_CHARACTERS = 300


def why_unusable(what: str, reasons: Iterable[str | None]) -> str:
    """Why no row can be used, with the commonest reasons; empty if one can (its reason is None), or there are none."""
    counts = Counter(reasons)
    if not counts or None in counts:
        return ""
    listed = [f"{number} times {str(reason)[:REASON_CHARACTERS]!r}" for reason, number in counts.most_common(COMMONEST)]
    others = counts.total() - sum(number for _, number in counts.most_common(COMMONEST))
    return (
        f"none of the {counts.total()} {what} can be used: {', '.join(listed)}"
        + (f", and {others} others" if others else "")
        + "; replies are stored: the next run repeats only calls that failed"
    )
