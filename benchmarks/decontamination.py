"""Decontamination beside the published n-gram scripts' shapes: the same rule, the same hits, the time it takes.

`python benchmarks/decontamination.py [--rows 20000] [--items 1500] [--runs 5]`, over synthetic questions, or over
`--texts FILE --against FILE`, JSON Lines with a `question`, `problem` or `text`. Building the look-up counts. Each
racer is a process of its own, in turn; medians. Wall seconds use both cores of polars; CPU seconds are their sum.
"""

import argparse
import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from corpus import contaminated

PEERS = Path(__file__).parent / "peers"
NGRAM = 8


def read(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [next(str(row[name]) for name in ("question", "problem", "text") if name in row) for row in rows]


def run(command: list[str], data: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, *command], input=data, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=1_500)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    texts, items = contaminated(options.rows, options.items)
    if options.texts:
        texts = list(islice(cycle(read(options.texts)), options.rows))
        # Equal questions are looked up once; a number makes each different, so that every one costs a look-up.
        texts = [f"{text} {number}" for number, text in enumerate(texts)]
        items = read(options.against)[: options.items]
    data = json.dumps({"texts": texts, "items": items})
    shapes, ours = str(PEERS / "ngram_shapes.py"), str(PEERS / "skyassets_look_up.py")
    racers = {
        "shape of open-r1, one shared 8-gram": [shapes, "sets", str(NGRAM)],
        "shape of s1, one shared 8-gram": [shapes, "lookups", str(NGRAM)],
        "skyassets, one shared 8-gram": [ours, "one-ngram", str(NGRAM)],
        "skyassets, containment and near-duplicates": [ours, "containment"],
    }
    words = sum(len(text.split()) for text in texts) / len(texts)
    print(f"{len(texts)} questions of {words:.0f} words, {len(items)} items, medians of {options.runs}")
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in racers}
    for _ in range(options.runs):
        for name, command in racers.items():
            results[name].append(run(command, data))
    first = next(iter(racers))
    wall, cpu = (median(one[what] for one in results[first]) for what in ("wall", "cpu"))
    same = results[first][0]["found"]
    for name, many in results.items():
        mine = {what: median(one[what] for one in many) for what in ("wall", "cpu", "peak", "base")}
        hits = many[0]["found"]
        print(
            f"  {name}: {len(texts) / mine['wall']:.0f} a second, {wall / mine['wall']:.1f}x by wall, "
            f"{cpu / mine['cpu']:.1f}x by CPU; peak {mine['peak']:.0f} MB, {mine['base']:.0f} of it before; "
            f"{len(hits)} hits{', the same' if hits == same else ''}"
        )


if __name__ == "__main__":
    main()
