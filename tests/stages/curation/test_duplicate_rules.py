"""Which benchmark items count as held out."""

import polars as pl

from skyassets.stages.curation.duplicate_rules import contaminated, with_question
from skyassets.stages.deduplication.contamination import Decontamination

QUESTION = "A boat needs four hours upstream and three downstream; how fast is the river it crosses?"
ITEMS = pl.DataFrame(
    {
        "problem_id": ["p1", "p2", "p3"],
        "benchmark": ["boats"] * 3,
        "question": [QUESTION, None, "  "],
        "set_aside": ["its own reference is judged wrong: test 1 of 1: time limit", "no question", "no question"],
    }
)


def test_an_item_that_is_set_aside_today_is_still_held_out() -> None:
    items = with_question(ITEMS)
    assert items["problem_id"].to_list() == ["p1"]
    assert list(contaminated({"mine": f"Solve: {QUESTION}"}, items, Decontamination())) == ["mine"]
