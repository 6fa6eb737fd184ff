"""A run as a process of its own: asks a server at URL for the given rows, through the row store in FOLDER.

`python asking.py FOLDER URL FIRST LAST WORDS [KILLS]`: asks for rows FIRST to LAST, each playing WORDS. With KILLS, so
many children do it one after the other, each killed at random; what a killed one left in the journal is printed with
the time it was seen there. Prints what the last one found: reused, asked, failed. With the environment variable
TOGETHER=N it starts when N such processes are ready, as files in FOLDER's parent show.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai  # noqa: F401  the children load nothing
import polars  # noqa: F401
import pyarrow.parquet  # noqa: F401
from core.rows import journalled
from engines.faulty import MODEL, Faulty, request

from skyassets.core.ports import CompletionClient, Model
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.stages.sampling.completions import Completer


class ModelProvider:
    """The faulty server at `url`, from a client with `concurrency` in flight."""

    def __init__(self, url: str, concurrency: int = 8) -> None:
        self.faulty = Faulty(int(url.split(":")[2].split("/")[0]))
        self.concurrency = concurrency

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        yield self.faulty.client(concurrency=self.concurrency)


def main() -> None:
    folder, url, first, last, words = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    kills = int(sys.argv[6]) if len(sys.argv) > 6 else 0
    store = RowStore(folder, COMPLETIONS, lambda line: print(line, file=sys.stderr))

    def ask() -> str:
        requests = [request(f"r{number:04d}: {words}") for number in range(first, last)]
        replies = Completer(store, ModelProvider(url), lambda tally: None).complete(MODEL, requests)
        assert len(replies.completions) + len(replies.errors) == len(requests)
        return f"{replies.reused} {replies.requested} {len(replies.errors)}"

    if together := int(os.environ.get("TOGETHER", "0")):
        (folder.parent / f"{folder.name}-ready-{os.getpid()}").touch()
        while len(list(folder.parent.glob(f"{folder.name}-ready-*"))) < together:
            time.sleep(0.005)
    dice = random.Random(3)
    for _ in range(kills):
        child = os.fork()
        if not child:
            ask()
            os._exit(0)
        time.sleep(dice.uniform(0.05, 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        now = time.monotonic()
        print("".join(f"{key} {now}\n" for key in journalled(store.folder)), end="", flush=True)
    print(ask(), flush=True)


if __name__ == "__main__":
    main()
