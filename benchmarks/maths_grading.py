"""Answers judged a second, on traces of 10 kB: our whole path beside plain math-verify, with as many processes each.

Half of the traces end in their own gold, respelled here and there, half in another one. The golds come from a
JSON-lines file with the column `answer` (MATH500's, say); without one, from a list made here. Verdicts that differ are
shown. At the end, answers that are work without end: how long the slowest took, and that the next one is judged.

    python benchmarks/maths_grading.py [--golds FILE] [--traces 400] [--workers 2]
"""

import argparse
import json
import logging
import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from skyassets.core.ports import Limits, Program, ProgramRun
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge

Pair = tuple[str, str]
"""A gold and a trace."""

RUNS = 3
LENGTH = 10_000
SECONDS = 5.0
GOLDS = [
    *(str(n) for n in range(1, 60)), *(f"\\frac{{{n}}}{{{n + 3}}}" for n in range(1, 20)), "3\\sqrt{13}", "2\\pi",
    "\\left( 3, \\frac{\\pi}{2} \\right)", "p - q", "x^2+2x+1", "[-2,7]", "(-\\infty, 3]", "1,2", "\\text{Evelyn}",
    "10\\%", "90^\\circ", "6 - 5i", "11\\sqrt2", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "3 \\pm 2\\sqrt{2}",
]  # fmt: skip
BOMBS = [
    "9^{9^{9^{9}}}", "(10^9)!", "3!!!!", "10^{999999999}", "\\binom{999999999}{333333333}", "7" * 10**6,
    "(" * 500 + "1" + ")" * 500, "\\sqrt{" * 40 + "2" + "}" * 40, "(x-1)^{9999}(x+1)^{9999}", "((9!)!)",
    "(1+x+x^2+x^3)^{999}", "\\operatorname{zeros}(999999,999999)", "__import__('os').system('sleep 60')",
]  # fmt: skip


class NoSandbox:
    """Answers run nothing."""

    name = "none"

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        raise AssertionError("an answer was run")


def trace(dice: random.Random, answer: str) -> str:
    """Reasoning of the usual length, with formulas in it, that ends in a box."""
    parts: list[str] = []
    while sum(map(len, parts)) < LENGTH:
        a, b = dice.randint(2, 99), dice.randint(2, 99)
        parts.append(
            dice.choice(
                [
                    f"Let me look at $x = {a}$ first, since then $x^2 + {b}x = {a * a + a * b}$ and that is easy.\n",
                    f"Wait, {a} times {b} is {a * b}, so the second term is \\( \\frac{{{a}}}{{{b}}} \\).\n\n",
                    "Hmm, this does not seem to lead anywhere. Let me think about the condition once more.\n",
                    f"So we need ${a}k + {b} \\le {a * b}$, which means that $k$ is at most {(a * b - b) // a}.\n",
                ]
            )
        )
    return f"{''.join(parts)}\nTherefore, the final answer is $\\boxed{{{answer}}}$."


def respelled(answer: str, dice: random.Random) -> str:
    return dice.choice([answer, answer, answer.replace("\\frac", "\\dfrac"), answer.replace(" ", "")])


def cases(golds: list[str], count: int) -> list[Pair]:
    dice = random.Random(0)
    chosen = [dice.choice(golds) for _ in range(count)]
    answers = [gold if n % 2 else dice.choice(golds) for n, gold in enumerate(chosen)]
    return [(gold, trace(dice, respelled(answer, dice))) for gold, answer in zip(chosen, answers, strict=True)]


def plain(case: Pair) -> bool:
    """As its documentation shows it, with the gold wrapped, without which it misreads one in five."""
    from math_verify import parse, verify

    logging.disable()
    return bool(verify(parse(f"${case[0]}$"), parse(case[1])))


def rates(name: str, run: Callable[[], list[str]], count: int) -> tuple[float, list[str]]:
    seconds, verdicts = [], run()
    for _ in range(RUNS):
        before = time.perf_counter()
        verdicts = run()
        seconds.append(time.perf_counter() - before)
    rate = count / median(seconds)
    print(f"{name:14} {rate:10.0f} answers/s, {median(seconds):.2f} s for {count}; right: {verdicts.count('correct')}")
    return rate, verdicts


def bombs(graders: Graders) -> None:
    slowest = 0.0
    for bomb in BOMBS:
        before = time.perf_counter()
        judged = judge(Case("maths", "x+1", None, f"\\boxed{{{bomb}}}", Mode.STRICT), graders)
        seconds = time.perf_counter() - before
        slowest = max(slowest, seconds)
        print(f"  {seconds:6.2f} s  {bomb[:40]:40}  {judged.verdict}: {judged.reason}")
        after = judge(Case("maths", "x+1", None, "\\boxed{1+x}", Mode.STRICT), graders)
        assert after.verdict == "correct", after
    print(f"slowest {slowest:.2f} s, with a limit of {SECONDS} s; after each, the next answer was judged")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golds", type=Path)
    parser.add_argument("--traces", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    lines = options.golds.read_text(encoding="utf-8").splitlines() if options.golds else []
    everything = cases([str(json.loads(line)["answer"]) for line in lines] or GOLDS, options.traces)
    with (
        MathVerify(SECONDS, workers=options.workers) as equals,
        multiprocessing.get_context("spawn").Pool(options.workers) as processes,
        ThreadPoolExecutor(options.workers) as threads,
    ):
        graders = Graders(NoSandbox(), equals, Limits())

        def ours() -> list[str]:
            # Nothing is remembered from the run before.
            equals._known.clear()
            judgements = threads.map(
                lambda pair: judge(Case("maths", pair[0], None, pair[1], Mode.STRICT), graders), everything
            )
            return [one.verdict.value for one in judgements]

        def theirs() -> list[str]:
            return ["correct" if right else "wrong" for right in processes.map(plain, everything, chunksize=8)]

        our_rate, our_verdicts = rates("skyassets", ours, len(everything))
        peer_rate, peer_verdicts = rates("math-verify", theirs, len(everything))
        print(f"ratio {our_rate / peer_rate:.1f}")
        for (gold, text), mine, other in zip(everything, our_verdicts, peer_verdicts, strict=True):
            if mine != other:
                print(f"  {text.rpartition('boxed')[2][:60]!r} against {gold!r}: we {mine}, math-verify {other}")
        bombs(graders)


if __name__ == "__main__":
    main()
