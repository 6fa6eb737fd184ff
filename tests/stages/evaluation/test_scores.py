"""The rows of the report: who, on which part, by which metric, and what is left out."""

import polars as pl
import pytest
from stages.answered import MADE_WITH, answers, benchmark

from skyassets.core.tables.declarations import REPORTS
from skyassets.stages.evaluation.item_scores import item_scores
from skyassets.stages.evaluation.metrics import headlines
from skyassets.stages.evaluation.scores import pairs, report
from skyassets.stages.statistics.estimates import pass_at_k

MARKS = (
    ("base", "p1", "rAAA"), ("base", "p2", "AABB"), ("base", "p3", "rrrr"), ("base", "p4", "uu-u"),
    ("student", "p1", "rrrA"), ("student", "p2", "rABB"), ("student", "p3", "rrrA"), ("student", "p4", "rrrr"),
    ("other", "p1", "rrrr"), ("other", "p2", "rrrr"), ("other", "p3", "rrrr"), ("other", "p4", "rrrr"),
)  # fmt: skip


def reported(table: pl.DataFrame, contaminated: dict[str, str] | None = None, **more: object) -> pl.DataFrame:
    return report(item_scores(table.lazy()), [benchmark(**more)], MADE_WITH, contaminated or {}).frame


def row(rows: pl.DataFrame, role: str, metric: str, by: str = "all", part: str = "all") -> dict[str, object]:
    return rows.row(
        by_predicate=(pl.col("role") == role) & (pl.col("metric") == metric) & (pl.col("by") == by)
        & (pl.col("part") == part), named=True,
    )  # fmt: skip


def test_the_mean_over_samples_is_the_mean_of_the_items() -> None:
    result = row(reported(answers(*MARKS)), "base", "strict accuracy")
    assert result["value"] == pytest.approx((1 / 4 + 0 + 1) / 3)
    assert (result["n"], result["samples"], result["unjudged"], result["p_value"]) == (3, 12, 1, None)


def test_pass_at_k_is_the_mean_over_items() -> None:
    result = row(reported(answers(*MARKS), k=(1, 2)), "student", "strict pass@2")
    expected = [pass_at_k(4, right, 2) for right in (3, 1, 3, 4)]
    assert result["value"] == pytest.approx(sum(expected) / 4)


def test_an_item_with_fewer_judged_samples_than_k_is_left_out() -> None:
    table = answers(("base", "p1", "rAuu"), ("base", "p2", "rAAA"))
    result = row(reported(table, k=(3,)), "base", "strict pass@3")
    assert (result["n"], result["unjudged"]) == (1, 1)


def test_two_are_compared_on_the_items_that_both_have() -> None:
    result = row(reported(answers(*MARKS)), "student - base", "strict accuracy")
    assert (result["n"], result["won"], result["lost"]) == (3, 2, 1)
    assert result["value"] == pytest.approx((0.5 + 0.25 - 0.25) / 3)
    assert result["checkpoint_id"] == "c"


def test_every_model_is_compared_with_base_and_student() -> None:
    assert pairs(["base", "other", "student"]) == [("student", "base"), ("student", "other"), ("other", "base")]
    assert pairs(["other", "student"]) == [("student", "other")]
    rows = reported(answers(*MARKS))
    assert row(rows, "other - base", "strict accuracy")["checkpoint_id"] is None
    assert row(rows, "student - other", "strict accuracy")["checkpoint_id"] == "c"


def test_one_family_is_no_cut_and_two_are() -> None:
    one, two = answers(*MARKS[:3], family="f"), answers(*MARKS[4:7], family="f")
    assert set(reported(pl.concat([one, two]))["by"]) == {"all"}
    mixed = pl.concat([one, two]).with_columns(
        family=pl.when(pl.col("problem_id") == "p1").then(pl.lit("g")).otherwise("family"),
        level=pl.when(pl.col("problem_id") == "p1").then(pl.lit("5")).otherwise(pl.lit("1")),
    )
    rows = reported(mixed)
    assert set(rows.select("by", "part").iter_rows()) == {
        ("all", "all"), ("family", "f"), ("family", "g"), ("level", "1"), ("level", "5"),
    }  # fmt: skip
    assert row(rows, "base", "strict accuracy", "level", "5")["value"] == 0.25


def test_contaminated_items_are_reported_separately() -> None:
    rows = reported(answers(*MARKS), {"p3": "seen", "elsewhere": "seen"})
    assert row(rows, "base", "strict accuracy", "training set", "contaminated")["value"] == 1
    assert row(rows, "base", "strict accuracy", "training set", "clean")["value"] == pytest.approx(1 / 8)
    assert row(rows, "student - base", "strict accuracy", "training set", "clean")["n"] == 2
    assert "training set" not in set(reported(answers(*MARKS), {"elsewhere": "seen"})["by"])


def test_the_metadata_counts_comparisons_and_contaminated_items() -> None:
    result = report(item_scores(answers(*MARKS).lazy()), [benchmark()], MADE_WITH, {"p3": "seen"})
    assert result.metadata["items found in the training set"] == "1 of 4"
    assert result.metadata["comparisons"] == result.frame["p_value"].count()


@pytest.mark.parametrize(("samples", "k"), [(1, ()), (4, (1, 2, 4))])
def test_every_possible_headline_metric_of_a_benchmark_is_reported(samples: int, k: tuple[int, ...]) -> None:
    marks = [(role, problem, letters[:samples]) for role, problem, letters in MARKS]
    heads = headlines(benchmark(k=k), samples)
    assert len(heads) == (3 if samples == 1 else 9)
    assert set(heads) <= set(reported(answers(*marks), k=k)["metric"])


def test_the_order_of_the_answers_changes_nothing() -> None:
    table = answers(*MARKS)
    once, again = reported(table, k=(2,)), reported(table.sample(fraction=1, shuffle=True, seed=3), k=(2,))
    assert once.equals(again)
    assert once.columns == list(REPORTS.columns)
