"""Benchmark answers: models are sampled with the teacher's code and graded with the training data's graders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from skyassets.core.errors import ServerError
from skyassets.core.identity import digest
from skyassets.core.ports import Judgement, Model, Verdict
from skyassets.core.tables.declarations import ANSWERS
from skyassets.core.tables.store import StageResult
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation, asking_of
from skyassets.stages.grading.answers import NO_ANSWER, NOT_STATED
from skyassets.stages.grading.config import Mode
from skyassets.stages.grading.judge import CODE, Case, case
from skyassets.stages.grading.verdicts import GradingConfig, is_unfinished, verdicts
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.replies import Replies
from skyassets.stages.sampling.sample import Attempt, answer_columns, attempt_id, attempts
from skyassets.stages.sampling.unanswered import unanswered

JUDGED_BY = {True: "programs judged by", False: "answers judged by"}
"""Metadata keys of the backends that ran programs (True) and compared answers (False)."""
UNANSWERED = "contenders without an answer"
"""The metadata key that maps a contender to the reason why none of its answers can be used."""


@dataclass(frozen=True)
class EvaluatedModel:
    """A model to evaluate: its role, the model, and how to call it."""

    role: str
    model: Model
    completer: Completer
    checkpoint_id: str | None = None
    is_contender: bool = False
    """Whether the other models' answers are published even if this one gives none."""


def attempts_of(
    problems: pl.DataFrame, benchmarks: Sequence[Benchmark], evaluation: Evaluation, model: Model, epoch: str
) -> list[Attempt]:
    """Every completion of `model` that the benchmarks need, in benchmark order."""
    return [
        attempt
        for benchmark in benchmarks
        for attempt in attempts(
            problems.filter(pl.col("benchmark") == benchmark.name), asking_of(benchmark, evaluation, model, epoch)
        )
    ]


def answer(
    problems: pl.DataFrame,
    benchmarks: Sequence[Benchmark],
    evaluation: Evaluation,
    evaluated_models: Sequence[EvaluatedModel],
    grading: GradingConfig,
    epoch: str = "",
) -> StageResult:
    """Every model's answers to every held-out problem, with a strict and a lenient verdict.

    A contender without an answer has a row with the error for each problem, and is named in the metadata; the result is
    unusable only if the base or the student has no answer.

    Raises:
        ServerError: when the server of the base or the student cannot be used.
    """
    drafts: list[tuple[EvaluatedModel, Attempt, Replies]] = []
    metadata: dict[str, object] = {}
    failed = 0
    for evaluated in evaluated_models:
        wanted = attempts_of(problems, benchmarks, evaluation, evaluated.model, epoch)
        replies = _replies(evaluated, wanted)
        drafts += [(evaluated, attempt, replies) for attempt in wanted]
        metadata |= {f"{evaluated.role}: {name}": count for name, count in replies.metadata.items()}
        failed += replies.unfinished
    rows = [_row(evaluated, attempt, replies, epoch) for evaluated, attempt, replies in drafts]
    again, grading_metadata = _grade(rows, [attempt.problem for _, attempt, _ in drafts], grading)
    answers = ANSWERS.frame(rows)
    reasons = unanswered(answers)
    is_contender = {evaluated.role: evaluated.is_contender for evaluated in evaluated_models}
    unusable = next((reason for role, reason in reasons.items() if not is_contender[role]), "")
    if absent := {role: reason for role, reason in reasons.items() if is_contender[role]}:
        metadata[UNANSWERED] = absent
    return StageResult(answers, {**metadata, **grading_metadata}, failed + again, unusable=unusable)


def _replies(evaluated: EvaluatedModel, wanted: Sequence[Attempt]) -> Replies:
    """The replies of a model; of a contender whose server cannot be used, those that are stored."""
    requests = [attempt.request for attempt in wanted]
    try:
        return evaluated.completer.complete(evaluated.model, requests)
    except ServerError as error:
        if not evaluated.is_contender:
            raise
        return evaluated.completer.stored(requests, str(error))


def _row(evaluated: EvaluatedModel, attempt: Attempt, replies: Replies, epoch: str) -> dict[str, object]:
    completion = replies.completions.get(attempt.request.id, {})
    return {
        "answer_id": digest(evaluated.role, epoch, attempt_id("answer", attempt)),
        "epoch_name": epoch,
        "benchmark": attempt.problem["benchmark"],
        "family": attempt.problem["family"],
        "level": attempt.problem["level"],
        "domain": attempt.problem["domain"],
        "role": evaluated.role,
        "checkpoint_id": evaluated.checkpoint_id,
        "served_by": completion.get("served_by"),
        **answer_columns(attempt, replies),
    }


def in_a_benchmark(judgement: Judgement) -> Judgement:
    """`judgement`, but wrong if the text states no result: leaving it out of n would raise the score."""
    if judgement.verdict is Verdict.UNJUDGED and judgement.reason.startswith(NOT_STATED):
        return replace(judgement, verdict=Verdict.WRONG, reason=f"{NO_ANSWER}: {judgement.reason}")
    return judgement


def _grade(
    rows: list[dict[str, object]], problems: Sequence[dict[str, object]], grading: GradingConfig
) -> tuple[int, dict[str, object]]:
    """Add both verdicts to the rows. Returns how many must be judged again, and the metadata."""
    columns = {Mode.STRICT: "strict", Mode.LENIENT: "lenient"}
    cases: dict[tuple[int, Mode], Case] = {
        (position, mode): case(problem, row["text"], mode)
        for position, (row, problem) in enumerate(zip(rows, problems, strict=True))
        for mode in columns
        if row["text"] is not None
    }
    questions = {item: str(problems[position]["question"]) for (position, _), item in cases.items()}
    judgements, metadata = verdicts(questions, grading)
    judgements = {item: in_a_benchmark(judgement) for item, judgement in judgements.items()}
    again = 0
    for position, row in enumerate(rows):
        for mode, column in columns.items():
            item = cases.get((position, mode))
            row[column] = judgements[item].verdict.value if item else Verdict.UNJUDGED.value
            row[f"{column}_reason"] = judgements[item].reason if item else f"no answer: {row['error']}"
            # For a program the answer would repeat the text.
            row[f"{column}_answer"] = judgements[item].answer if item and item.domain != CODE else None
            again += item is not None and is_unfinished(judgements[item])
    for is_code, name in JUDGED_BY.items():
        backends = {judgements[item].backend for item in questions if (item.domain == CODE) is is_code}
        if backends:
            metadata[name] = " | ".join(sorted(backends))
    return again, metadata
