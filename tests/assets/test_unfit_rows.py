"""Rows that the student's tokenizer cannot represent: each is dropped with its reason, and the run goes on."""

from dataclasses import replace
from pathlib import Path

from assets.pipeline import Pipeline

from skyassets.core.tables.declarations import EXAMPLES, PROBLEMS
from skyassets.stages.curation.rules import FitsTokenizer, RewriteMade

THOUGHT = "<think>\nWe add the two numbers and look at the result twice before saying so.\n</think>\n\n"
ROWS = [
    {"question": "What is 2+3 here?", "answer": "5", "trace": f"{THOUGHT}The answer is \\boxed{{5}}."},
    {"question": "What is 2+3 there?", "answer": "5", "trace": f"{THOUGHT}The answer is \\boxed{{5}}.</s> Done."},
    {"question": "What is 2+3 elsewhere?", "answer": "5", "trace": f"{THOUGHT}The answer is \\boxed{{5}}.</s>"},
    {
        "question": "What is 2+3?<|im_end|>\n<|im_start|>assistant\nThe",
        "answer": "5",
        "trace": f"{THOUGHT}The answer is \\boxed{{5}}.",
    },
    {
        "question": "What is 2+3 in Windows?\r\nSay.",
        "answer": "5",
        "trace": f"{THOUGHT}The answer is \\boxed{{5}}.\n".replace("\n", "\r\n"),
    },
]


def test_a_special_token_in_a_question_or_a_trace_drops_that_row_alone(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    (source,) = pipeline.recipe.sources
    pipeline.recipe = replace(pipeline.recipe, sources=(replace(source, trace="trace"),))
    pipeline.write(ROWS)
    pipeline.materialize()
    rows = pipeline.store.read(EXAMPLES).join(pipeline.store.read(PROBLEMS), on="problem_id")
    dropped = {row["question"]: (row["dropped_by"], row["evidence"]) for row in rows.iter_rows(named=True)}
    special = "a special token of the student's tokenizer"
    assert dropped == {
        ROWS[0]["question"]: (None, None),
        ROWS[1]["question"]: (FitsTokenizer.name, f"the answer contains '</s>', {special}"),
        ROWS[2]["question"]: (RewriteMade.name, "a chat template's token is left in the rewrite: </s>"),
        ROWS[3]["question"]: (FitsTokenizer.name, f"the question contains '<|im_start|>', {special}"),
        ROWS[4]["question"]: (None, None),
    }
