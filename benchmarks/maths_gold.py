"""Every gold of the maths sets in a folder against itself, and against golds of its set that differ.

Against itself, through the whole of `judge`: boxed in a sentence and read strictly and leniently, stated without a box
and read leniently, and for sets with worked solutions the solution as the text. Against others: no pair may be judged
correct unless both say the same; where the fast path and math-verify disagree, both are shown.

    python benchmarks/maths_gold.py --data DIR [--pairs 5000]
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.ports import Judgement, Limits, Program, ProgramRun, Verdict
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.stages.equivalence.compare import same
from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.extraction.final_answer import strict_answer
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge

FILES = {
    "math500": "math500/test.jsonl",
    "math": "math/test_5000.jsonl",
    "aime": "aime/aime_1983_2023.json",
    "aime24": "aime/aime24.jsonl",
    "aime25": "aime/aime25.jsonl",
    "amc23": "amc/amc23.jsonl",
    "gsm8k": "gsm8k/test.jsonl",
}
WORKERS = 2


class NoSandbox:
    """Answers run nothing."""

    name = "none"

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        raise AssertionError("an answer was run")


@dataclass(frozen=True)
class Gold:
    """One reference, where it stands, and its worked solution if there is one."""

    where: str
    text: str
    solution: str | None


def golds(data: Path) -> Iterator[Gold]:
    for name, file in FILES.items():
        if not (data / file).is_file():
            print(f"{name}: no {data / file}")
            continue
        written = (data / file).read_text(encoding="utf-8")
        rows = json.loads(written) if file.endswith(".json") else [json.loads(line) for line in written.splitlines()]
        for number, row in enumerate(rows):
            where = f"{name} {row.get('unique_id', number)}"
            if name == "gsm8k":
                yield Gold(where, row["answer"].rpartition("####")[2].strip(), None)
            elif "answer" in row:
                yield Gold(where, str(row["answer"]), row["solution"] if name == "math500" else None)
            else:
                boxed = strict_answer(row["solution"])
                if boxed is None:
                    print(f"{where}: its solution boxes nothing")
                else:
                    yield Gold(where, boxed, row["solution"])


def cases(gold: Gold) -> Iterator[tuple[str, str, Mode]]:
    yield "boxed, strict", f"So the answer is $\\boxed{{{gold.text}}}$, as was asked.", Mode.STRICT
    yield "boxed, lenient", f"So the answer is $\\boxed{{{gold.text}}}$, as was asked.", Mode.LENIENT
    yield "stated, lenient", f"Therefore, the final answer is ${gold.text.strip('$')}$.", Mode.LENIENT
    if gold.solution is not None:
        yield "solution, strict", gold.solution, Mode.STRICT
        yield "solution, lenient", gold.solution, Mode.LENIENT


def against_itself(everything: list[Gold], graders: Graders) -> None:
    wanted = [(gold, *case) for gold in everything for case in cases(gold)]

    def one(item: tuple[Gold, str, str, Mode]) -> Judgement:
        return judge(Case("maths", item[0].text, None, item[2], item[3]), graders)

    before = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        judged = list(pool.map(one, wanted))
    seconds = time.perf_counter() - before
    counts: Counter[tuple[str, str]] = Counter()
    for (gold, how, _, _), judgement in zip(wanted, judged, strict=True):
        counts[gold.where.split()[0], how] += 1
        if judgement.verdict is not Verdict.CORRECT:
            counts[gold.where.split()[0], f"{how}: {judgement.verdict}"] += 1
            print(
                f"  {gold.where} ({how}) {judgement.verdict}: {judgement.reason}; {judgement.answer!r}, {gold.text!r}"
            )
    for (name, how), count in sorted(counts.items()):
        print(f"{name:10} {how:30} {count}")
    exact = sum(judgement.backend == "exact" for judgement in judged)
    print(f"{len(judged)} judged in {seconds:.1f} s, {exact} of them without algebra")


def against_others(everything: list[Gold], pairs: int, graders: Graders) -> None:
    by_set: dict[str, list[str]] = {}
    for gold in everything:
        by_set.setdefault(gold.where.split()[0], []).append(gold.text)
    dice = random.Random(0)
    wanted: set[tuple[str, str]] = set()
    # Bare whole numbers decide themselves: the sets that hold more than these get most of the pairs.
    for name, texts in by_set.items():
        share = pairs if name.startswith("math") else pairs // 10
        drawn = ((dice.choice(texts), dice.choice(texts)) for _ in range(share))
        wanted |= {pair for pair in drawn if tidy(pair[0]) != tidy(pair[1])}
    chosen = sorted(wanted)

    def one(pair: tuple[str, str]) -> tuple[bool | None, bool | str]:
        return same(*pair), graders.equals.equal(tidy(pair[0]), tidy(pair[1]))

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(one, chosen))
    counts: Counter[str] = Counter()
    for pair, (fast, algebra) in zip(chosen, answers, strict=True):
        counts[f"fast path {fast}, math-verify {algebra if isinstance(algebra, bool) else 'cannot tell'}"] += 1
        if fast is True or algebra is True or (fast is None and isinstance(algebra, str)):
            print(f"  {pair}: fast path {fast}, math-verify {algebra}")
    print(f"{len(chosen)} pairs of golds that are spelled differently")
    for what, count in counts.most_common():
        print(f"{what:50} {count}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=5000)
    options = parser.parse_args()
    everything = list(golds(options.data))
    with MathVerify(workers=WORKERS) as equals:
        graders = Graders(NoSandbox(), equals, Limits())
        against_itself(everything, graders)
        against_others(everything, options.pairs, graders)


if __name__ == "__main__":
    main()
