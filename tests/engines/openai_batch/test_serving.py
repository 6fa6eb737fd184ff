"""The Batch API: half the price, resumed after a kill; every row is answered or explained, and none is paid twice."""

import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.batch import BatchServer, batch_server
from engines.faulty import MODEL, request
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import Budget, Price
from skyassets.core.ports import Reply
from skyassets.core.rows.ledger import LedgerEntry, LedgerEvent
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.openai_batch.records import BatchRecord, BatchRecords, server_name
from skyassets.stages.sampling.completions import Completer

PRICE = Price(1.0, 2.0, as_of="2026-01-01", source="the test")
ROW = (1000 * 1.0 + 500 * 2.0) / 1e6 / 2
"""The cost of each answered row in a batch."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BatchServer]:
    with batch_server(tmp_path) as running:
        yield running


def test_every_row_is_answered_by_a_batch_at_half_the_price(server: BatchServer) -> None:
    replies = server.ask("a: ok", "b: ok", price=PRICE)
    assert {name: (one.text, one.finish_reason) for name, one in replies.items()} == {
        "a": ("answer to a", "stop"),
        "b": ("answer to b", "stop"),
    }
    assert all(one.dollars == ROW and one.served_by == "here (batch)" and one.at for one in replies.values())
    assert server.seen()["paid"] == {"a": 1, "b": 1}


def test_a_row_of_a_batch_is_the_live_request_under_its_id(server: BatchServer) -> None:
    server.ask("a: ok")
    [row] = server.seen()["rows"]
    assert row == {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": Dialect.of(server.url).body(request("a: ok"), "alpha"),
    }


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("400", "400: row bad is bad"),
        ("500", "500: row bad is bad"),
        ("lost", "has no line for the row"),
        ("noise", "no line for the row, but 1 unreadable ones"),
        ("empty", "an empty text in the answer"),
    ],
)
def test_a_bad_row_has_its_own_error_and_only_it_is_retried_by_the_next_run(
    server: BatchServer, word: str, reason: str
) -> None:
    replies = server.ask("good: ok", f"bad: {word}", price=PRICE)
    assert (replies["good"].error, replies["bad"].finish_reason) == (None, "error")
    assert reason in str(replies["bad"].error)
    assert server.ask(f"bad: {word}", price=PRICE)["bad"].error
    assert server.ask(f"bad: {word}")["bad"].error
    assert server.seen()["paid"] == {"good": 1, "bad": 3}


def test_an_answer_without_a_completion_costs_what_it_cost(server: BatchServer) -> None:
    assert server.ask("a: empty", price=PRICE)["a"].dollars == ROW


def test_a_parameter_that_a_batch_refuses_is_sent_otherwise_in_the_next(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--refuse", "seed") as server:
        replies = server.ask(*(f"r{n}: ok" for n in range(12)), price=PRICE)
        assert [(reply.error, reply.dollars) for reply in replies.values()] == [(None, ROW)] * 12
        seen = server.seen()
    assert [("seed" in row["body"], row["body"].get("random_seed")) for row in seen["rows"]] == (
        [(True, None)] * 12 + [(False, 11)] * 12
    )


NOT_SENT = '{"not sent": ["temperature"]}'


def test_a_batch_of_an_earlier_run_is_read_in_the_dialect_in_which_it_was_created(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--refuse", "temperature", "--play", "look=ok,ok,500...") as server:
        with pytest.raises(ServerError, match="the next run finds them"):
            server.ask("a: ok", "b: ok", patience=0.2)
        server.play(look=[])
        assert {one.sent for one in server.ask("a: ok", "b: ok").values()} == {NOT_SENT}
        assert server.seen()["paid"] == {"a": 2, "b": 2}  # the server of the test counts refused rows too


def test_stop_strings_that_an_earlier_run_could_not_send_are_cut_here(tmp_path: Path) -> None:
    rows = [request(f"{name}: ok", stop=("END",)) for name in "ab"]
    texts: list[str] = []
    options = ("--refuse", "stop", "--say", "kept END not kept", "--play", "look=ok,ok,500...")
    with batch_server(tmp_path, *options) as server:
        with pytest.raises(ServerError, match="the next run finds them"):
            server.batch(patience=0.2).ask(rows, lambda reply: None)
        server.play(look=[])
        server.batch().ask(rows, lambda reply: texts.append(reply.text))
    assert texts == ["kept ", "kept "]


def test_a_batch_that_was_taken_as_it_was_stays_so_after_another_one_was_refused(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--refuse", "temperature", "--looks", "30,1", "--play", "look=500...") as server:
        with pytest.raises(ServerError, match="the next run finds them"):
            server.ask("a: taken", patience=0.1)
        server.play(look=[])
        replies = server.ask("a: taken", "b: ok")
        assert {name: (one.error, one.sent) for name, one in replies.items()} == {
            "a": (None, ""),
            "b": (None, NOT_SENT),
        }
        again = server.ask("a: taken", "b: ok")  # both are collected, and only read
        assert {name: one.sent for name, one in again.items()} == {"a": "", "b": NOT_SENT}
        assert [one["rows"] for one in server.seen()["batches"]] == [1, 1, 1]


def test_several_refused_batches_change_the_dialect_once(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--refuse", "seed") as server:
        replies = server.ask(*(f"r{n}: ok" for n in range(6)), most_rows=2)
        assert [reply.error for reply in replies.values()] == [None] * 6
        assert sum("all requests are now sent" in line for line in server.lines) == 1
        assert sum(batch["rows"] for batch in server.seen()["batches"]) == 12


def test_rows_over_the_budget_do_not_hinder_another_dialect(tmp_path: Path) -> None:
    rows = [request(f"r{number}: ok", max_tokens=1000) for number in range(3)]
    replies: list[Reply] = []
    with batch_server(tmp_path, "--refuse", "temperature") as server:
        budget = Budget(2.5 * PRICE.worst(rows[0]) / 2)
        with pytest.raises(BudgetError, match="the 1 rows that were not sent"):
            server.batch(price=PRICE, run_budget=budget).ask(rows, replies.append)
        more = server.batch(price=PRICE)
        more.ask(rows, replies.append)
    assert sorted((reply.id, reply.sent) for reply in replies) == sorted(
        [("r0", NOT_SENT), ("r1", NOT_SENT)] * 2 + [("r2", NOT_SENT)]
    )
    assert math.isclose(budget.spent, 2 * ROW)


def test_a_record_of_an_earlier_version_is_read_in_the_dialect_of_the_host(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "look=500...") as server:
        with pytest.raises(ServerError):
            server.ask("a: ok", patience=0.1)
        for path in server.folder.glob("*.json"):
            values = json.loads(path.read_text())
            del values["dialect"]
            path.write_text(json.dumps(values))
        server.play(look=[])
        reply = server.ask("a: ok")["a"]
        assert (reply.error, reply.sent, server.seen()["paid"]) == (None, "", {"a": 1})


@given(
    host=st.sampled_from(("http://here/v1", "https://api.openai.com/v1", "https://api.mistral.ai/v1")),
    refused=st.lists(st.sampled_from(("temperature", "top_p", "seed", "random_seed", "stop", "max_tokens"))),
)
@settings(max_examples=50, deadline=None)
def test_a_dialect_is_recorded_whole(tmp_path_factory: pytest.TempPathFactory, host: str, refused: list[str]) -> None:
    dialect = Dialect.of(host)
    for name in refused:
        body = dialect.body(request("a: ok", stop=("END",), top_p=0.9), "alpha")
        dialect = dialect.after(f"Unsupported parameter: '{name}' is not supported.", body) or dialect
    records = BatchRecords(tmp_path_factory.mktemp("records"))
    record = BatchRecord("d", "here", "alpha", ("a", "b"), at=1.0, dialect=dialect)
    records.write(record)
    assert list(records.of("here", "alpha")) == [record]


def test_a_batch_whose_rows_are_all_refused_stops_the_run_in_the_servers_words(tmp_path: Path) -> None:
    with (
        batch_server(tmp_path, "--refuse", "messages") as server,
        pytest.raises(ServerError, match=r"all 12 rows of batch .* were refused with .*'messages' is not supported"),
    ):
        server.ask(*(f"r{n}: ok" for n in range(12)), price=PRICE)


def test_a_row_of_a_batch_that_was_paid_for_in_vain_is_paid_for_once(tmp_path: Path) -> None:
    entries: list[LedgerEntry] = []
    rows = [request("a: ok"), request("b: empty"), request("c: 500")]
    with batch_server(tmp_path) as server:
        completer = Completer(
            RowStore(tmp_path, COMPLETIONS), server.batch(price=PRICE), lambda tally: None, record=entries.append
        )
        first, again = completer.complete(MODEL, rows), completer.complete(MODEL, rows)
        assert server.seen()["paid"] == {"a": 1, "b": 1, "c": 2}
    assert first.errors == again.errors
    assert (sorted(first.errors), first.final, first.unfinished) == (["b", "c"], {"b"}, 1)
    failed = [entry for entry in entries if entry.event is LedgerEvent.FAILED]
    assert [(entry.count, entry.dollars) for entry in failed] == [(1, ROW), (1, 0.0), (1, 0.0)]


def test_a_repeated_line_is_one_reply(server: BatchServer) -> None:
    assert server.ask("a: twice")["a"].error is None


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_batch_that_ended_early_keeps_its_completed_rows(tmp_path: Path, end: str) -> None:
    with batch_server(tmp_path, "--ends", f"{end},completed") as server:
        replies = server.ask("a: ok", "b: late")
        assert (replies["a"].error, replies["b"].text) == (None, "")
        assert f"batch_{end}" in str(replies["b"].error)
        assert server.ask("b: late")["b"].error is None
        assert server.seen()["paid"] == {"a": 1, "b": 2}


def test_a_batch_cancelled_by_hand_while_it_runs_ends_the_ask(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--looks", "1000") as server:
        client = server.batch()
        client.log = lambda line: server.cancel("batch_0") if "in_progress" in line else None
        errors: dict[str, str | None] = {}
        client.ask([request("a: ok"), request("b: late")], lambda reply: errors.update({reply.id: reply.error}))
    assert errors == {"a": None, "b": "batch_cancelled: This request could not be executed in time."}


def test_a_refused_batch_reports_why_and_is_retried(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--ends", "failed=model_not_found,completed") as server:
        with pytest.raises(
            ServerError, match=r"batch_0 with 2 rows for alpha is rejected: it is so: model_not_found \(l"
        ):
            server.ask("a: ok", "b: ok")
        assert server.ask("a: ok", "b: ok")["a"].error is None
        assert server.seen()["paid"] == {"a": 1, "b": 1}


def test_rows_beyond_a_files_limits_go_into_several_batches(server: BatchServer) -> None:
    rows = [f"row{number}: ok" for number in range(7)]
    server.ask(*rows, most_rows=3)
    assert [batch["rows"] for batch in server.seen()["batches"]] == [3, 3, 1]
    size = len(json.dumps(server.seen()["rows"][0])) + 1
    server.ask(*[f"other{number}: ok" for number in range(4)], most_bytes=int(2.5 * size))
    assert [batch["rows"] for batch in server.seen()["batches"]][3:] == [2, 2]


def test_a_row_larger_than_a_file_is_explained_and_affects_no_other(server: BatchServer) -> None:
    replies = server.ask("a: ok", "b: ok" + "k" * 5000, most_bytes=1000)
    assert (replies["a"].error, "larger than the file" in str(replies["b"].error)) == (None, True)


def test_a_full_queue_waits_for_the_batches_before(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--queue", "4") as server:
        server.ask(*[f"row{number}: ok" for number in range(9)], most_rows=3)
        assert set(server.seen()["paid"].values()) == {1}
        assert any("sent again after the batches before it" in line for line in server.lines)


def test_a_batch_too_large_for_the_queue_is_halved_until_it_fits(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--queue", "2") as server:
        server.ask(*[f"row{number}: ok" for number in range(8)])
        assert set(server.seen()["paid"].values()) == {1}
        assert len(server.seen()["paid"]) == 8
        assert max(one["rows"] for one in server.seen()["batches"] if one["status"] == "completed") == 2


def test_a_single_row_too_large_for_the_queue_ends_the_ask(tmp_path: Path) -> None:
    with (
        batch_server(tmp_path, "--queue", "0") as server,
        pytest.raises(ServerError, match="1 rows for alpha is rejected"),
    ):
        server.ask("a: ok", "b: ok")


@pytest.mark.parametrize("kind", ["upload", "create", "list", "look", "fetch"])
@pytest.mark.parametrize("word", ["429", "500", "503", "reset", "cut-json", "html"])
def test_a_transient_error_is_retried(tmp_path: Path, kind: str, word: str) -> None:
    if kind == "fetch" and word in ("cut-json", "html"):
        word = "noise"
    with batch_server(tmp_path, "--play", f"{kind}={word},{word}") as server:
        assert server.ask("a: ok", "b: ok")["a"].error is None
        assert server.seen()["paid"] == {"a": 1, "b": 1}


def test_a_download_that_breaks_off_is_retried(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "fetch=cut-body,cut-body") as server:
        assert server.ask("a: ok")["a"].error is None
        assert server.seen()["calls"]["fetch"] == 3


def test_a_retry_after_is_honoured(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "look=429-1") as server:
        began = time.monotonic()
        server.ask("a: ok")
        assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("word", ["reset-after", "500-after", "html-after", "cut-json-after"])
def test_a_batch_created_without_a_response_is_found_and_not_created_twice(tmp_path: Path, word: str) -> None:
    with batch_server(tmp_path, "--play", f"create={word}") as server:
        assert server.ask("a: ok", "b: ok")["a"].error is None
        assert (len(server.seen()["batches"]), server.seen()["paid"]) == (1, {"a": 1, "b": 1})


@pytest.mark.parametrize("kind", ["upload", "create", "list", "look"])
@pytest.mark.parametrize("word", ["401", "404", "400"])
def test_a_refusal_stops_at_once(tmp_path: Path, kind: str, word: str) -> None:
    with batch_server(tmp_path, "--play", f"{kind}={word}...") as server:
        with pytest.raises(ServerError, match=word):
            server.ask("a: ok")
        assert server.seen()["calls"][kind] == 1


def test_a_server_that_only_fails_is_given_up_and_its_batch_found_by_the_next_run(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "look=500...") as server:
        with pytest.raises(ServerError, match=r"every request failed.*the next run finds them"):
            server.ask("a: ok", patience=0.2)
        server.play(look=[])
        assert server.ask("a: ok")["a"].error is None
        assert server.seen()["paid"] == {"a": 1}


def test_a_missing_server_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no server responds"):
        BatchServer(9, tmp_path).ask("a: ok", patience=600.0)


def test_waiting_for_a_batch_that_never_ends_has_a_limit(tmp_path: Path) -> None:
    with (
        batch_server(tmp_path, "--ends", "stuck") as server,
        pytest.raises(ServerError, match="hours after its"),
    ):
        server.ask("a: ok")


def test_a_batch_of_another_account_is_not_silently_bought_again(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "look=500...") as server:
        with pytest.raises(ServerError):
            server.ask("a: ok", patience=0.1)
        server.play(look=["404..."])
        with pytest.raises(ServerError, match=r"use the key it was created with, or remove .*json"):
            server.ask("a: ok")
        server.play(look=[])
        assert server.ask("a: ok")["a"].error is None
        assert server.seen()["paid"] == {"a": 1}


def test_replies_that_were_lost_after_they_were_collected_are_read_again_not_bought(server: BatchServer) -> None:
    server.ask("a: ok", "b: ok")
    run_budget = Budget(1.0)
    assert server.ask("a: ok", "c: ok", price=PRICE, run_budget=run_budget)["a"].dollars == ROW
    assert math.isclose(run_budget.spent, ROW)
    assert server.seen()["paid"] == {"a": 1, "b": 1, "c": 1}


def test_collected_replies_that_the_server_has_deleted_are_bought_again(server: BatchServer) -> None:
    server.ask("a: ok")
    server.play(fetch=["404"])
    assert server.ask("a: ok")["a"].error is None
    assert server.seen()["paid"] == {"a": 2}


def test_files_that_turn_up_late_are_waited_for(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "fetch=404,404") as server:
        assert server.ask("a: ok")["a"].error is None
        assert server.seen()["paid"] == {"a": 1}


def test_a_batch_is_found_by_the_list_when_the_notes_are_gone(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--play", "look=500...") as server:
        with pytest.raises(ServerError):
            server.ask("a: ok", "b: ok", patience=0.1)
        for note in server.folder.glob("*.json"):
            note.unlink()
        server.play(look=[])
        server.ask("a: ok", "b: ok")
        assert server.seen()["paid"] == {"a": 1, "b": 1}


def test_what_fits_the_budget_is_sent_and_the_rest_is_reported(server: BatchServer) -> None:
    rows = [request(f"row{number}: ok", max_tokens=1000) for number in range(5)]
    worst = PRICE.worst(rows[0]) / 2
    run_budget = Budget(2.5 * worst)
    ids: list[str] = []
    with pytest.raises(BudgetError, match=r"the 3 rows that were not sent could cost \$0.003"):
        server.batch(price=PRICE, run_budget=run_budget).ask(rows, lambda reply: ids.append(reply.id))
    assert sorted(ids) == ["row0", "row1"]
    assert math.isclose(run_budget.spent, 2 * ROW)
    assert run_budget.reserved == 0
    assert server.seen()["paid"] == {"row0": 1, "row1": 1}


def test_a_budget_too_small_for_any_row_creates_no_batch(server: BatchServer) -> None:
    with pytest.raises(BudgetError, match="the 1 rows that were not sent"):
        server.ask("a: ok", price=PRICE, run_budget=Budget(0.0))
    assert server.seen()["batches"] == []


def test_money_for_a_batch_that_is_still_running_stays_reserved(tmp_path: Path) -> None:
    run_budget = Budget(1.0)
    with batch_server(tmp_path, "--play", "look=401...") as server, pytest.raises(ServerError):
        server.ask("a: ok", price=PRICE, run_budget=run_budget)
    assert math.isclose(run_budget.reserved, PRICE.worst(request("a: ok")) / 2)


def test_money_for_a_batch_that_was_never_created_is_released(tmp_path: Path) -> None:
    run_budget = Budget(1.0)
    with batch_server(tmp_path, "--play", "upload=401...") as server, pytest.raises(ServerError):
        server.ask("a: ok", price=PRICE, run_budget=run_budget)
    assert run_budget.reserved == 0


def test_the_key_is_sent_and_written_nowhere(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--key", "sk-secret") as server:
        with pytest.raises(ServerError, match="the API key is rejected"):
            server.ask("a: ok", api_key="sk-wrong")
        server.ask("a: ok", api_key="sk-secret")
        assert "sk-" not in repr(server.batch(api_key="sk-secret"))
        written = b"".join(path.read_bytes() for path in server.folder.rglob("*") if path.is_file())
        assert b"sk-" not in written
        assert not any("sk-" in line for line in server.lines)
    assert server_name("https://me:sk-secret@host:8000/v1/?key=sk-secret") == "host:8000/v1"


def test_azure_gets_the_key_in_its_own_header_alone(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--key", "sk-secret") as server:
        replies = server.ask("a: ok", api_key="sk-secret", query="?api-version=2024-10-21")
    assert replies["a"].error is None


def test_progress_reports_counts_hours_and_the_end(server: BatchServer) -> None:
    server.ask("a: ok")
    assert any("in_progress, 0/1 rows done, 0 failed, 0.0 h old, expires in 24.0 h" in line for line in server.lines)


def test_rows_are_in_flight_until_they_are_collected(server: BatchServer) -> None:
    in_flight: list[int] = []
    client = server.batch()
    client.log = lambda line: in_flight.append(client.in_flight)
    client.ask([request("a: ok"), request("b: ok")], lambda reply: None)
    assert (max(in_flight), client.in_flight) == (2, 0)


def test_no_requests_make_no_call(server: BatchServer) -> None:
    server.ask()
    assert server.seen()["calls"] == {}


def test_a_batch_cannot_serve_own_weights(server: BatchServer) -> None:
    with (
        pytest.raises(ServerError, match="serve it from this machine"),
        server.batch().serve(MODEL, Path("made/here")),
    ):
        pytest.fail("served")


def test_another_model_or_server_has_its_own_notes(server: BatchServer) -> None:
    server.ask("a: ok")
    records = BatchRecords(server.folder)
    assert [record.ids for record in records.of(server_name(server.url), "alpha")] == [("a",)]
    assert list(records.of(server_name(server.url), "beta")) == []
    assert list(records.of("elsewhere/v1", "alpha")) == []


CLIENT = Path(__file__).parents[1] / "batch.py"
COUNT = 10


def client(server: BatchServer, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, CLIENT, server.url, folder, str(COUNT)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(server: BatchServer, folder: Path) -> None:
    """Run the client to its end: it must have every row, each paid once."""
    run = client(server, folder)
    assert run.communicate(timeout=60)[0] == f"{COUNT} 0\n"
    assert server.seen()["paid"] == {f"row {number}": 1 for number in range(COUNT)}


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("list", "hang"),
        ("upload", "hang"),
        ("upload", "hang-after"),
        ("create", "hang"),
        ("create", "hang-after"),
        ("look", "hang"),
        ("fetch", "hang"),
    ],
)
@pytest.mark.parametrize("before", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_after_a_kill_at_any_step_the_next_run_pays_for_nothing_twice(
    tmp_path: Path, kind: str, word: str, before: int
) -> None:
    with batch_server(tmp_path, "--play", f"{kind}={'ok,' * before}{word}") as server:
        run = client(server, tmp_path)
        while not server.seen()["hanging"] and run.poll() is None:
            time.sleep(0.01)
        run.kill()
        run.wait()
        finished(server, tmp_path)


@pytest.mark.parametrize("before", [2, 4, 6, 8])
def test_a_run_killed_after_it_changed_the_dialect_leaves_batches_that_are_read_right(
    tmp_path: Path, before: int
) -> None:
    with batch_server(tmp_path, "--refuse", "temperature", "--play", f"look={'ok,' * before}hang") as server:
        run = client(server, tmp_path)
        while not server.seen()["hanging"] and run.poll() is None:
            time.sleep(0.01)
        run.kill()
        run.wait()
        assert client(server, tmp_path).communicate(timeout=60)[0] == f"{COUNT} 0\n"
    stored = RowStore(tmp_path, COMPLETIONS).everything(["sent"])
    assert stored["sent"].to_list() == [NOT_SENT] * COUNT


def test_after_repeated_random_kills_every_row_is_paid_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with batch_server(tmp_path, "--looks", "20") as server:
        finished(server, tmp_path / "whole")
    whole = time.monotonic() - began
    with batch_server(tmp_path, "--looks", "20") as server:
        dice = random.Random(7)
        kills = 0
        for _ in range(12):
            run = client(server, tmp_path)
            time.sleep(whole * dice.random())
            kills += run.poll() is None
            run.kill()
            run.wait()
        assert kills
        finished(server, tmp_path)


def test_two_runs_at_once_pay_for_nothing_twice(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--looks", "10") as server:
        runs = [client(server, tmp_path) for _ in range(2)]
        assert [run.communicate(timeout=60)[0] for run in runs] == [f"{COUNT} 0\n"] * 2
        assert set(server.seen()["paid"].values()) == {1}
