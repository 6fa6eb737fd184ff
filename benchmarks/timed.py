"""How long one call takes and how much memory it adds, measured in the racer's own process. Standard library only."""

import json
import resource
import sys
import time
from collections.abc import Callable


def timed(warm_up: Callable[[], object], work: Callable[[], object]) -> None:
    """Call `work` after `warm_up` and print, as one JSON line, what it returned and what it took."""
    warm_up()
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    result = work()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured = {
        "wall": wall,
        "cpu": cpu,
        "peak": after.ru_maxrss / 1024,
        "base": before.ru_maxrss / 1024,
        "found": result,
    }
    json.dump(measured, sys.stdout)
