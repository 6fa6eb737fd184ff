"""The budget, the ledger and the forecast, on real runs that are paid by the token to a server of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from assets.pipeline import ROWS, Pipeline
from engines.faulty import MODEL, faulty, request
from shell import SELECT_ALL, Shell
from stages.asking import ModelProvider

from skyassets.core.errors import BudgetError
from skyassets.core.money import Budget, Price
from skyassets.core.ports import Sampling
from skyassets.core.rows.ledger import LedgerEntries, LedgerEvent
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, EXAMPLES, LEDGER, TRACES
from skyassets.project.estimate import CallEstimate
from skyassets.project.project import Project
from skyassets.recipes.smoke import TINY
from skyassets.stages.inspection.forecast import Line
from skyassets.stages.inspection.ledger import COMPLETION_COLUMNS, ledger
from skyassets.stages.rewriting.rewrite import ModelRewriting
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.usage import COST, SPENT

PRICE = Price(1000.0, 1000.0, as_of="2026-01-01", source="this test")
CALLS = 2 * len(ROWS)
A_LITTLE = 0.25
"""Enough for some of the teacher's calls and not for all."""
REWRITING = ModelRewriting(
    TINY, "You rewrite.", "{question} Structure it: <|begin_of_thought|>. {trace}", Sampling(0.7, 64), seed=5, tries=1
)


