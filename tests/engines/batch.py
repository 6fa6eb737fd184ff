"""Starts the batch server for a test, and asks it things; as a program, the client that gets killed.

`python batch.py URL FOLDER COUNT` asks for COUNT rows through a row store in FOLDER, and prints how many it has.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.faulty import MODEL, request

from skyassets.core.ports import Reply
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.stages.sampling.completions import Completer

ENDPOINT_FIELDS = {"api_key", "served_by"}
QUICK = {
    "shortest_interval": 0.01, "longest_interval": 0.05, "backoff": 0.02, "listing_delay": 0.2, "patience": 3.0,
}  # fmt: skip


@dataclass(frozen=True)
class BatchServer:
    """A running batch server."""

    port: int
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen") as answer:
            state: dict[str, Any] = json.load(answer)
            return state

    def play(self, **words: list[str]) -> None:
        order = urllib.request.Request(f"http://127.0.0.1:{self.port}/play", json.dumps(words).encode())
        urllib.request.urlopen(order).close()

    def cancel(self, batch: str) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/batches/{batch}/cancel", b"")).close()

    def batch(self, **changed: Any) -> OpenAIBatch:
        given = {name: changed.pop(name) for name in ENDPOINT_FIELDS & set(changed)}
        endpoint = Endpoint(self.url + changed.pop("query", ""), "alpha", **({"served_by": "here"} | given))
        return OpenAIBatch(endpoint, self.folder, log=self.lines.append, **(QUICK | changed))

    def ask(self, *scripts: str, **changed: Any) -> dict[str, Reply]:
        """The reply to each script, by its name; every request gets exactly one."""
        replies: list[Reply] = []
        with self.batch(**changed).serve(MODEL, None) as client:
            client.ask([request(script) for script in scripts], replies.append)
        assert sorted(reply.id for reply in replies) == sorted(script.partition(":")[0] for script in scripts)
        return {reply.id: reply for reply in replies}


@contextmanager
def batch_server(folder: Path, *options: str) -> Iterator[BatchServer]:
    program = Path(__file__).with_name("batch_server.py")
    server = subprocess.Popen([sys.executable, program, *options], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield BatchServer(int(server.stdout.readline()), folder / "batches")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main() -> None:
    url, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    serving = OpenAIBatch(Endpoint(url, "alpha"), folder / "batches", most_rows=4, **QUICK)
    completer = Completer(RowStore(folder, COMPLETIONS), serving, lambda tally: None)
    replies = completer.complete(MODEL, [request(f"row {number}: ok") for number in range(count)])
    print(len(replies.completions), len(replies.errors))


if __name__ == "__main__":
    main()
