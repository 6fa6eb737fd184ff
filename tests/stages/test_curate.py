"""Curation: every rewrite is kept or dropped with the first rule it failed, and nothing wrong is ever kept."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import GateError
from skyassets.core.ports import Conversation
from skyassets.core.tables import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REWRITES, VERDICTS
from skyassets.recipes.smoke import smoke
from skyassets.stages.contamination import Decontamination
from skyassets.stages.curate import RULES, Curation, conversations, curate
from skyassets.stages.structure import Structured, join

CURATION = Curation(per_problem=1, decontamination=Decontamination(), cutoff=50, minimum=0)
PROMPTS = smoke().student_prompts
QUESTION = "How many legs do seven spiders have when they all sit still together?"
HELD_OUT = "A boat needs four hours upstream and three downstream; how fast is the river it crosses?"


def problem(number: int, question: str) -> dict[str, object]:
    blank = dict.fromkeys(PROBLEMS.columns)
    named = {"problem_id": f"p{number}", "source": "s", "name": f"n{number}", "family": "f", "domain": "maths"}
    return {**blank, **named, "question": question, "ground_truth": "1", "licence": "CC0-1.0"}


def rewrite(number: int, of: int, solution: str = "1", failed: str | None = None) -> dict[str, object]:
    text = None if failed else join(Structured("t" * (number + 1), solution))
    return {
        "rewrite_id": f"r{number}", "trace_id": f"t{number}", "problem_id": f"p{of}", "completion_id": None,
        "rewriter": "rules", "thought": None, "solution": None, "rewritten": text, "failed": failed,
    }  # fmt: skip


def verdict(number: int, subject: str, said: str) -> dict[str, object]:
    return {
        "verdict_id": f"{subject}{number}", "subject": subject, "trace_id": f"t{number}",
        "rewrite_id": f"r{number}" if subject == "rewrite" else None, "problem_id": "p", "verdict": said,
        "reason": "because", "answer": None, "backend": "test",
    }  # fmt: skip


def words(many: list[Conversation] | object) -> list[int]:
    assert isinstance(many, list)
    return [sum(len(turn.content.split()) for turn in one.messages) for one in many]


def curated(
    rewrites: list[dict[str, object]],
    said: dict[int, tuple[str, str]] | None = None,
    questions: tuple[str, ...] = (QUESTION,),
    curation: Curation = CURATION,
) -> pl.DataFrame:
    verdicts = []
    for row in rewrites:
        number = int(str(row["rewrite_id"])[1:])
        trace, own = (said or {}).get(number, ("correct", "correct"))
        verdicts += [verdict(number, "trace", trace), verdict(number, "rewrite", own)]
    benchmark = BENCHMARK_PROBLEMS.frame([{**problem(99, HELD_OUT), "benchmark": "b"}])
    problems = PROBLEMS.frame([problem(number, text) for number, text in enumerate(questions)])
    made = curate(
        REWRITES.frame(rewrites), VERDICTS.frame(verdicts), problems, benchmark, curation, PROMPTS, words
    )  # fmt: skip
    return made.frame


def dropped(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(frame.select("rewrite_id", "dropped_by").iter_rows())


@pytest.mark.parametrize(
    ("rows", "said", "questions", "rule"),
    [
        ([rewrite(0, 0, failed="no answer")], {}, (QUESTION,), "rewrite made"),
        ([rewrite(0, 0)], {0: ("wrong", "correct")}, (QUESTION,), "trace correct"),
        ([rewrite(0, 0)], {0: ("unjudged", "correct")}, (QUESTION,), "trace correct"),
        ([rewrite(0, 0)], {0: ("correct", "unjudged")}, (QUESTION,), "rewrite correct"),
        ([rewrite(0, 0)], {}, (f"Solve: {HELD_OUT}",), "not in a benchmark"),
        ([rewrite(0, 0, solution="word " * 60)], {}, (QUESTION,), "fits the cutoff"),
    ],
)
def test_each_rule_drops_what_it_is_for(
    rows: list[dict[str, object]], said: dict[int, tuple[str, str]], questions: tuple[str, ...], rule: str
) -> None:
    frame = curated(rows, said, questions)
    assert dropped(frame) == {"r0": rule}
    assert frame["evidence"].null_count() == 0
    assert frame["messages"].null_count() == 1


def test_the_shortest_right_rewrite_of_a_problem_is_chosen() -> None:
    frame = curated([rewrite(2, 0), rewrite(0, 0), rewrite(1, 0)])
    assert dropped(frame) == {"r0": None, "r1": RULES[5], "r2": RULES[5]}


def test_a_question_asked_twice_is_learned_once() -> None:
    frame = curated([rewrite(0, 0), rewrite(1, 1)], questions=(QUESTION, f" {QUESTION} "))
    assert sorted(map(str, dropped(frame).values())) == ["None", "question new"]


def test_too_few_examples_stop_the_run_with_the_waterfall() -> None:
    few = Curation(per_problem=1, decontamination=Decontamination(), cutoff=50, minimum=2)
    with pytest.raises(GateError, match="trace correct: 1"):
        curated([rewrite(0, 0)], {0: ("wrong", "wrong")}, curation=few)


@given(st.lists(st.tuples(st.sampled_from(["correct", "wrong", "unjudged"]), st.booleans()), max_size=12))
def test_every_rewrite_is_accounted_for_and_only_right_ones_are_kept(drawn: list[tuple[str, bool]]) -> None:
    rows = [
        rewrite(number, number % 3, failed="broken" if broken else None) for number, (_, broken) in enumerate(drawn)
    ]
    said = {number: (verdict_, "correct") for number, (verdict_, _) in enumerate(drawn)}
    frame = curated(rows, said, (QUESTION, QUESTION[::-1], HELD_OUT[::-1]))
    assert sorted(frame["rewrite_id"]) == sorted(str(row["rewrite_id"]) for row in rows)
    kept = frame.filter(pl.col("dropped_by").is_null())
    assert (kept["trace_verdict"] == "correct").all()
    assert kept["problem_id"].is_unique().all()
    assert {row["dropped_by"] for row in frame.iter_rows(named=True)} <= {None, *RULES}
    assert len(conversations(frame)) == kept.height


def test_both_forms_of_an_example_say_the_same() -> None:
    (row,) = curated([rewrite(0, 0)]).iter_rows(named=True)
    assert [turn["content"] for turn in row["messages"]] == [turn["value"] for turn in row["conversations"]]
    assert row["messages"][-1]["role"] == row["conversations"][-1]["from"] == "assistant"
    assert set(row) == set(EXAMPLES.columns)
