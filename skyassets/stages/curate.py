"""Curation: from judged rewrites to training examples. Nothing is deleted: a dropped row carries the rule it failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.core.errors import GateError
from skyassets.core.identity import digest
from skyassets.core.ports import Conversation, Message, Verdict
from skyassets.core.table_store import Made
from skyassets.core.tables import EXAMPLES
from skyassets.stages.contamination import Decontamination, ItemIndex
from skyassets.stages.prompts import Prompts
from skyassets.stages.sample import usable

Row = dict[str, object]

RULES = (
    "rewrite made",
    "trace correct",
    "rewrite correct",
    "question new",
    "not in a benchmark",
    "among the chosen of its problem",
    "fits the cutoff",
)
"""The rules in the order they are applied; a row's reason is the first one it fails."""


@dataclass(frozen=True)
class Curation:
    """What makes an example worth learning from."""

    per_problem: int
    """How many traces of a problem are kept: the shortest right ones."""
    decontamination: Decontamination
    cutoff: int
    """Longest conversation in tokens of the student's tokenizer; a longer one is dropped, never cut."""
    minimum: int = 1
    """Fewer kept examples than this stop the run before anything is trained on them."""


Count = Callable[[Sequence[Conversation]], list[int]]
"""Counts the tokens of conversations under the student's tokenizer and template."""


def curate(
    rewrites: pl.DataFrame,
    verdicts: pl.DataFrame,
    problems: pl.DataFrame,
    benchmark: pl.DataFrame,
    curation: Curation,
    prompts: Prompts,
    count: Count,
) -> Made:
    """Every rewrite as an example or as a dropped row with its rule and evidence.

    Raises:
        GateError: when fewer than `curation.minimum` are left, with the waterfall that tells why.
    """
    rows = _joined(rewrites, verdicts, problems)
    _apply_rules(rows, usable(benchmark), curation)
    kept = [row for row in rows if row["dropped_by"] is None]
    for row in kept:
        row["messages"] = (*prompts.messages(row), Message("assistant", str(row["rewritten"])))
    lengths = count([Conversation(str(row["rewrite_id"]), _messages(row)) for row in kept])
    for row, length in zip(kept, lengths, strict=True):
        row["example_tokens"] = length
        if length > curation.cutoff:
            _drop(row, "fits the cutoff", f"{length} tokens, the cutoff is {curation.cutoff}")
    waterfall = _waterfall(rows)
    left = waterfall["kept"]
    if left < curation.minimum:
        told = ", ".join(f"{name}: {number}" for name, number in waterfall.items())
        raise GateError(
            f"sft_dataset: {left} of {len(rows)} rewrites are left, the recipe wants at least {curation.minimum}. "
            f"Dropped by rule: {told}. Ask for more samples, choose easier problems, or lower the minimum"
        )
    return Made(EXAMPLES.frame([_example(row) for row in rows]), {"waterfall": waterfall})


def conversations(examples: pl.DataFrame) -> list[Conversation]:
    """The kept examples, as a trainer takes them."""
    kept = examples.filter(pl.col("dropped_by").is_null())
    return [
        Conversation(str(row["example_id"]), tuple(Message(**turn) for turn in row["messages"]))
        for row in kept.iter_rows(named=True)
    ]


def _joined(rewrites: pl.DataFrame, verdicts: pl.DataFrame, problems: pl.DataFrame) -> list[Row]:
    about = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    judged = {
        (row["subject"], row["trace_id"] if row["subject"] == "trace" else row["rewrite_id"]): row
        for row in verdicts.iter_rows(named=True)
    }
    rows: list[Row] = []
    for rewrite in rewrites.iter_rows(named=True):
        trace, own = judged["trace", rewrite["trace_id"]], judged["rewrite", rewrite["rewrite_id"]]
        seen = {"trace_verdict": trace["verdict"], "rewrite_verdict": own["verdict"]}
        reasons = {"trace_reason": trace["reason"], "rewrite_reason": own["reason"]}
        empty = {"dropped_by": None, "evidence": None, "messages": None, "example_tokens": None}
        rows.append({**about[str(rewrite["problem_id"])], **rewrite, **seen, **reasons, **empty})
    return rows


def _apply_rules(rows: list[Row], benchmark: pl.DataFrame, curation: Curation) -> None:
    index = ItemIndex(dict(benchmark.select("problem_id", "question").iter_rows()), curation.decontamination)
    first_with: dict[str, object] = {}
    for row in rows:
        if row["failed"] is not None:
            _drop(row, "rewrite made", row["failed"])
        elif row["trace_verdict"] != Verdict.CORRECT:
            _drop(row, "trace correct", f"{row['trace_verdict']}: {row['trace_reason']}")
        elif row["rewrite_verdict"] != Verdict.CORRECT:
            _drop(row, "rewrite correct", f"{row['rewrite_verdict']}: {row['rewrite_reason']}")
        elif first_with.setdefault(" ".join(str(row["question"]).split()), row["problem_id"]) != row["problem_id"]:
            _drop(row, "question new", "another problem asks the same in the same words")
        elif match := index.match(str(row["question"])):
            _drop(row, "not in a benchmark", str(match))
    alive = [row for row in rows if row["dropped_by"] is None]
    taken: dict[object, list[str]] = {}
    for row in sorted(alive, key=lambda row: (len(str(row["rewritten"])), str(row["rewrite_id"]))):
        chosen = taken.setdefault(row["problem_id"], [])
        if str(row["rewritten"]) in chosen:
            _drop(row, "among the chosen of its problem", "the same words as a chosen one")
        elif len(chosen) >= curation.per_problem:
            _drop(row, "among the chosen of its problem", f"{curation.per_problem} shorter right ones were chosen")
        else:
            chosen.append(str(row["rewritten"]))


def _drop(row: Row, rule: str, evidence: object) -> None:
    row["dropped_by"], row["evidence"] = rule, str(evidence)


def _waterfall(rows: list[Row]) -> dict[str, int]:
    dropped = {rule: sum(row["dropped_by"] == rule for row in rows) for rule in RULES}
    return {"rewrites": len(rows), **dropped, "kept": len(rows) - sum(dropped.values())}


def _messages(row: Row) -> tuple[Message, ...]:
    messages = row["messages"]
    assert isinstance(messages, tuple)
    return messages


def _example(row: Row) -> Row:
    told: Row = {"system": None, "messages": None, "conversations": None}
    if row["dropped_by"] is None:
        messages = _messages(row)
        turns = [message for message in messages if message.role != "system"]
        told = {
            "system": next((message.content for message in messages if message.role == "system"), None),
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "conversations": [{"from": turn.role, "value": turn.content} for turn in turns],
        }
    example_id = digest("example", row["rewrite_id"], told["messages"])
    return {name: (row | told | {"example_id": example_id})[name] for name in EXAMPLES.columns}
