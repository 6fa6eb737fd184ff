"""Reports how long devices have been held, while they are: GPU seconds cost money whether they are used or not."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

PERIOD_SECONDS = 30.0

Metered = Callable[[float, int], None]
"""Gets the seconds since its last call and the number of devices held; called in the meter's own thread."""


def unmetered(seconds: float, devices: int) -> None:
    """Do nothing."""


@contextmanager
def metering(metered: Metered, devices: int, period: float = PERIOD_SECONDS) -> Iterator[Callable[[], str]]:
    """Call `metered` every `period` seconds of the context, and once when it ends.

    Yields a function that returns why the calls stopped, empty while they go on; that error is also raised at the end.
    """
    ended = threading.Event()

    def count() -> None:
        is_over, reported = False, time.monotonic()
        while not is_over:
            is_over = ended.wait(period)
            now = time.monotonic()
            metered(now - reported, devices)
            reported = now

    with ThreadPoolExecutor(1, "meter") as thread:
        counting = thread.submit(count)

        def failure() -> str:
            error = counting.exception() if counting.done() else None
            return f"its cost cannot be recorded ({type(error).__name__}: {error})" if error else ""

        try:
            yield failure
        finally:
            ended.set()
    counting.result()
