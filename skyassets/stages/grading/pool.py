"""Judges many texts in parallel: each distinct one once, and none that the same code has judged before."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from skyassets.core.identity import digest
from skyassets.core.ports import UNSAFE, Judgement
from skyassets.core.rows.judgements import WriteJudgement
from skyassets.stages.equivalence.choices import Options, options
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import CODE, judge

FAILED_OUTSIDE = ("sandbox error", "grader error")
"""The start of the reason when a grader failed rather than the text; such a text is judged again next time."""
AHEAD = 4
"""Texts queued per worker, so that workers never wait; an interrupt drops only the queued texts."""


@dataclass(frozen=True)
class Case:
    """A text and what is needed to judge it."""

    domain: str
    ground_truth: str | None
    tests: str | None
    text: str
    mode: Mode
    offered: Options = ()
    """The options in the question, if any."""


@dataclass(frozen=True)
class Judged:
    """The judgements of a set of cases, and how many of them were reused."""

    judgements: dict[Case, Judgement]
    reused: int

    def __getitem__(self, case: Case) -> Judgement:
        return self.judgements[case]

    @property
    def facts(self) -> dict[str, object]:
        """The counts to show on the asset."""
        return {"texts judged": len(self.judgements) - self.reused, "judgements reused": self.reused}


def case(problem: dict[str, object], text: object, mode: Mode) -> Case:
    """The case for a text that answers `problem`."""
    truth, tests = problem["ground_truth"], problem["tests"]
    return Case(
        str(problem["domain"]),
        None if truth is None else str(truth),
        None if tests is None else str(tests),
        str(text),
        mode,
        () if problem["domain"] == CODE else options(str(problem.get("question") or "")),
    )


def judgement_id(case: Case, graders: Graders) -> str:
    """Digest of everything that determines the judgement of `case`, known before it is made.

    It includes the kind of sandbox, since sandboxes differ in what they allow (`multiprocessing`), but not its version.
    """
    if case.domain == CODE:
        by = (graders.versions["code"], graders.sandbox.name.split()[0], graders.limits)
        return digest("judged program", by, case.tests, case.mode, case.text)
    compared = (graders.versions["answers"], graders.equals.name)
    return digest("judged answer", compared, case.domain, case.ground_truth, case.offered, case.mode, case.text)


def says_nothing(judgement: Judgement) -> bool:
    """Whether a judgement is not evidence about the text: a grader failed, or the program could have forged it."""
    return judgement.reason.startswith(FAILED_OUTSIDE) or UNSAFE in judgement.backend


def judge_all(cases: Iterable[Case], graders: Graders, workers: int, progress: Callable[[int, int], None]) -> Judged:
    """Return a judgement for each distinct case. New cases are judged once and stored immediately.

    `progress` is called with the number of finished cases and the total.

    Raises:
        SandboxError, GraderError: when programs or answers cannot be judged here; earlier judgements are kept.
        StoreError: when a judgement cannot be stored.
    """
    distinct = list(dict.fromkeys(cases))
    if graders.kept is None:
        return Judged(_judged(distinct, graders, workers, lambda item, judgement: None, progress, 0), 0)
    keys = {item: judgement_id(item, graders) for item in distinct}
    known = graders.kept.read(list(keys.values()))
    found = {item: known[key] for item, key in keys.items() if key in known}
    waiting = [item for item in distinct if item not in found]
    if not waiting:
        return Judged(found, len(found))
    with graders.kept.writer() as keep:
        fresh = _judged(waiting, graders, workers, _keeper(keys, keep, graders), progress, len(found))
    return Judged(found | fresh, len(found))


def _keeper(keys: dict[Case, str], keep: WriteJudgement, graders: Graders) -> Callable[[Case, Judgement], None]:
    def kept(item: Case, judgement: Judgement) -> None:
        if not says_nothing(judgement):
            keep(keys[item], judgement)

    return kept


def _judged(
    waiting: list[Case],
    graders: Graders,
    workers: int,
    keep: Callable[[Case, Judgement], None],
    progress: Callable[[int, int], None],
    before: int,
) -> dict[Case, Judgement]:
    def one(item: Case) -> Judgement:
        return judge(item.domain, item.ground_truth, item.tests, item.text, item.mode, graders, item.offered)

    done: dict[Case, Judgement] = {}
    left = iter(waiting)
    running: dict[Future[Judgement], Case] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        while len(done) < len(waiting):
            while len(running) < workers * AHEAD and (item := next(left, None)) is not None:
                running[pool.submit(one, item)] = item
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                item = running.pop(future)
                done[item] = future.result()
                keep(item, done[item])
                progress(before + len(done), before + len(waiting))
    finally:
        pool.shutdown(cancel_futures=True)
    return {item: done[item] for item in waiting}
