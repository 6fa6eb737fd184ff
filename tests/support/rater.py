"""Starts the rating server for a test, and asks it what it saw."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.ports import Model, Sampling
from skyassets.stages.problems.difficulty import Rating

RATING = Rating(
    Model("rater", "1"),
    system="From 1 to 10.",
    prompt="Rate this: {question}",
    sampling=Sampling(temperature=0.0, max_tokens=16),
    seed=0,
)


@dataclass(frozen=True)
class Rater:
    """A running rating server."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> list[str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            questions: list[str] = json.load(answer)
            return questions

    def mend(self) -> None:
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/mend").close()


@contextmanager
def rater() -> Iterator[Rater]:
    program = Path(__file__).with_name("rating_server.py")
    server = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield Rater(int(server.stdout.readline()))
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
