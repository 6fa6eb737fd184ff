"""Drift: what counts as a move, what is named as its cause, and what is never named."""

import itertools
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.evaluation.drift import ManifestChange, PastReport, drift, manifest_changes
from skyassets.stages.evaluation.drift_text import drift_text, verdict
from skyassets.stages.statistics.multiple import holm

MADE_WITH = {
    "epoch": "first",
    "evaluation.seed of the epoch": 1,
    "base.model": "org/base",
    "base.revision": "abc",
    "base.engine": "vllm 0.31.0",
    "base.chat template": "t1",
    "student.model": "org/base-student",
    "student.revision": "c1",
    "student.engine": "vllm 0.31.0",
    "checkpoint.id": "c1",
    "graders.version": "g1",
    "benchmark.maths.sampling": "temperature 0.7",
    "data.benchmark_answers": "a1",
    "answered by.commit": None,
}


def items(base: list[float], student: list[float], benchmark: str = "maths") -> pl.DataFrame:
    rows = [
        {"benchmark": benchmark, "role": role, "problem_id": f"p{place:03d}", "strict": score, "lenient": score}
        for role, scores in (("base", base), ("student", student))
        for place, score in enumerate(scores)
    ]
    return pl.DataFrame(rows, schema_overrides={"strict": pl.Float64, "lenient": pl.Float64})


def past(name: str, base: list[float], student: list[float], **other: object) -> PastReport:
    changes = {key.replace("__", ".").replace("_of_", " "): value for key, value in other.items()}
    made_with = {**MADE_WITH, "epoch": name, "data.benchmark_answers": name, **changes}
    return PastReport(name, made_with, items(base, student))


HALF = [1.0, 0.0] * 30
WORSE = [0.0, 0.0] * 30


def test_equal_scores_are_no_drift() -> None:
    result = drift(past("e2", HALF, HALF), [past("e1", HALF, HALF)])
    assert len(result.score_changes) == 4
    assert not result.drifted
    assert verdict(result) == "No score moved beyond noise (4 comparisons), and nothing changed."


def test_a_moved_score_is_named_with_its_points_and_what_changed() -> None:
    result = drift(past("e2", HALF, WORSE, student__engine="vllm 0.32.0"), [past("e1", HALF, HALF)])
    assert {(move.role, move.metric) for move in result.drifted} == {
        ("student", "strict accuracy"),
        ("student", "lenient accuracy"),
    }
    (move, _) = result.drifted
    assert (move.points, move.items, move.against) == (-50.0, 60, "e1")
    assert result.likely_causes == (ManifestChange("student.engine", "vllm 0.31.0", "vllm 0.32.0"),)
    text = drift_text(result)
    assert "2 of 4 scores moved beyond noise. Changed since: engine." in text
    assert "-50.0 points on 60 items" in text


def test_a_move_without_a_change_is_reported_as_such() -> None:
    result = drift(past("e2", HALF, WORSE), [past("e1", HALF, HALF)])
    assert "Nothing in the manifest changed" in verdict(result)


def test_a_change_without_a_move_is_reported_too() -> None:
    result = drift(past("e2", HALF, HALF, graders__version="g2"), [past("e1", HALF, HALF)])
    assert verdict(result) == "No score moved beyond noise (4 comparisons), although grader changed."


def test_base_and_student_moving_together_point_at_engine_or_graders() -> None:
    result = drift(past("e2", WORSE, WORSE), [past("e1", HALF, HALF)])
    assert result.together == ("maths",)
    assert "points to the engine or the graders" in verdict(result)
    assert drift(past("e2", WORSE, [1.0] * 60), [past("e1", HALF, HALF)]).together == ()


def test_a_new_checkpoint_is_no_drift_of_the_student_and_the_base_is_compared_still() -> None:
    result = drift(past("e2", HALF, WORSE, checkpoint__id="c2"), [past("e1", HALF, HALF)])
    assert {move.role for move in result.score_changes} == {"base"}
    assert not result.drifted


def test_each_role_is_compared_with_the_latest_report_of_its_own_model() -> None:
    first, second = past("e1", HALF, HALF), past("e2", HALF, WORSE, checkpoint__id="c2")
    result = drift(past("e3", HALF, HALF), [first, second])
    assert {move.role: move.against for move in result.score_changes} == {"base": "e2", "student": "e1"}


