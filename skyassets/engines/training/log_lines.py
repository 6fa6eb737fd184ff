"""Progress lines of a training run, with loss, speed and time left."""

from collections.abc import Sequence

from skyassets.core.ports import Step

NEWS_LINES = 60
"""About how many progress lines a long run prints; a short one prints every step."""
RECENT = 10
"""Steps over which the speed and the time left are computed."""


def is_logged(step: int, steps: int) -> bool:
    """Whether to print a line for this step."""
    return step in (1, steps) or step % max(1, steps // NEWS_LINES) == 0


def progress_line(curve: Sequence[Step], steps: int) -> str:
    """Return one line on the last step of `curve`, with the speed of recent steps."""
    last, recent = curve[-1], curve[-RECENT:]
    seconds = sum(step.seconds for step in recent)
    left = seconds / len(recent) * (steps - last.step)
    parts = [f"step {last.step}/{steps}: loss {last.loss:.4f}"]
    parts += [f"{sum(step.tokens for step in recent) / seconds:.0f} tokens/s"] if seconds else []
    parts += [f"{last.mfu:.0%} MFU"] if last.mfu is not None else []
    parts += [f"{last.memory_gb:.1f} GB"] if last.memory_gb is not None else []
    return ", ".join([*parts, f"{_duration(left)} left"])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
