"""Tells how long something has been held, while it is held: GPU seconds cost money whether they are used or not."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

PERIOD_SECONDS = 30.0

Metered = Callable[[float, int], None]
"""Told the seconds since it was last told, and how many devices are held; called in a thread of the meter's."""


def unmetered(seconds: float, devices: int) -> None:
    """Nobody counts."""


@contextmanager
def metering(metered: Metered, devices: int, period: float = PERIOD_SECONDS) -> Iterator[Callable[[], str]]:
    """Call `metered` every `period` seconds of the context, and once when it ends, however it ends.

    Yields a function that says why it is not called any more, empty while it is; the same error is raised at the end.
    """
    ended = threading.Event()

    def count() -> None:
        is_over, told = False, time.monotonic()
        while not is_over:
            is_over = ended.wait(period)
            now = time.monotonic()
            metered(now - told, devices)
            told = now

    with ThreadPoolExecutor(1, "meter") as thread:
        counting = thread.submit(count)

        def failure() -> str:
            error = counting.exception() if counting.done() else None
            return f"what it costs cannot be counted ({type(error).__name__}: {error})" if error else ""

        try:
            yield failure
        finally:
            ended.set()
    counting.result()
