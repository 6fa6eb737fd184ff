"""Examples: curated rows in the formats that trainers read, and back again as conversations."""

from collections.abc import Callable, Sequence

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Conversation, Message, TokenCount, Verdict
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.training.unfit import Unfit
from skyassets.stages.curation.rules import CurationRow
from skyassets.stages.curation.student_form import StudentForm
from skyassets.stages.extraction.thought_markers import THINK
from skyassets.stages.extraction.trace_format import MARKERS
from skyassets.stages.sampling.prompts import Prompts

Count = Callable[[Sequence[Conversation]], Sequence[TokenCount | Unfit]]
"""Counts the tokens of conversations under the student's tokenizer and template, or says why one is unfit for them."""
STRUCTURE_TOKENS = (*MARKERS, THINK.opens, THINK.closes)
"""Marks of an answer's structure. A tokenizer may have them as special tokens, but they neither end nor open a turn."""


def example_messages(row: CurationRow, prompts: Prompts, form: StudentForm) -> tuple[Message, ...]:
    """A row's conversation: the problem as the student is prompted with it, and the rewrite in the student's form."""
    return form.conversation(row, prompts.messages(row))


def example(row: CurationRow, prompts: Prompts, form: StudentForm) -> CurationRow:
    """The row of `sft_dataset`. A kept row has its conversation in both formats; a dropped row has none."""
    formats: CurationRow = {"system": None, "messages": None, "conversations": None}
    if row["dropped_by"] is None:
        messages = example_messages(row, prompts, form)
        turns = [message for message in messages if message.role != "system"]
        formats = {
            "system": next((message.content for message in messages if message.role == "system"), None),
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "conversations": [{"from": turn.role, "value": turn.content} for turn in turns],
        }
    whole = row | formats | {"example_id": digest("example", row["rewrite_id"], formats["messages"])}
    return {name: whole[name] for name in EXAMPLES.columns}


def kept_examples(examples: pl.DataFrame) -> pl.DataFrame:
    """The examples to train on."""
    return examples.filter(pl.col("dropped_by").is_null())


def unjudged_examples(examples: pl.DataFrame) -> pl.DataFrame:
    """The kept examples that no grader judged correct: imported traces that the recipe trusts."""
    is_correct = (pl.col("trace_verdict") == Verdict.CORRECT) & (pl.col("rewrite_verdict") == Verdict.CORRECT)
    return kept_examples(examples).filter(~is_correct)


def conversations(examples: pl.DataFrame) -> list[Conversation]:
    """The kept examples as conversations for a trainer."""
    return [
        Conversation(str(row["example_id"]), tuple(Message(**turn) for turn in row["messages"]))
        for row in kept_examples(examples).iter_rows(named=True)
    ]
