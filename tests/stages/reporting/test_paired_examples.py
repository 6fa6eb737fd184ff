"""Paired examples: the same items every time, won and lost, without unjudged answers."""

import random

import polars as pl

from skyassets.stages.reporting.paired_examples import LONGEST_TEXT, MOST_EXAMPLES, SCORE_COLUMNS, choose, with_texts


def answers(*rows_of: tuple[str, str, str, str, int], benchmark: str = "sums") -> pl.DataFrame:
    """Problem, role, strict, lenient, tokens; the answer's id is all of it."""
    rows = [
        {
            "answer_id": "|".join(map(str, (benchmark, number, *each))),
            "benchmark": benchmark,
            "problem_id": each[0],
            "role": each[1],
            "strict": each[2],
            "lenient": each[3],
            "completion_tokens": each[4],
        }
        for number, each in enumerate(rows_of)
    ]
    return pl.DataFrame(rows).select(SCORE_COLUMNS)


RIGHT, WRONG, UNJUDGED = "correct", "wrong", "unjudged"
FOUR = answers(
    ("won", "student", RIGHT, RIGHT, 9),
    ("won", "base", WRONG, RIGHT, 5),
    ("lost", "student", WRONG, WRONG, 3),
    ("lost", "base", RIGHT, RIGHT, 4),
    ("both", "student", RIGHT, RIGHT, 1),
    ("both", "base", RIGHT, RIGHT, 1),
    ("unjudged", "student", RIGHT, RIGHT, 1),
    ("unjudged", "base", UNJUDGED, UNJUDGED, 1),
    ("alone", "student", RIGHT, RIGHT, 1),
)


def test_won_and_lost_items_and_no_others() -> None:
    assert [(each.problem_id, each.is_won) for each in choose(FOUR, {})] == [("won", True), ("lost", False)]


def test_the_headline_decides_by_which_verdict() -> None:
    assert [each.problem_id for each in choose(FOUR, {"sums": "lenient accuracy"})] == ["lost"]


def test_the_order_of_the_rows_changes_nothing() -> None:
    mixed = FOUR.sample(fraction=1.0, shuffle=True, seed=1)
    assert choose(mixed, {}) == choose(FOUR, {})


def test_of_several_samples_the_shortest_deciding_one_is_shown() -> None:
    several = answers(
        ("a", "student", RIGHT, RIGHT, 30),
        ("a", "student", RIGHT, RIGHT, 20),
        ("a", "student", WRONG, WRONG, 2),
        ("a", "base", WRONG, WRONG, 8),
        ("a", "base", WRONG, WRONG, 7),
        ("a", "base", RIGHT, RIGHT, 1),
    )
    (pair,) = choose(several, {})
    assert pair.is_won
    assert pair.student.endswith("|20")
    assert pair.base.endswith("|7")


def test_the_shortest_items_are_shown_and_few_of_many_benchmarks() -> None:
    dice = random.Random(2)
    parts = []
    for number in range(30):
        items = [(f"p{n}", role, mark, mark, dice.randint(1, 99)) for n in range(9)
                 for role, mark in (("student", RIGHT), ("base", WRONG))]  # fmt: skip
        parts.append(answers(*items, benchmark=f"set {number:02}"))
    assert len(choose(pl.concat(parts), {})) <= MOST_EXAMPLES
    (first, *_) = choose(parts[0], {})
    totals = parts[0].group_by("problem_id").agg(pl.col("completion_tokens").sum()).sort("completion_tokens")
    assert first.problem_id == totals["problem_id"][0]


def test_long_texts_are_cut_with_a_mark() -> None:
    pairs = choose(FOUR, {})
    ids = [ident for each in pairs for ident in (each.student, each.base)]
    texts = pl.DataFrame(
        {
            "answer_id": ids,
            "problem_id": ["x"] * len(ids),
            "text": ["y" * (2 * LONGEST_TEXT), None, "short", "short"],
            "finish_reason": ["stop"] * len(ids),
            "completion_tokens": [1] * len(ids),
            "strict_reason": ["equal"] * len(ids),
            "lenient_reason": ["equal"] * len(ids),
        }
    )
    problems = pl.DataFrame({"problem_id": ["won", "lost"], "question": ["Why?", "How?"], "ground_truth": ["42", None]})
    won, lost = with_texts(pairs, texts, problems)
    assert f"{LONGEST_TEXT:,} characters" in won.student.text
    assert (won.base.text, won.ground_truth, lost.ground_truth) == ("", "42", "")


def test_without_answers_there_are_no_examples() -> None:
    assert choose(FOUR.head(0), {}) == []