@dataclass(frozen=True)
class Server:
    """A tiny model server of its own process, and the log of its calls."""

    url: str
    log: Path

    def calls(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@contextmanager
def serving(folder: Path, delay: float = 0.0) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "paid-calls.jsonl"
    command = [sys.executable, "-m", "fake_server", "--port", str(port), "--log", str(log)]
    process = subprocess.Popen([*command, "--delay", str(delay)])
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{port}/v1", log)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def paid(tmp_path: Path, server: Server) -> Pipeline:
    """A pipeline whose teacher is paid by the token."""
    pipeline = Pipeline(tmp_path)
    pipeline.deployment = replace(pipeline.deployment, urls={"teacher": (server.url,)}, prices={"teacher": PRICE})
    return pipeline


def errors(result: dg.ExecuteInProcessResult) -> str:
    return "".join(str(event.event_specific_data) for event in result.all_events if event.is_step_failure)


def ledger_of(pipeline: Pipeline) -> pl.DataFrame:
    return pl.read_parquet(pipeline.store.folder / f"{LEDGER.name}.parquet")


def forecast(pipeline: Pipeline, pilot: int, budget: float | None = None, run: str = "forecast") -> dict[str, Line]:
    estimate = CallEstimate(
        Project(pipeline.recipe, pipeline.deployment), pilot, Budget(budget), lambda line: None, run
    )
    return {line.role: line for line in estimate.lines()}


def test_a_run_stops_before_exceeding_its_budget_and_a_larger_one_pays_only_for_the_rest(
    paid: Pipeline, server: Server
) -> None:
    paid.deployment = replace(paid.deployment, budget=A_LITTLE)
    stopped = paid.materialize()
    assert not stopped.success
    assert "the budget is $0.2500" in errors(stopped)
    assert "raise SKYASSETS_BUDGET" in errors(stopped)
    assert not paid.store.path(TRACES).exists()

    first = server.calls()
    assert 0 < first < CALLS
    assert Project(paid.recipe, paid.deployment).rows.everything(["asked_for"]).height == first
    (entry,) = ledger_of(paid).iter_rows(named=True)
    assert entry["calls"] == first
    assert 0 < entry["dollars"] <= A_LITTLE

    paid.deployment = replace(paid.deployment, budget=10.0)
    paid.run()
    assert server.calls() == CALLS
    rows = ledger_of(paid).filter(asset="teacher_traces")
    assert rows["calls"].sum() == CALLS
    assert rows["reused_rows"].sum() == first
    manifest = paid.store.manifest(TRACES)
    assert manifest is not None
    assert manifest.metadata[COST] == pytest.approx(rows["dollars"].sum())
    assert manifest.metadata[SPENT] == pytest.approx(rows["dollars"].sum() - entry["dollars"])

    accepted = paid.store.read(EXAMPLES)["dropped_by"].null_count()
    examples = paid.store.manifest(EXAMPLES)
    assert examples is not None
    assert examples.metadata["dollars per accepted row"] == pytest.approx(rows["dollars"].sum() / accepted)


@pytest.mark.parametrize("budget", [0.0, 0.05])
def test_a_budget_below_the_price_of_one_call_makes_none(paid: Pipeline, server: Server, budget: float) -> None:
    paid.deployment = replace(paid.deployment, budget=budget)
    assert "the next call could cost" in errors(paid.materialize())
    assert server.calls() == 0


def test_the_smaller_of_two_budgets_counts(paid: Pipeline) -> None:
    paid.recipe = replace(paid.recipe, budget=A_LITTLE)
    paid.deployment = replace(paid.deployment, budget=5.0)
    assert "the budget is $0.2500" in errors(paid.materialize())


def test_a_public_server_without_a_price_is_not_called(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.deployment = replace(pipeline.deployment, urls={"teacher": ("https://models.example.com/v1",)})
    output = errors(pipeline.materialize())
    assert "the price of tiny at https://models.example.com/v1 is unknown" in output
    assert "export SKYASSETS_TEACHER_PRICE" in output


def test_a_rerun_that_changes_nothing_spends_nothing_and_reports_it(paid: Pipeline, server: Server) -> None:
    paid.run()
    calls, before = server.calls(), ledger_of(paid)
    result = paid.materialize()
    (traces,) = [
        event.step_materialization_data.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey("teacher_traces")
    ]
    assert traces[SPENT].value == 0.0
    assert traces[COST].value > 0
    assert server.calls() == calls
    assert ledger_of(paid).equals(before)


def test_a_failed_call_that_may_have_cost_money_is_in_the_ledger(tmp_path: Path) -> None:
    store, entries = RowStore(tmp_path, COMPLETIONS), LedgerEntries(tmp_path)
    with faulty() as server:
        client = server.client(timeout=0.3, attempts=2, price=PRICE)

        class Paid(ModelProvider):
            @contextmanager
            def serve(self, *given: object) -> Iterator[object]:  # type: ignore[override]
                yield client

        by = Completer(
            store, Paid(server.url), lambda tally: None, asked_for="mine/teacher_traces", run="r", record=entries.add
        )
        requests = [request("a"), request("b: hang..."), request("c: 400")]
        replies = by.complete(MODEL, requests)
    assert set(replies.errors) == {"b", "c"}
    costly, free = sorted(entries.read().iter_rows(named=True), key=lambda row: -row["dollars"])
    assert costly["event"] == free["event"] == LedgerEvent.FAILED.value
    assert costly["dollars"] == pytest.approx(2 * PRICE.worst(requests[1]))
    assert (free["count"], free["dollars"]) == (1, 0.0)
    (row,) = ledger("mine", store.everything(COMPLETION_COLUMNS), entries.read()).iter_rows(named=True)
    assert (row["calls"], row["failed_calls"]) == (1, 2)
    assert row["dollars"] == pytest.approx(client.run_budget.spent)


def test_machine_hours_are_in_the_ledger_and_charged_to_the_budget(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.deployment = replace(pipeline.deployment, hour_price=3.0)
    project, run_budget = Project(pipeline.recipe, pipeline.deployment), Budget()
    count = project.accounts.metered(LedgerEvent.SERVING, "teacher_traces", "m@1", "r", run_budget)
    for _ in range(4):
        count(30.0, 8)
    project.accounts.publish()
    (row,) = ledger_of(pipeline).iter_rows(named=True)
    assert (row["machine_seconds"], row["gpu_hours"]) == (120.0, pytest.approx(8 / 30))
    assert row["dollars"] == pytest.approx(0.8)
    assert row["dollars"] == pytest.approx(run_budget.spent)


def test_a_training_has_its_hours_in_the_ledger(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.run()
    (row,) = ledger_of(pipeline).filter(asset="checkpoint").iter_rows(named=True)
    assert row["machine_seconds"] > 0
    assert row["calls"] == 0


def test_a_forecast_without_a_pilot_has_the_calls_but_not_their_lengths(paid: Pipeline, server: Server) -> None:
    lines = forecast(paid, pilot=0)
    assert {role: line.calls for role, line in lines.items()} == {"teacher": CALLS, "base": 12, "student": 12}
    assert lines["teacher"].lengths is None
    assert lines["teacher"].dollars_p50 is None
    assert lines["teacher"].worst is not None
    assert server.calls() == 0


def test_a_pilots_calls_are_reused_and_the_run_makes_exactly_those_forecast(paid: Pipeline, server: Server) -> None:
    lines = forecast(paid, pilot=4)
    assert server.calls() == 4
    assert (lines["teacher"].stored, lines["teacher"].calls) == (4, CALLS - 4)
    low, mean, high = (getattr(lines["teacher"], name) for name in ("dollars_p50", "dollars_mean", "dollars_p95"))
    assert 0 < low <= high
    paid.run()
    assert server.calls() == CALLS
    rows = ledger_of(paid).filter(asset="teacher_traces")
    assert rows["calls"].sum() == CALLS
    spent = rows.filter(pl.col("run") != "forecast")["dollars"].sum()
    assert 0.5 * mean < spent < 2 * mean

    after = forecast(paid, pilot=4)
    assert {role: line.calls for role, line in after.items()} == {"teacher": 0, "base": 0, "student": 0}
    assert server.calls() == CALLS


def test_a_pilot_does_not_exceed_the_budget_either(paid: Pipeline, server: Server) -> None:
    with pytest.raises(BudgetError, match="everything so far is kept"):
        forecast(paid, pilot=CALLS, budget=A_LITTLE)
    assert 0 < server.calls() < CALLS


def test_a_rewriter_without_traces_is_forecast_like_its_teacher(paid: Pipeline) -> None:
    paid.recipe = replace(paid.recipe, rewriting=REWRITING)
    assert forecast(paid, pilot=0)["rewriter"].calls == CALLS
    piloted = forecast(paid, pilot=4)
    assert "do not exist yet" in piloted["rewriter"].note
    assert piloted["rewriter"].lengths is not None
    # It asked the rewriter about the traces of the teacher's pilot, and takes the others to be like these.
    assert 0 < piloted["rewriter"].stored <= 4
    assert CALLS - 4 >= piloted["rewriter"].calls >= (CALLS - 4) / 4


def test_with_all_traces_stored_the_rewriters_calls_are_exact(paid: Pipeline) -> None:
    paid.run()
    paid.recipe = replace(paid.recipe, rewriting=REWRITING)
    expected = forecast(paid, pilot=0)
    distinct = paid.store.read(TRACES).select("problem_id", "text").unique().height
    assert (expected["teacher"].calls, expected["rewriter"].calls) == (0, distinct)
    before = paid.calls()
    paid.run()
    assert paid.calls() - before in (distinct, distinct + 12)  # 12: another student, if its examples changed
    assert forecast(paid, pilot=0)["rewriter"].calls == 0


def test_the_exit_code_says_whether_the_expected_cost_fits_the_budget(tmp_path: Path, server: Server) -> None:
    shell = Shell(tmp_path)
    deployment = {"SKYASSETS_TEACHER_URL": server.url, "SKYASSETS_TEACHER_PRICE": "1000,1000"}
    piloted = shell.run("skyassets", "forecast", "--pilot", "3", "--budget", "5", **deployment)
    assert piloted.returncode == 0, piloted.stdout
    assert "budget $5.00: it fits" in piloted.stdout
    stored = shell.run("skyassets", "forecast", "--pilot", "0", "--budget", "0.1", "--json", **deployment)
    assert stored.returncode == 1, stored.stdout
    data = json.loads(stored.stdout)
    assert (data["fits"], data["budget"]) == (False, 0.1)
    assert [line["calls"] for line in data["lines"]] == [24 - 3, 12 - 3, 12]
    assert server.calls() == 3
    shell.run("skyassets", "forecast", "--pilot", "2", **deployment)
    assert server.calls() == 5
    runs = RowStore(shell.data / "rows", COMPLETIONS).everything(["run"])["run"]
    assert runs.n_unique() == 2  # each pilot is a run of its own, and no rate spans two of them
    wrong = shell.run("skyassets", "forecast", "--budget", "much", **deployment)
    assert wrong.returncode == 2
    assert "--budget is 'much'; it must be an amount of dollars" in wrong.stdout


def test_a_kill_loses_no_cost_in_the_ledger(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    with serving(tmp_path, delay=0.1) as server:
        deployment = {
            "SKYASSETS_TEACHER_URL": server.url,
            "SKYASSETS_TEACHER_PRICE": "1000,1000",
            "SKYASSETS_CONCURRENCY": "2",
        }
        rows = RowStore(shell.data / "rows", COMPLETIONS)
        with shell.started(*SELECT_ALL, **deployment) as (run, _):
            while run.poll() is None and (durable := rows.everything([]).height) < 7:
                time.sleep(0.01)
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        call_count = server.calls()
    done = shell.run("skyassets", "ledger", "--json")
    assert done.returncode == 0, done.stdout
    (row,) = json.loads(done.stdout)["rows"]
    assert 7 <= durable <= row["calls"] <= call_count
    stored = rows.everything(["dollars"])
    assert row["calls"] == stored.height
    assert row["dollars"] > 0
    assert row["dollars"] == pytest.approx(stored["dollars"].sum())
    printed = shell.run("skyassets", "ledger")
    assert "teacher_traces" in printed.stdout
    assert "cost of the last run" in printed.stdout
