"""The text of a drift check: which scores moved, and what changed in the manifest."""

from skyassets.stages.evaluation.drift import Change, Drift, Move
from skyassets.stages.markup.markdown import plain

SHOWN = 8
"""How many changes are listed; the rest are counted."""


def drift_text(found: Drift) -> str:
    """Markdown: a verdict of one or two sentences, then a line for each score that moved and each change."""
    lines = [verdict(found), ""]
    lines += [f"- {plain(moved(move))}" for move in found.drifted]
    changes = found.changed
    lines += [f"- changed: {plain(str(change))}" for change in changes[:SHOWN]]
    lines += [f"- and {len(changes) - SHOWN} more changes"] if len(changes) > SHOWN else []
    return "\n".join(lines).strip()


def verdict(found: Drift) -> str:
    """Whether any score moved, and the likely causes."""
    if not found.moves:
        return "There is no earlier report of the same models to compare with."
    if not found.drifted:
        held = f"No score moved beyond noise ({len(found.moves)} comparisons)"
        return f"{held}, although {named(found.changed)} changed." if found.changed else f"{held}, and nothing changed."
    count = len(found.drifted)
    told = [f"{count} of {len(found.moves)} scores moved beyond noise." if count > 1 else "A score moved beyond noise."]
    if found.changed:
        told.append(f"Changed since: {named(found.changed)}.")
    else:
        told.append(
            "Nothing in the manifest changed: look at what it cannot hold, such as a hosted model behind its name."
        )
    if found.together:
        told.append(
            f"On {', '.join(found.together)} all that moved went the same way, which speaks for the engine or the "
            "graders rather than for one model."
        )
    return " ".join(told)


def moved(move: Move) -> str:
    """One score's change as text."""
    return (
        f"{move.benchmark}, {move.role}, {move.metric}: {move.before:.1%} -> {move.after:.1%}, "
        f"{move.points:+.1f} points on {move.items} items (p {move.p:.2g} after Holm) since {move.against}"
    )


def named(changes: tuple[Change, ...]) -> str:
    """The kinds of the changes, the likeliest cause first."""
    return ", ".join(dict.fromkeys(change.kind for change in changes))
