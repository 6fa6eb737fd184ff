"""Grading configuration: how a text is read, and the engines that compare answers and run programs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from skyassets.core.ports import AnswerComparator, Limits, Sandbox
from skyassets.core.rows.judgements import JudgementStore


class Mode(StrEnum):
    """How an answer is extracted from a text."""

    STRICT = "strict"
    """Only the requested form counts: a box, or exactly one code block, in the solution."""
    LENIENT = "lenient"
    """The last stated answer counts, in any form."""


@dataclass(frozen=True)
class Graders:
    """The engines that compare answers and run programs, and the limits of a program."""

    sandbox: Sandbox
    equals: AnswerComparator
    limits: Limits
    store: JudgementStore | None = None
    """The store of past judgements; without one, everything is judged again."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The version of the code that judges programs (`code`) and of the code that judges answers (`answers`)."""
