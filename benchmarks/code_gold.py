"""Do the code grader and the data sets' own solutions agree? Every reference solution is judged by our grader.

    python benchmarks/code_gold.py --data DIR

DIR holds `humaneval/HumanEval.jsonl.gz`, `mbpp/mbpp.jsonl`, `livecodebench/*.jsonl` and `code_contests/*.json`, as the
data sets ship them. What carries no solutions is only read: tests that cannot be used are told. Every program that is
not judged correct is listed by its id, with the reason.
"""

import argparse
import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from skyassets.core.ports import Judgement, Limits, Verdict
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge
from skyassets.stages.grading.test_cases import read_cases
from skyassets.stages.problems.layouts import canonical_tests, reference_solutions

Row = Mapping[str, object]


def rows(path: Path) -> list[Row]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def usable(layout: str, data: Iterable[Row]) -> list[tuple[str, str, list[str]]]:
    """Id, tests and solutions of the rows whose tests can be used; the others are printed."""
    problems = []
    for position, row in enumerate(data):
        name = str(row.get("task_id", row.get("id", position)))
        try:
            tests = canonical_tests(layout, row)
            cases = read_cases(tests)
        except ValueError as error:
            cases = str(error)
        if isinstance(cases, str):
            print(f"  {layout} {name}: set aside: {cases}")
        else:
            problems.append((name, tests, reference_solutions(layout, row)))
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=30.0, help="the limit of one test")
    arguments = parser.parse_args()
    sandbox = Bubblewrap()
    graders = Graders(sandbox, MathVerify(), Limits(seconds=arguments.seconds))
    files = (
        ("humaneval", "humaneval/*.jsonl.gz"),
        ("mbpp", "mbpp/*.jsonl"),
        ("livecodebench", "livecodebench/*.jsonl"),
        ("code_contests", "code_contests/*.json"),
    )

    def judged(problem: tuple[str, str, str]) -> Judgement:
        _, tests, program = problem
        return judge(Case("code", None, tests, f"```python\n{program}\n```", Mode.STRICT), graders)

    for layout, pattern in files:
        data = [row for path in sorted(arguments.data.glob(pattern)) for row in rows(path)]
        problems = usable(layout, data)
        programs = [(name, tests, program) for name, tests, solutions in problems for program in solutions]
        before = time.perf_counter()
        with ThreadPoolExecutor(arguments.workers) as pool:
            judgements = list(pool.map(judged, programs))
        seconds = time.perf_counter() - before
        for (name, _, _), judgement in zip(programs, judgements, strict=True):
            if judgement.verdict is not Verdict.CORRECT:
                print(f"  {layout} {name}: {judgement.verdict}: {judgement.reason}")
        ended = Counter(kind for judgement in judgements for kind in judgement.tests)
        right = sum(judgement.verdict is Verdict.CORRECT for judgement in judgements)
        print(
            f"{layout}: {len(problems)} of {len(data)} rows have usable tests; {right} of {len(programs)} solutions "
            f"correct; tests {dict(ended)}; {seconds:.1f} s"
        )
    print(f"by {sandbox.name}")


if __name__ == "__main__":
    main()
