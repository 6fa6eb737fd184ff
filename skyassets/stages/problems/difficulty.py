"""Rates the difficulty of problems with a model, and sets aside problems outside the wanted range of their source.

Ratings are stored as completions, so a problem is rated once, whatever the range. Problems of a source without a range
are not rated.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.core.sources import Source
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.core.tables.store import StageResult
from skyassets.stages.extraction.thoughts import after_own_thought
from skyassets.stages.problems.table import some_left
from skyassets.stages.sampling.completions import Completer, request
from skyassets.stages.sampling.replies import Replies

EASIEST, HARDEST = 1.0, 10.0
SHOWN = 60
"""Characters of an unreadable reply that the reason quotes."""

_NUMBER = re.compile(r"(?:(?:difficulty|rating)\s*[:=]?\s*)?(\d{1,2}(?:\.\d)?)(?:\s*/\s*10)?\.?", re.IGNORECASE)

COLUMNS = ("problem_id", "source", "question", "difficulty")

Range = tuple[float, float]


@dataclass(frozen=True)
class Rating:
    """The model that rates the problems, and its prompt."""

    identity_name: ClassVar[str] = "Rating"
    model: Model
    system: str
    """A description of the scale."""
    prompt: str
    """The user message, with {question} in it."""
    sampling: Sampling
    seed: int


def ranges(sources: Iterable[Source]) -> dict[str, Range]:
    """The difficulty ranges of the sources that declare one, by source name."""
    return {source.name: source.difficulty for source in sources if source.difficulty is not None}


def rate(problems: StageResult, rating: Rating, completer: Completer, wanted: Mapping[str, Range]) -> StageResult:
    """The problems; those of a source in `wanted` get their difficulty, or are set aside with the reason.

    A problem that already has a difficulty is not rated. A rating that failed externally (a server error) counts as
    unfinished and is requested again; an unreadable reply is final, and so is a failure that was paid for.

    Raises:
        SourceError: when no problem is left.
    """
    frame = problems.frame
    usable = frame.filter(pl.col("set_aside").is_null(), pl.col("source").is_in(list(wanted)))
    bounded = {str(row["problem_id"]): row for row in usable.select(COLUMNS).iter_rows(named=True)}
    requests = {key: _request(row, rating) for key, row in bounded.items() if row["difficulty"] is None}
    replies = completer.complete(rating.model, list(requests.values()))
    reasons: dict[str, str | None] = {}
    for key, row in bounded.items():
        if one := requests.get(key):
            row["difficulty"], reasons[key] = _rated(one, replies)
        if row["difficulty"] is not None:
            reasons[key] = _outside(row["difficulty"], wanted[row["source"]])
    lost = sum(one.id not in replies.completions and one.id not in replies.final for one in requests.values())
    numbers = {key: row["difficulty"] for key, row in bounded.items()}
    frame = frame.with_columns(
        pl.coalesce(_by_id(frame, numbers, pl.Float64()), "difficulty").alias("difficulty"),
        pl.coalesce("set_aside", _by_id(frame, reasons, pl.String())).alias("set_aside"),
    )
    look_at = "the sources' ranges of difficulty and at the rater's replies"
    aside = some_left(PROBLEMS, frame["set_aside"], look_at)
    rated = Counter(f"{number:g}" for number in numbers.values() if number is not None)
    metadata = {**problems.metadata, **replies.metadata, "difficulty": dict(sorted(rated.items())), "set aside": aside}
    return StageResult(frame, metadata, problems.unfinished + lost)


def _by_id(frame: pl.DataFrame, values: Mapping[str, object], kind: pl.DataType) -> pl.Series:
    """The value for each row's problem, null if there is none. The rows are not copied."""
    return pl.Series([values.get(key) for key in frame["problem_id"]], dtype=kind)


def difficulty(text: str) -> float | None:
    """The number from 1 to 10 that `text` consists of, after any thought; None if it contains anything else."""
    match = _NUMBER.fullmatch(after_own_thought(text).strip().strip("*").strip())
    number = float(match[1]) if match else 0.0
    return number if EASIEST <= number <= HARDEST else None


def _request(problem: dict[str, object], rating: Rating) -> Request:
    user = str(problem["question"]).join(rating.prompt.split("{question}"))
    system = (Message("system", rating.system),) if rating.system else ()
    return request(rating.model, (*system, Message("user", user)), rating.sampling, rating.seed)


def _rated(rating_request: Request, replies: Replies) -> tuple[float | None, str | None]:
    """The difficulty, or the reason why there is none."""
    reply = replies.completions.get(rating_request.id)
    if reply is None:
        return None, f"not rated: {replies.errors.get(rating_request.id)}"
    if reply["finish_reason"] != "stop":
        return None, f"not rated: the rating did not finish: {reply['finish_reason']}"
    text = str(reply["text"])
    number = difficulty(text)
    return number, None if number is not None else f"not rated: no number from 1 to 10 but {text.strip()[:SHOWN]!r}"


def _outside(number: float, wanted: Range) -> str | None:
    low, high = wanted
    return None if low <= number <= high else f"difficulty {number:g} is outside {low:g}-{high:g}"
