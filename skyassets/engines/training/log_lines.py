"""What is told of a training that runs: a line now and then with loss, speed and time left."""

from collections.abc import Sequence

from skyassets.core.ports import Step

NEWS_LINES = 60
"""Progress lines of a long run, about; a short one tells every step."""
RECENT = 10
"""Steps that the speed and the time left are taken from."""


def is_told(step: int, steps: int) -> bool:
    """Whether this step gets a line."""
    return step in (1, steps) or step % max(1, steps // NEWS_LINES) == 0


def news(curve: Sequence[Step], steps: int) -> str:
    """One line on the last step of `curve`, with the speed of the latest ones."""
    last, recent = curve[-1], curve[-RECENT:]
    seconds = sum(step.seconds for step in recent)
    left = seconds / len(recent) * (steps - last.step)
    told = [f"step {last.step}/{steps}: loss {last.loss:.4f}"]
    told += [f"{sum(step.tokens for step in recent) / seconds:.0f} tokens/s"] if seconds else []
    told += [f"{last.mfu:.0%} MFU"] if last.mfu is not None else []
    told += [f"{last.memory_gb:.1f} GB"] if last.memory_gb is not None else []
    return ", ".join([*told, f"{_duration(left)} left"])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
