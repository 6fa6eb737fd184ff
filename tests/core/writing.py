"""Writes rows to a journal and prints the number of each that counts: `python writing.py FOLDER ROWS [PAUSE]`."""

import itertools
import os
import sys
import time
from pathlib import Path

from skyassets.core.rows.writer import RowWriter

FOLDER, ROWS = Path(sys.argv[1]), int(sys.argv[2])
PAUSE = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
LENGTHS = itertools.cycle([10, 100, 3000, 20_000])


def print_keys(rows):
    os.write(1, "".join(f"{row['completion_id']}\n" for row in rows).encode())


first = os.getpid() * 1_000_000 if ROWS == 1_000_000 else 0
with RowWriter(FOLDER, "completion_id", print_keys) as writer:
    for number in range(first, first + ROWS):
        time.sleep(PAUSE)
        writer.put({"completion_id": str(number), "text": "x" * next(LENGTHS)})
