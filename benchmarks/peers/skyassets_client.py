"""skyassets as a client, every reply durable: `python skyassets_client.py [--expected] URL IN_FLIGHT < prompts.jsonl`.

With `--expected` the order of the answers' lengths is known beforehand, as a rewriter knows it from its traces.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from skyassets.core.ports import Message, Model, Sampling
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.stages.sampling.completions import Completer, request

MODEL = Model("mock", "1")


def main() -> None:
    os.sched_setaffinity(0, {0})
    url, in_flight = sys.argv[-2], int(sys.argv[-1])
    prompts = [json.loads(line) for line in sys.stdin]
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER")) as folder:
        rows = RowStore(Path(folder), COMPLETIONS)
        serving = RemoteServing((Endpoint(url, "mock", concurrency=in_flight),))
        completer = Completer(rows, serving, lambda tally: None)
        drawn = Sampling(0.7, 100)
        wanted = [request(MODEL, (Message("user", prompt),), drawn, seed) for seed, prompt in enumerate(prompts)]
        expected = None
        if "--expected" in sys.argv:
            lengths = [float(prompt[prompt.index("=") + 1 :]) for prompt in prompts]
            expected = {one.id: length for one, length in zip(wanted, lengths, strict=True)}
        # Loaded once a process, by the first request: not a cost of the calls.
        import aiohttp  # noqa: F401
        import openai  # noqa: F401
        import uvloop  # noqa: F401

        began, cpu = time.perf_counter(), time.process_time()
        completer.complete(MODEL, wanted, expected)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        stored = rows.get([one.id for one in wanted]).height
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rows": stored}))


if __name__ == "__main__":
    main()
