"""Judging many: each once by the same code, and results that do not depend on the text are not kept."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from skyassets.core.ports import Limits, Program, ProgramRun, RunKind, Verdict
from skyassets.core.rows.judgements import JudgementStore
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case
from skyassets.stages.grading.pool import judge_all

SUM = json.dumps({"fn_name": None, "inputs": ["1 2"], "outputs": ["3"]})


@dataclass
class Counting:
    """A sandbox that only counts: every program prints `prints`."""

    prints: str = "3\n"
    kind: RunKind = RunKind.FINISHED
    name: str = "counting 1.0"
    runs: list[str] = field(default_factory=list)

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        self.runs.append(program.source.strip())
        return ProgramRun(self.kind, self.prints)


@dataclass
class Literal:
    """Compares nothing but spelling, and counts."""

    name: str = "literal 1.0"
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def equal(self, answer: str, gold: str) -> bool | None:
        self.pairs.append((answer, gold))
        return answer == gold


def program(source: str) -> Case:
    return Case("code", None, SUM, f"```python\n{source}\n```", Mode.LENIENT)


def boxed(answer: str, gold: str) -> Case:
    return Case("maths", gold, None, rf"So \boxed{{{answer}}}", Mode.STRICT)


def graders(folder: Path, sandbox: Counting, **changed: str) -> Graders:
    versions = {"code": "1", "answers": "1"} | changed
    return Graders(sandbox, Literal(), Limits(), JudgementStore(folder), versions)


def judged(cases: list[Case], by: Graders, progress: Callable[[int, int], None] = lambda done, of: None) -> list[str]:
    outcome = judge_all(cases, by, 2, progress)
    return [outcome[case].verdict.value for case in cases]


def test_a_text_is_judged_once_in_a_run_and_never_again(tmp_path: Path) -> None:
    sandbox = Counting()
    cases = [program("print(3)"), program("print(3)"), program("print(1 + 2)")]
    assert judged(cases, graders(tmp_path, sandbox)) == ["correct"] * 3
    assert judged(cases, graders(tmp_path, sandbox)) == ["correct"] * 3
    assert sorted(sandbox.runs) == ["print(1 + 2)", "print(3)"]


def test_one_more_text_is_one_more_judgement(tmp_path: Path) -> None:
    sandbox = Counting()
    judged([program("print(3)")], graders(tmp_path, sandbox))
    judged([program("print(3)"), program("print(4)")], graders(tmp_path, sandbox))
    assert sandbox.runs == ["print(3)", "print(4)"]


def test_new_code_for_answers_leaves_programs_judged(tmp_path: Path) -> None:
    sandbox = Counting()
    cases = [program("print(3)"), boxed("4", "5")]
    judged(cases, graders(tmp_path, sandbox))
    outcome = judge_all(cases, graders(tmp_path, sandbox, answers="2"), 1, lambda done, of: None)
    assert (len(sandbox.runs), outcome.metadata) == (1, {"texts judged": 1, "judgements reused": 1})


def test_other_limits_or_other_code_judge_programs_again(tmp_path: Path) -> None:
    sandbox = Counting()
    by = graders(tmp_path, sandbox)
    judged([program("print(3)")], by)
    judged([program("print(3)")], replace(by, limits=Limits(seconds=1.0)))
    judged([program("print(3)")], replace(by, versions={"code": "2", "answers": "1"}))
    assert len(sandbox.runs) == 3


@pytest.mark.parametrize("sandbox", [Counting(kind=RunKind.SANDBOX_ERROR), Counting(name="none (UNSAFE)")])
def test_a_judgement_that_does_not_depend_on_the_text_is_not_kept(tmp_path: Path, sandbox: Counting) -> None:
    for _ in range(2):
        judged([program("print(3)")], graders(tmp_path, sandbox))
    assert len(sandbox.runs) == 2


def test_an_undecided_judgement_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    case = Case("code", None, None, "```python\nprint(3)\n```", Mode.LENIENT)
    by = graders(tmp_path, Counting())
    assert judged([case], by) == [Verdict.UNJUDGED.value]
    assert judge_all([case], by, 1, lambda done, of: None).reused == 1
    JudgementStore(tmp_path).forget_undecided()
    assert judge_all([case], by, 1, lambda done, of: None).reused == 0


def test_without_a_store_all_is_judged(tmp_path: Path) -> None:
    sandbox = Counting()
    by = Graders(sandbox, Literal(), Limits())
    for _ in range(2):
        judged([program("print(3)")], by)
    assert len(sandbox.runs) == 2


def test_progress_counts_stored_judgements_and_ends_at_the_total(tmp_path: Path) -> None:
    counts: list[tuple[int, int]] = []
    by = graders(tmp_path, Counting())
    judged([program("print(3)")], by)
    judged([program("print(3)"), program("print(4)"), program("print(5)")], by, lambda *result: counts.append(result))
    assert counts == [(2, 3), (3, 3)]


def test_an_interrupt_keeps_what_was_judged_and_drops_the_rest(tmp_path: Path) -> None:
    sandbox = Counting()
    cases = [program(f"print({number})") for number in range(100)]

    def interrupting(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(cases, graders(tmp_path, sandbox), interrupting)
    assert len(sandbox.runs) < 30
    assert judge_all(cases, graders(tmp_path, sandbox), 1, lambda done, of: None).reused >= 5
    assert threading.active_count() < 20


def test_another_kind_of_sandbox_judges_programs_again_and_another_version_does_not(tmp_path: Path) -> None:
    for name in ("bubblewrap 0.8.0", "bubblewrap 0.9.0"):
        assert judged([program("print(3)")], graders(tmp_path, Counting(name=name))) == ["correct"]
    elsewhere = Counting(kind=RunKind.RUNTIME_ERROR, name="landlock 3")
    assert judged([program("print(3)")], graders(tmp_path, elsewhere)) == ["wrong"]
    assert judged([program("print(3)")], graders(tmp_path, Counting(name="bubblewrap 0.8.0"))) == ["correct"]
