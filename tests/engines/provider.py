"""Starts the provider server for tests."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("provider_server.py")


@dataclass(frozen=True)
class Provider:
    """A running provider server."""

    port: int

    def url(self, mode: str) -> str:
        return f"http://127.0.0.1:{self.port}/{mode}/v1"

    def seen(self, mode: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{mode}/seen") as answer:
            state: dict[str, Any] = json.load(answer)
            return state


@contextmanager
def provider() -> Iterator[Provider]:
    server = subprocess.Popen([sys.executable, PROGRAM], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield Provider(int(server.stdout.readline()))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
