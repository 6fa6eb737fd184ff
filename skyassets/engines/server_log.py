"""What a server wrote in one life: how it ended, and the first error it tells of. Reads it a line at a time."""

import re
from collections import deque
from pathlib import Path

TAIL_LINES = 20
LONGEST_LINE = 300
RAISED = re.compile(r"(?:^|\] )([\w.]+(?:Error|Exception): .*)")
"""How a traceback ends, also where a logger wrote its own heading before each line."""


class ServerLog:
    """The part of a log file that is written from now on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begins = path.stat().st_size if path.exists() else 0

    def read(self) -> tuple[str, str]:
        """The cause of death in a line, and the end of the log with the line that tells the cause before it.

        The cause is the first error, for a big server dies of its children's deaths, else the last line; it may be
        empty.
        """
        last: deque[str] = deque(maxlen=TAIL_LINES)
        raised = early = ""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._begins)
            for line in map(str.rstrip, file):
                found = None if raised else RAISED.search(line)
                raised = found[1] if found else raised
                if len(last) == TAIL_LINES and not early and RAISED.search(last[0]):
                    early = last[0]
                last.append(line)
        told = [*([early] if early else []), *last]
        tail = f"its log ({self.path}) ends:\n" + "\n".join(f"  {line[:LONGEST_LINE]}" for line in told)
        return (raised or (last[-1] if last else "")).strip()[:LONGEST_LINE], tail
