"""The ledger: every expense is listed once, by asset, model and run."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.tables.declarations import COMPLETIONS, LEDGER, LEDGER_ENTRIES
from skyassets.stages.inspection.ledger import Accepted, ledger, machine_dollars


def completion(number: int, **changed: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COMPLETIONS.columns) | {
        "completion_id": str(number), "model": "tiny@1", "prompt_tokens": 10, "completion_tokens": 5, "seconds": 2.0,
        "at": f"2026-01-01T00:00:{number:02d}", "dollars": 0.5, "asked_for": "smoke/teacher_traces", "run": "one",
    }  # fmt: skip
    return row | changed


def entry(number: int, event: str, **changed: object) -> dict[str, object]:
    row = {
        "entry_id": str(number), "event": event, "asked_for": "smoke/teacher_traces", "model": "tiny@1", "run": "one",
        "at": "2026-01-01T00:01:00", "count": 1, "seconds": 0.0, "gpus": 0, "dollars": 0.0, "error": None,
    }  # fmt: skip
    return row | changed


def ledger_of(completions: list[dict[str, object]], entries: list[dict[str, object]]) -> pl.DataFrame:
    return ledger("smoke", COMPLETIONS.frame(completions), LEDGER_ENTRIES.frame(entries))


def test_one_row_an_asset_model_and_run() -> None:
    rows = [completion(0), completion(1), completion(2, run="two"), completion(3, model="other@1")]
    assert sorted(ledger_of(rows, []).select("model", "run", "calls", "dollars").iter_rows()) == [
        ("other@1", "one", 1, 0.5),
        ("tiny@1", "one", 2, 1.0),
        ("tiny@1", "two", 1, 0.5),
    ]


def test_expenses_without_a_completion_are_added() -> None:
    entries = [
        entry(0, "failed calls", count=1, seconds=3.0, dollars=0.25),
        entry(1, "failed calls", count=7),
        entry(2, "reused rows", count=100),
        entry(3, "serving", seconds=1800.0, gpus=8, dollars=8.0),
    ]
    (row,) = ledger_of([completion(0)], entries).iter_rows(named=True)
    assert (row["calls"], row["failed_calls"], row["reused_rows"]) == (1, 8, 100)
    assert (row["call_dollars"], row["machine_dollars"], row["dollars"]) == (0.75, 8.0, 8.75)
    assert (row["call_seconds"], row["machine_seconds"], row["gpu_hours"]) == (5.0, 1800.0, 4.0)
    assert (row["began"], row["ended"]) == ("2026-01-01T00:00:00", "2026-01-01T00:01:00")


def test_an_unknown_price_makes_the_sum_unknown_and_not_less() -> None:
    (row,) = ledger_of([completion(0), completion(1, dollars=None)], []).iter_rows(named=True)
    assert row["calls"] == 2
    assert row["call_dollars"] is None
    assert row["dollars"] is None


def test_another_recipes_calls_are_its_own() -> None:
    rows = [completion(0, asked_for="smoke2/teacher_traces"), completion(1, asked_for=None)]
    assert ledger_of(rows, []).is_empty()


def test_hours_without_a_call_have_a_row_too() -> None:
    (row,) = ledger_of([], [entry(0, "training", asked_for="smoke/checkpoint", seconds=36.0, gpus=1)]).iter_rows(
        named=True
    )
    assert (row["asset"], row["calls"], row["gpu_hours"], row["dollars"]) == ("checkpoint", 0, 0.01, 0.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.floats(0, 10)), max_size=30))
def test_every_call_and_every_dollar_is_in_the_ledger(calls: list[tuple[str, str, float]]) -> None:
    rows = [completion(n, model=model, run=run, dollars=cost) for n, (model, run, cost) in enumerate(calls)]
    table = ledger_of(rows, [])
    assert table.columns == list(LEDGER.columns)
    assert table["calls"].sum() == len(calls)
    assert table["dollars"].sum() == pytest.approx(sum(cost for _, _, cost in calls))


def test_servers_are_paid_for_by_the_asset_they_ran_for() -> None:
    entries = LEDGER_ENTRIES.frame([
        entry(0, "serving", dollars=2.0), entry(1, "serving", dollars=3.0, run="two"),
        entry(2, "training", dollars=9.0),
        entry(3, "serving", dollars=5.0, asked_for="smoke/benchmark_answers"),
    ])  # fmt: skip
    assert machine_dollars("smoke", "teacher_traces", entries) == 5.0


def test_an_accepted_row_costs_its_share_of_everything() -> None:
    assert Accepted(4, {"teacher_traces": 1.0, "rewritten_traces": 3.0}).dollars_a_row == 1.0
    assert Accepted(0, {"teacher_traces": 1.0}).dollars_a_row is None
    assert Accepted(4, {"teacher_traces": 1.0, "rewritten_traces": None}).dollars is None
