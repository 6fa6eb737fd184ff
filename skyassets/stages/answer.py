"""Answering benchmarks: student and base are sampled with the teacher's code and marked with the dataset's graders."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Model, Sampling, Verdict
from skyassets.core.table_store import Made
from skyassets.core.tables import ANSWERS
from skyassets.stages.complete import Completer, Replies
from skyassets.stages.graders import Mode
from skyassets.stages.judge_all import Case, case
from skyassets.stages.prompts import Prompts
from skyassets.stages.sample import Asking, Attempt, answer_columns, attempt_id, attempts
from skyassets.stages.verify import Marking, is_unfinished, verdicts


@dataclass(frozen=True)
class Evaluation:
    """How the benchmarks are asked; the same for everyone who is measured."""

    prompts: Prompts
    sampling: Sampling
    samples: int
    seed: int


@dataclass(frozen=True)
class Entrant:
    """Somebody to be measured: in which role, which model, and how to reach it."""

    role: str
    model: Model
    completer: Completer
    checkpoint_id: str | None = None


def epoch_seed(seed: int, epoch: str) -> int:
    """The seed of a re-evaluation: another one for every epoch, the recipe's own for the first (empty) one."""
    return int(digest(seed, epoch)[:7], 16) if epoch else seed


def answer(
    problems: pl.DataFrame,
    evaluation: Evaluation,
    entrants: Sequence[Entrant],
    marking: Marking,
    epoch: str = "",
) -> Made:
    """Every entrant's answer to every held-out problem, with a strict and a lenient verdict."""
    drafts: list[tuple[Entrant, Attempt, Replies]] = []
    facts: dict[str, object] = {}
    failed = 0
    for entrant in entrants:
        seed = epoch_seed(evaluation.seed, epoch)
        asking = Asking(entrant.model, evaluation.prompts, evaluation.sampling, evaluation.samples, seed)
        wanted = attempts(problems, asking)
        replies = entrant.completer.complete(entrant.model, [attempt.request for attempt in wanted])
        drafts += [(entrant, attempt, replies) for attempt in wanted]
        facts |= {f"{entrant.role}: {name}": count for name, count in replies.facts.items()}
        failed += len(replies.errors)
    rows = [_row(entrant, attempt, replies, epoch) for entrant, attempt, replies in drafts]
    again, told = _grade(rows, [attempt.problem for _, attempt, _ in drafts], marking)
    return Made(ANSWERS.frame(rows), {**facts, **told}, unfinished=failed + again)


def _row(entrant: Entrant, attempt: Attempt, replies: Replies, epoch: str) -> dict[str, object]:
    found = replies.completions.get(attempt.request.id, {})
    return {
        "answer_id": digest(entrant.role, epoch, attempt_id("answer", attempt)),
        "epoch_name": epoch,
        "benchmark": attempt.problem["benchmark"],
        "family": attempt.problem["family"],
        "domain": attempt.problem["domain"],
        "role": entrant.role,
        "checkpoint_id": entrant.checkpoint_id,
        "served_by": found.get("served_by"),
        **answer_columns(attempt, replies),
    }


def _grade(
    rows: list[dict[str, object]], problems: Sequence[dict[str, object]], marking: Marking
) -> tuple[int, dict[str, object]]:
    """Put both verdicts into the rows; how many are to be made again, and the counts to show."""
    columns = {Mode.STRICT: ("strict", "strict_reason"), Mode.LENIENT: ("lenient", "lenient_reason")}
    cases: dict[tuple[int, Mode], Case] = {
        (place, mode): case(problem, row["text"], mode)
        for place, (row, problem) in enumerate(zip(rows, problems, strict=True))
        for mode in columns
        if row["text"] is not None
    }
    questions = {item: str(problems[place]["question"]) for (place, _), item in cases.items()}
    judged, told = verdicts(questions, marking)
    again = 0
    for place, row in enumerate(rows):
        for mode, (verdict, reason) in columns.items():
            item = cases.get((place, mode))
            row[verdict] = judged[item].verdict.value if item else Verdict.UNJUDGED.value
            row[reason] = judged[item].reason if item else f"no answer: {row['error']}"
            again += item is not None and is_unfinished(judged[item])
    return again, told
