"""Writes and compacts one store in children, each killed at random: `python killed_compaction.py FOLDER KILLS`.

Prints each key that counted. Nothing is forked from a process that has used its thread pools.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet  # noqa: F401  the children load nothing
from core.rows import row

from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS

FOLDER, KILLS = Path(sys.argv[1]), int(sys.argv[2])


def work(life: int) -> None:
    store = RowStore(FOLDER, COMPLETIONS)
    for step in range(10**6):
        with store.writer(
            lambda rows: os.write(1, b"".join(b"%b\n" % one["completion_id"].encode() for one in rows))
        ) as writer:
            for number in range(3):
                writer.put(row(f"{life}-{step}-{number}", "text " * 300))
        store.compact()


dice = random.Random(7)
for life in range(KILLS):
    child = os.fork()
    if not child:
        work(life)
    time.sleep(dice.uniform(0.03, 0.3))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
