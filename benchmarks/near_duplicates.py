"""Near-duplicates beside MinHash libraries, by rows and by length, on synthetic texts with planted repetitions.

`python benchmarks/near_duplicates.py [--rows 20000 ...] [--runs 3] [--peers PYTHON]`: problems of 30 to 140 words, of
which 8% are copies, 12% edits and 5% differ in a number alone. *Recall* and *false* are against the exact join with
any numbers, which the tests hold against comparing every pair; an edit can be too large to be a near-duplicate.
`--traces N` instead: N traces of 8 to 30 kB, four to a problem, within their problems. The peers' environment:
`pip install datasketch==2.0.0 rensa==0.5.0`. Each racer is a process of its own, in turn; medians.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from corpus import Planted, Writer, repeating

PEERS = Path(__file__).parent / "peers"
THRESHOLD = "0.8"


def run(command: list[str], data: str) -> dict[str, Any]:
    done = subprocess.run(command, input=data, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def traces(number: int) -> tuple[Planted, list[int]]:
    """Traces of about 1,300 to 5,000 words; of each problem's four, the last is an edit of the first."""
    writer = Writer(3)
    texts, kinds = [], []
    for at in range(number):
        edit = at % 4 == 3
        texts.append(writer.edited(texts[-3], 0.02) if edit else writer.text(1_300, 5_000))
        kinds.append("edit" if edit else "new")
    return Planted(texts, kinds), [at // 4 for at in range(number)]


def race(planted: Planted, racers: dict[str, list[str]], runs: int, groups: list[int] | None = None) -> None:
    words = sum(len(text.split()) for text in planted.texts) / len(planted.texts)
    print(f"{len(planted.texts)} texts of {words:.0f} words, medians of {runs}", flush=True)
    data = json.dumps({"texts": planted.texts} | ({"groups": groups} if groups else {}))
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in racers}
    for _ in range(runs):
        for name, command in racers.items():
            results[name].append(run(command, data))
    exact = set(results["skyassets, any numbers"][0]["found"])
    first = results[next(iter(racers))]
    for name, many in results.items():
        wall, cpu, peak, base = (median(one[what] for one in many) for what in ("wall", "cpu", "peak", "base"))
        duplicates = set(many[0]["found"])
        share = {
            kind: sum(at in duplicates for at, planted_kind in enumerate(planted.kinds) if planted_kind == kind)
            / max(1, planted.kinds.count(kind))
            for kind in ("copy", "edit", "number")
        }
        print(
            f"  {name}: {len(planted.texts) / wall:.0f} texts a second, "
            f"{median(one['wall'] for one in first) / wall:.1f}x by wall, "
            f"{median(one['cpu'] for one in first) / cpu:.1f}x by CPU; peak {peak:.0f} MB, {base:.0f} of it before; "
            f"found {len(duplicates)}: {share['copy']:.1%} of copies, {share['edit']:.1%} of edits, "
            f"{share['number']:.1%} of those with another number; recall {len(duplicates & exact) / len(exact):.3f}, "
            f"false {len(duplicates - exact)}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="*", default=[20_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", help="the Python of an environment with datasketch and rensa")
    parser.add_argument("--traces", type=int)
    options = parser.parse_args()
    sketches, ours = str(PEERS / "minhash_dedup.py"), str(PEERS / "skyassets_dedup.py")
    racers = {}
    if options.peers:
        racers["datasketch"] = [options.peers, sketches, "datasketch", THRESHOLD]
        racers["rensa"] = [options.peers, sketches, "rensa", THRESHOLD]
    racers["skyassets, any numbers"] = [sys.executable, ours, "any-numbers", THRESHOLD]
    racers["skyassets, the same numbers"] = [sys.executable, ours, "same-numbers", THRESHOLD]
    if options.traces:
        planted, groups = traces(options.traces)
        race(planted, racers, options.runs, groups)
        return
    for rows in options.rows:
        race(repeating(rows, 30, 140), racers, options.runs)


if __name__ == "__main__":
    main()
