"""The client beside its peers, over a mock server on a core of its own: throughput, a heavy tail, 10% turned away.

`python benchmarks/client.py [--datatrove PYTHON] [--runs 5]`. PYTHON is the interpreter of an environment that holds
`datatrove==0.10.1 aiosqlite aiofiles httpx orjson "xxhash<4" tokenizers spacy` (its pins clash with ours). One warm-up,
then medians; contenders take turns, so that a noisy moment hits all of them.
"""

import argparse
import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent


@contextmanager
def mock_server() -> Iterator[str]:
    server = subprocess.Popen([sys.executable, HERE / "mock_server.py", "1"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.wait()


def counted(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/count") as answer:
        counts: dict[str, int] = json.load(answer)
        return counts


def once(command: list[str], url: str, in_flight: int, prompts: list[str]) -> dict[str, Any]:
    counted(url)
    lines = "".join(json.dumps(prompt) + "\n" for prompt in prompts)
    arguments = [*command, f"{url}/v1", str(in_flight)]
    done = subprocess.run(arguments, input=lines, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result | counted(url)


def race(
    title: str, contenders: dict[str, list[str]], url: str, in_flight: int, prompts: list[str], runs: int
) -> dict[str, float]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for _ in range(runs + 1):
        for name, command in contenders.items():
            results[name].append(once(command, url, in_flight, prompts))
    print(f"\n{title}: {len(prompts)} rows, {in_flight} in flight, median of {runs}", flush=True)
    medians = {}
    for name, measurements in results.items():
        measurements = measurements[1:]
        seconds = medians[name] = median(one["seconds"] for one in measurements)
        cpu = median(one["cpu"] for one in measurements)
        rows, most = min(one["rows"] for one in measurements), max(one["most"] for one in measurements)
        calls = median(one["calls"] for one in measurements)
        print(
            f"  {name:20} {seconds:6.2f} s {len(prompts) / seconds:6.0f} rows/s {1e3 * cpu / len(prompts):6.2f} CPU-ms"
            f" each  {rows} kept  {calls:.0f} calls  {most} in flight at most"
        )
    return medians


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--datatrove", metavar="PYTHON")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    ours = {"skyassets": [sys.executable, str(HERE / "peers" / "skyassets_client.py")]}
    bare = {"bare": [sys.executable, str(HERE / "peers" / "bare_client.py")]}
    peer = {}
    if options.datatrove:
        # To this machine it speaks over bare sockets; to any other it uses the openai client, as we always do.
        script = str(HERE / "peers" / "datatrove_client.py")
        peer = {"datatrove": [options.datatrove, script], "datatrove (openai)": [options.datatrove, script, "--openai"]}
    with mock_server() as url:
        fixed = [f"row {place} wait=0.02" for place in range(2000)]
        medians = race("throughput", ours | peer | bare, url, 128, fixed, options.runs)
        for name in (*peer, *bare):
            print(f"  skyassets / {name}: {medians[name] / medians['skyassets']:.2f} of its rate")

        dice = random.Random(0)
        waits = [0.2 * dice.lognormvariate(0, 1) for _ in range(1000)]
        heavy = [f"row {place} wait={wait:.4f}" for place, wait in enumerate(waits)]
        ideal = max(sum(waits) / 64, max(waits))
        known = {"skyassets (expected)": [*ours["skyassets"], "--expected"]}
        medians = race("heavy tail", ours | known | peer, url, 64, heavy, options.runs)
        print(f"  ideal {ideal:.2f} s; " + ", ".join(f"{name} {one / ideal:.2f}x" for name, one in medians.items()))

        faulty = [f"row {place} wait=0.02{' fail=429' if place % 10 == 0 else ''}" for place in range(2000)]
        healthy = race("no row turned away", ours, url, 128, fixed, options.runs)["skyassets"]
        turned = race("10% turned away once", ours, url, 128, faulty, options.runs)["skyassets"]
        print(f"  {turned / healthy:.2f}x the fault-free time")


if __name__ == "__main__":
    main()
