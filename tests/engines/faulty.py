"""Starts the faulty server for a test, and asks it things."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint

ENDPOINT_FIELDS = {"api_key", "concurrency", "served_by", "rpm", "tpm", "lost"}
MODEL = Model("alpha", "1")


@dataclass(frozen=True)
class Faulty:
    """A running faulty server."""

    port: int
    pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            state: dict[str, Any] = json.load(answer)
            return state

    def client(self, **changed: Any) -> OpenAIClientPool:
        there: dict[str, Any] = {"concurrency": 8, "served_by": "faulty"}
        endpoint = Endpoint(
            self.url, "alpha", **(there | {name: changed.pop(name) for name in ENDPOINT_FIELDS & set(changed)})
        )
        quick = {"attempts": 4, "backoff": 0.02, "timeout": 10.0, "patience": 5.0}
        return OpenAIClientPool((endpoint,), **(quick | changed))

    def ask(self, *scripts: str, **changed: Any) -> dict[str, Reply]:
        """The reply to each script, by its name; every request gets exactly one."""
        replies: list[Reply] = []
        self.client(**changed).ask([request(script) for script in scripts], replies.append)
        assert sorted(reply.id for reply in replies) == sorted(script.partition(":")[0] for script in scripts)
        return {reply.id: reply for reply in replies}


def request(script: str, **sampling: Any) -> Request:
    """A request that plays `script`, its name being its id."""
    drawn = Sampling(**({"temperature": 0.7, "max_tokens": 10} | sampling))
    return Request(script.partition(":")[0], MODEL, (Message("user", script),), drawn, seed=11)


PROGRAM = Path(__file__).with_name("faulty_server.py")


@contextmanager
def faulty(*options: str) -> Iterator[Faulty]:
    server = subprocess.Popen([sys.executable, PROGRAM, *options], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield Faulty(int(server.stdout.readline()), server.pid)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
