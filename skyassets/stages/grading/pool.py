"""Judges many texts in parallel: each distinct one once, and none that the same code has judged before."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from skyassets.core.identity import digest
from skyassets.core.ports import UNSAFE, Judgement
from skyassets.stages.grading.config import Graders
from skyassets.stages.grading.judge import CODE, Case, judge

GRADER_FAILURES = ("sandbox error", "grader error")
"""The start of the reason when a grader failed rather than the text; such a text is judged again next time."""
AHEAD = 4
"""Texts queued per worker, so that workers never wait; an interrupt drops only the queued texts."""


@dataclass(frozen=True)
class Judgements:
    """The judgements of a set of cases, and how many of them were reused."""

    judgements: dict[Case, Judgement]
    reused: int

    def __getitem__(self, case: Case) -> Judgement:
        return self.judgements[case]

    @property
    def metadata(self) -> dict[str, object]:
        """The counts to show on the asset."""
        return {"texts judged": len(self.judgements) - self.reused, "judgements reused": self.reused}


def judgement_id(case: Case, graders: Graders) -> str:
    """Digest of everything that determines the judgement of `case`, known before it is made.

    It includes the kind of sandbox, since sandboxes differ in what they allow (`multiprocessing`), but not its version.
    """
    if case.domain == CODE:
        by = (graders.versions["code"], graders.sandbox.name.split()[0], graders.limits)
        return digest("judged program", by, case.tests, case.mode, case.text)
    compared = (graders.versions["answers"], graders.equals.name)
    return digest("judged answer", compared, case.domain, case.ground_truth, case.offered, case.mode, case.text)


def is_inconclusive(judgement: Judgement) -> bool:
    """Whether a judgement is not evidence about the text: a grader failed, or the program could have forged it."""
    return judgement.reason.startswith(GRADER_FAILURES) or UNSAFE in judgement.backend


def judge_all(
    cases: Iterable[Case], graders: Graders, workers: int, progress: Callable[[int, int], None]
) -> Judgements:
    """Return a judgement for each distinct case. New cases are judged once and stored immediately.

    `progress` is called with the number of finished cases and the total.

    Raises:
        SandboxError, GraderError: when programs or answers cannot be judged here; earlier judgements are kept.
        StoreError: when a judgement cannot be stored.
    """
    distinct = list(dict.fromkeys(cases))
    if graders.store is None:
        return Judgements(_judge(distinct, graders, workers, lambda case, judgement: None, progress, 0), 0)
    keys = {case: judgement_id(case, graders) for case in distinct}
    known = graders.store.read(list(keys.values()))
    reused = {case: known[key] for case, key in keys.items() if key in known}
    waiting = [case for case in distinct if case not in reused]
    if not waiting:
        return Judgements(reused, len(reused))
    with graders.store.writer() as put:

        def keep(case: Case, judgement: Judgement) -> None:
            if not is_inconclusive(judgement):
                put(keys[case], judgement)

        new = _judge(waiting, graders, workers, keep, progress, len(reused))
    return Judgements(reused | new, len(reused))


def _judge(
    waiting: list[Case],
    graders: Graders,
    workers: int,
    keep: Callable[[Case, Judgement], None],
    progress: Callable[[int, int], None],
    before: int,
) -> dict[Case, Judgement]:
    judgements: dict[Case, Judgement] = {}
    remaining = iter(waiting)
    running: dict[Future[Judgement], Case] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        while len(judgements) < len(waiting):
            while len(running) < workers * AHEAD and (case := next(remaining, None)) is not None:
                running[pool.submit(judge, case, graders)] = case
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                case = running.pop(future)
                judgements[case] = future.result()
                keep(case, judgements[case])
                progress(before + len(judgements), before + len(waiting))
    finally:
        pool.shutdown(cancel_futures=True)
    return {case: judgements[case] for case in waiting}
