"""Makes server processes of `stubborn_server.py`, each on a port of its own."""

import sys
from collections.abc import Callable
from pathlib import Path

from skyassets.engines.serving.process import ServerProcess, free_ports

PROGRAM = Path(__file__).with_name("stubborn_server.py")


def stubborn(
    folder: Path, *words: str, patience: float = 20.0, unwell: float = 300.0, log_line: Callable[[str], None] = print
) -> ServerProcess:
    """A stubborn server that behaves as `words` say."""
    (port,) = free_ports(1)
    command = [sys.executable, str(PROGRAM), str(port), *words]
    url = f"http://127.0.0.1:{port}/"
    log = folder / f"log-{port}.txt"
    return ServerProcess(f"stubborn {port}", command, {"COLOUR": "red"}, url, log, patience, log_line, unwell)
