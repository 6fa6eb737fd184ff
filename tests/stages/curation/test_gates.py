"""The gates: each has its number, and each is broken by the fault it looks for."""

import polars as pl
import pytest
from stages.curating import FIRST, HELD_OUT, QUESTION, curated, problem, rewrite

from skyassets.core.errors import RecipeError
from skyassets.stages.curation.gates import NAMES, Bounds, CheckResult, Gates, check_gates
from skyassets.stages.curation.rules import FitsCutoff, verified
from skyassets.stages.curation.selection import Group

MATHS = Group("domain", ("maths",))
LOOSE = (*FIRST, FitsCutoff(1000))


def held(examples: pl.DataFrame, **gates: object) -> dict[str, CheckResult]:
    return {each.name: each for each in check_gates(examples, Gates(**gates))}  # type: ignore[arg-type]


def broken(examples: pl.DataFrame, **gates: object) -> set[str]:
    return {name for name, finding in held(examples, **gates).items() if not finding.passed}


def two() -> pl.DataFrame:
    problems = [problem(0), problem(1, HELD_OUT, domain="puzzle")]
    return curated([rewrite(0, 0), rewrite(1, 1)], problems, LOOSE)


def test_a_good_table_keeps_every_gate_and_each_has_numbers() -> None:
    gates = held(two())
    assert tuple(gates) == NAMES
    assert all(finding.passed and finding.numbers for finding in gates.values())


def test_too_few_rows_break_the_minimum() -> None:
    assert broken(two(), minimum=3) == {"minimum_rows"}


def test_the_same_question_under_two_ids_is_a_duplicate() -> None:
    twice = curated([rewrite(0, 0), rewrite(1, 1)], [problem(0), problem(1, f"{QUESTION}  ")], LOOSE)
    assert broken(twice) == {"no_duplicates"}
    assert held(twice)["no_duplicates"].numbers["the same question of another problem"] == 1
    assert not broken(twice, duplicates=1)


def test_the_same_answer_to_a_question_is_a_duplicate() -> None:
    text = rewrite(0, 0)["rewritten"]
    twice = curated([rewrite(0, 0), rewrite(1, 0, text=text)], rules=LOOSE)
    assert held(twice)["no_duplicates"].numbers["the same question and answer"] == 1


def test_two_answers_to_a_question_are_no_duplicate() -> None:
    assert not broken(curated([rewrite(0, 0), rewrite(1, 0)], rules=LOOSE))


def test_rows_taken_on_trust_lower_the_verified_rate() -> None:
    problems = [problem(0), problem(1, HELD_OUT, ground_truth=None, imported_trace="...")]
    rules = (*verified(trust_imported=True), FitsCutoff(1000))
    half = curated([rewrite(0, 0), rewrite(1, 1)], problems, rules, said={1: ("unjudged", "unjudged")})
    assert broken(half) == {"verified_rate"}
    assert held(half)["verified_rate"].numbers["rate"] == 0.5
    assert not broken(half, verified=0.5)


def test_rewrites_that_fail_lower_the_format_rate() -> None:
    half = curated([rewrite(0, 0), rewrite(1, 0, failed="no markers")], rules=LOOSE)
    assert broken(half, formed=0.6) == {"format_rate"}
    assert not broken(half, formed=0.5)


def test_traces_that_were_cut_lower_the_finished_rate_alone() -> None:
    half = curated([rewrite(0, 0), rewrite(1, 0, failed="cut")], rules=LOOSE, ends={1: "length"})
    assert broken(half, finished=0.6, formed=1.0) == {"finished_rate"}
    assert held(half)["finished_rate"].numbers["ended with length"] == 1


def test_another_script_breaks_the_language_mix() -> None:
    assert broken(curated([rewrite(0, 0, solution="答案是一")], rules=LOOSE)) == {"language_mix"}


@pytest.mark.parametrize(("low", "high", "is_kept"), [(0.4, 0.6, True), (0.6, 1.0, False), (0.0, 0.4, False)])
def test_a_share_out_of_bounds_breaks_the_mixture(low: float, high: float, is_kept: bool) -> None:
    assert broken(two(), mixture=(Bounds(MATHS, low, high),)) == (set() if is_kept else {"mixture"})


def test_without_kept_rows_only_the_minimum_is_broken() -> None:
    assert broken(curated([rewrite(0, 0)], rules=LOOSE, said={0: ("wrong", "wrong")})) == {"minimum_rows"}


def test_an_unknown_gate_cannot_be_reported() -> None:
    with pytest.raises(RecipeError, match=r"is none of minimum_rows.* mixture, held_out_is_apart"):
        Gates(reported=("speed", "held_out_is_apart"))