def test_a_report_that_was_only_written_again_is_no_other_time() -> None:
    again = past("e2", WORSE, WORSE)
    rewritten = PastReport("e2 again", again.made_with, again.items)
    result = drift(rewritten, [past("e1", HALF, HALF), again])
    assert {move.against for move in result.score_changes} == {"e1"}


def test_the_items_that_both_have_are_compared_and_no_others() -> None:
    now = past("e2", HALF, HALF)
    fewer = PastReport(now.name, now.made_with, now.items.filter(pl.col("problem_id") < "p020"))
    assert {move.items for move in drift(fewer, [past("e1", HALF, HALF)]).score_changes} == {20}


def test_unjudged_items_are_left_out() -> None:
    now = past("e2", HALF, HALF)
    holes = now.items.with_columns(strict=pl.when(pl.col("problem_id") <= "p009").then("strict"))
    result = drift(PastReport(now.name, now.made_with, holes), [past("e1", HALF, HALF)])
    assert {(move.metric, move.items) for move in result.score_changes} == {
        ("strict accuracy", 10),
        ("lenient accuracy", 60),
    }


def test_expected_differences_between_epochs_are_no_change() -> None:
    other = {**MADE_WITH, "epoch": "e2", "evaluation.seed of the epoch": 2, "data.benchmark_answers": "a2"}
    assert manifest_changes("student", MADE_WITH, other) == ()


def test_the_students_changes_are_not_listed_for_the_base() -> None:
    other = {**MADE_WITH, "student.engine": "tiny", "checkpoint.id": "c2", "data.sft_dataset": "d2"}
    assert manifest_changes("base", MADE_WITH, other) == ()
    assert {change.name for change in manifest_changes("student", MADE_WITH, other)} == {
        "student.engine",
        "checkpoint.id",
        "data.sft_dataset",
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("base.engine", "engine"),
        ("base.chat template", "template"),
        ("base.tokenizer", "template"),
        ("base.tokenizers", "engine"),
        ("base.dtype", "weights"),
        ("base.weights revision", "weights"),
        ("graders.python", "grader"),
        ("graders.programs judged by", "grader"),
        ("benchmark.maths.sampling", "sampling"),
        ("benchmark.a.engine b.prompt", "sampling"),
        ("base.gpu", "hardware"),
        ("data.benchmark_problems", "items"),
        ("answered by.commit", "code"),
    ],
)
def test_a_change_is_named_by_its_kind(name: str, kind: str) -> None:
    assert ManifestChange(name, 1, 2).kind == kind


def test_the_likeliest_cause_comes_first() -> None:
    other = {**MADE_WITH, "answered by.commit": "x", "graders.version": "g2", "base.engine": "vllm 0.32.0"}
    assert [change.kind for change in manifest_changes("base", MADE_WITH, other)] == ["engine", "grader", "code"]


@given(st.lists(st.floats(0, 1), max_size=7))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    """Marcus, Peritz and Gabriel 1976: a claim is accepted when every set of claims that contains it is refuted."""
    places = range(len(p_values))
    sets = [chosen for size in places for chosen in itertools.combinations(places, size + 1)]
    refuted = {chosen: min(1.0, len(chosen) * min(p_values[place] for place in chosen)) for chosen in sets}
    closed = [max(p for chosen, p in refuted.items() if place in chosen) for place in places]
    assert holm(p_values) == pytest.approx(closed, abs=1e-12)


def test_chance_is_called_drift_in_at_most_one_check_of_twenty() -> None:
    dice = random.Random(5)
    rates = [dice.betavariate(2, 2) for _ in range(100)]

    def scores() -> list[float]:
        return [float(dice.random() < rate) for rate in rates]

    called = sum(
        bool(drift(past("e2", scores(), scores()), [past("e1", scores(), scores())]).drifted) for _ in range(200)
    )
    assert called <= 200 * 0.05


def test_a_text_from_the_manifest_is_escaped_in_markdown() -> None:
    result = drift(past("e2", HALF, WORSE, student__engine="<b>[x](y)`"), [past("e1", HALF, HALF)])
    assert "<b>" not in drift_text(result)
    assert "[x]" not in drift_text(result)
