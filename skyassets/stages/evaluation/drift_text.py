"""The text of a drift check: which scores moved, and what changed in the manifest."""

from skyassets.stages.evaluation.drift import Drift, ManifestChange, ScoreChange
from skyassets.stages.markup.markdown import plain

SHOWN = 8
"""How many changes are listed; the rest are counted."""


def drift_text(drift: Drift) -> str:
    """Markdown: a verdict of one or two sentences, then a line for each score that moved and each change."""
    lines = [verdict(drift), ""]
    lines += [f"- {plain(describe(change))}" for change in drift.drifted]
    changes = drift.likely_causes
    lines += [f"- changed: {plain(str(change))}" for change in changes[:SHOWN]]
    lines += [f"- and {len(changes) - SHOWN} more changes"] if len(changes) > SHOWN else []
    return "\n".join(lines).strip()


def verdict(drift: Drift) -> str:
    """Whether any score moved, and the likely causes."""
    if not drift.score_changes:
        return "There is no earlier report of the same models to compare with."
    causes, compared = kinds(drift.likely_causes), len(drift.score_changes)
    if not drift.drifted:
        changes = f"although {causes} changed" if causes else "and nothing changed"
        return f"No score moved beyond noise ({compared} comparisons), {changes}."
    count = len(drift.drifted)
    sentences = [f"{count} of {compared} scores moved beyond noise." if count > 1 else "A score moved beyond noise."]
    if causes:
        sentences.append(f"Changed since: {causes}.")
    else:
        sentences.append(
            "Nothing in the manifest changed: look at what it does not record, such as a hosted model that changed."
        )
    if drift.together:
        sentences.append(
            f"On {', '.join(drift.together)} all scores that moved went the same way, which points to the engine or "
            "the graders rather than to one model."
        )
    return " ".join(sentences)


def describe(change: ScoreChange) -> str:
    """One score's change as text."""
    return (
        f"{change.benchmark}, {change.role}, {change.metric}: {change.before:.1%} -> {change.after:.1%}, "
        f"{change.points:+.1f} points on {change.items} items (p {change.p:.2g} after Holm) since {change.against}"
    )


def kinds(changes: tuple[ManifestChange, ...]) -> str:
    """The kinds of the changes, the likeliest cause first."""
    return ", ".join(dict.fromkeys(change.kind for change in changes))
