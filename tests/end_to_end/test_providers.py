"""Every way in which a provider answers, through `dagster asset materialize` with the smoke recipe."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from engines.provider import Provider, provider
from shell import Shell

from skyassets.core.rows.ledger import LedgerEntries
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.recipes.smoke import smoke

SELECTED = (
    "dagster",
    "asset",
    "materialize",
    "--select",
    "raw_problems,benchmark_problems,teacher_traces,rewritten_traces,verdicts,sft_dataset",
)
DOLLARS = 1000.0
"""Per million tokens, prompt and completion."""
ROWS = 24
GREEN = (
    "plain", "together", "tgi", "end", "anthropic-words", "null", "gemini", "o-series", "claude", "mistral", "no-seed",
    "no-temperature", "out-of-order", "magistral", "reasoning-details", "rate-limit-in-200", "bad-gateway-in-200",
    "error-in-choice", "empty-at-times", "azure", "digits", "relay", "hidden-thought", "broken-off-at-times",
    "only-thought-at-times", "busy-in-words", "one-row-refused", "names-temperature",
)  # fmt: skip
RED = {
    "new-word": "none of the 24 traces can be used: 24 times 'it ended with satisfied'",
    "refusal": "none of the 24 traces can be used: 24 times 'it ended with refusal'",
    "tool-call": "none of the 24 traces can be used: 24 times 'it ended with tool_calls'",
    "refuses-everything": "This model is retired; see https://example.com/models",
    "no-credit-in-200": "no credit left",
    "no-credit-as-400": "no credit left",
    "no-credit-as-429": "no credit left",
    "web-page": "a web page instead of JSON",
    "limit-too-large": "which is the maximum number of output tokens",
    "redirect": "which is not followed",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


def settings(server: Provider, mode: str) -> dict[str, str]:
    url = server.url(mode)
    if mode == "azure":
        url = f"http://127.0.0.1:{server.port}/azure/openai/deployments/mine?api-version=2024-10-21"
    return {
        "SKYASSETS_TEACHER_URL": url,
        "SKYASSETS_TEACHER_API_KEY": "azure-key",
        "SKYASSETS_TEACHER_PRICE": f"{DOLLARS},{DOLLARS}",
        "SKYASSETS_CONCURRENCY": "8",
    }


def spent(folder: Path) -> tuple[int, float]:
    """Calls and dollars in the ledger."""
    path = folder / "smoke" / "ledger.parquet"
    rows = pl.read_parquet(path).filter(pl.col("asset") == "teacher_traces")
    return int(rows["calls"].sum()), round(float(rows["dollars"].sum()), 9)


@pytest.mark.slow
@pytest.mark.parametrize("mode", GREEN)
def test_no_row_and_no_dollar_is_lost(server: Provider, tmp_path: Path, mode: str) -> None:
    shell = Shell(tmp_path)
    done = shell.run(*SELECTED, **settings(server, mode))
    assert done.returncode == 0, done.stdout
    traces = pl.read_parquet(shell.data / "smoke" / "teacher_traces.parquet")
    assert traces["finish_reason"].to_list() == ["stop"] * ROWS
    examples = pl.read_parquet(shell.data / "smoke" / "sft_dataset.parquet")
    assert examples.height == ROWS
    assert examples.filter(pl.col("dropped_by").is_null()).height > 0
    stored = RowStore(shell.data / "rows", COMPLETIONS).everything(["prompt_tokens", "completion_tokens", "dollars"])
    tokens = stored["prompt_tokens"].sum() + stored["completion_tokens"].sum()
    calls, dollars = spent(shell.data)
    assert calls == ROWS
    assert dollars == pytest.approx(stored["dollars"].sum())
    if not mode.endswith("-at-times"):  # an empty answer is paid for too
        assert dollars == pytest.approx(tokens * DOLLARS / 1e6)
    before = server.seen(mode)["calls"]
    again = shell.run(*SELECTED, **settings(server, mode))
    assert again.returncode == 0
    assert server.seen(mode)["calls"] == before


@pytest.mark.slow
@pytest.mark.parametrize("mode", RED)
def test_a_run_that_makes_nothing_fails_and_says_why(server: Provider, tmp_path: Path, mode: str) -> None:
    shell = Shell(tmp_path)
    before = server.seen(mode)["calls"]
    done = shell.run(*SELECTED, **settings(server, mode))
    assert done.returncode != 0
    assert RED[mode] in done.stdout
    calls = server.seen(mode)["calls"] - before
    assert calls <= ROWS
    if mode in ("refusal", "tool-call", "new-word"):
        traces = pl.read_parquet(shell.data / "smoke" / "teacher_traces.parquet")  # each row has its reason
        assert set(traces["finish_reason"]) == {RED[mode].split()[-1].strip("'")}
        assert shell.run(*SELECTED, **settings(server, mode)).returncode != 0
        assert server.seen(mode)["calls"] - before == calls


@pytest.mark.slow
def test_flagged_texts_are_explained_and_the_others_are_kept(server: Provider, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run(*SELECTED, **settings(server, "some-flagged"))
    assert done.returncode == 0, done.stdout
    traces = pl.read_parquet(shell.data / "smoke" / "teacher_traces.parquet")
    flagged = traces.filter(pl.col("finish_reason") == "error")
    assert traces.height == ROWS
    assert 0 < flagged.height < ROWS
    assert set(flagged["error"]) == {"403: Your input was flagged by moderation. (violence)"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["always-empty", "too-large", "no-completion"])
def test_what_was_paid_for_in_vain_is_paid_for_once_until_it_is_asked_again(
    server: Provider, tmp_path: Path, mode: str
) -> None:
    shell = Shell(tmp_path)
    before = server.seen(mode)["calls"]
    done = shell.run(*SELECTED, **settings(server, mode))
    assert done.returncode == 0, done.stdout
    traces = pl.read_parquet(shell.data / "smoke" / "teacher_traces.parquet")
    failed = traces.filter(pl.col("finish_reason") == "error")
    assert 0 < failed.height < ROWS == traces.height
    assert all("so later runs do not ask it again" in reason for reason in failed["error"])
    calls, account = server.seen(mode)["calls"] - before, spent(shell.data)
    entries = LedgerEntries(shell.data / "rows").read().filter(pl.col("event") == "failed calls")
    stored = RowStore(shell.data / "rows", COMPLETIONS).everything(["dollars"])
    assert account == (ROWS - failed.height, pytest.approx(stored["dollars"].sum() + entries["dollars"].sum()))
    assert shell.run(*SELECTED, **settings(server, mode)).returncode == 0
    # Another pipeline with the same requests: the table is made again, and still without a call.
    (shell.data / "smoke" / "teacher_traces.manifest.json").unlink()
    assert shell.run(*SELECTED, **settings(server, mode)).returncode == 0
    assert (server.seen(mode)["calls"] - before, spent(shell.data)) == (calls, account)
    assert pl.read_parquet(shell.data / "smoke" / "teacher_traces.parquet").equals(traces)

    assert f"Forgot {failed.height} failures of smoke" in shell.run("skyassets", "reask").stdout
    assert shell.run(*SELECTED, **settings(server, mode)).returncode == 0
    assert server.seen(mode)["calls"] - before == calls + (calls - (ROWS - failed.height))
    assert shell.run("skyassets", "reask", "--dry-run").returncode == 0
    assert spent(shell.data)[1] == pytest.approx(account[1] + entries["dollars"].sum())


def test_a_hosted_teachers_first_refusal_is_seen_by_the_doctor(server: Provider, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("skyassets", "doctor", **settings(server, "refuses-everything"), COLUMNS="200")
    assert done.returncode == 1
    assert "This model is retired" in done.stdout
    before = server.seen("refuses-everything")["calls"]
    assert shell.run("skyassets", "doctor", "--offline", **settings(server, "refuses-everything")).returncode == 0
    assert server.seen("refuses-everything")["calls"] == before


@pytest.mark.parametrize("mode", ["refusal", "tool-call", "new-word"])
def test_an_answer_that_no_run_can_use_is_a_problem_for_the_doctor(server: Provider, tmp_path: Path, mode: str) -> None:
    done = Shell(tmp_path).run("skyassets", "doctor", **settings(server, mode), COLUMNS="200")
    word = RED[mode].split()[-1].strip("'")
    assert done.returncode == 1
    assert f"the answer ended with '{word}'" in " ".join(done.stdout.split())


def test_the_doctors_calls_are_in_the_ledger_and_respect_the_budget(server: Provider, tmp_path: Path) -> None:
    shell, before = Shell(tmp_path), server.seen("plain")["calls"]
    poor = {**settings(server, "plain"), "SKYASSETS_BUDGET": "0.01"}
    done = shell.run("skyassets", "doctor", **poor, COLUMNS="200")
    assert (done.returncode, server.seen("plain")["calls"]) == (1, before)
    assert "the budget is $0.0100" in done.stdout
    assert shell.run("skyassets", "doctor", **settings(server, "plain"), COLUMNS="200").returncode == 0
    assert server.seen("plain")["calls"] == before + 1
    assert server.seen("plain")["last"]["max_tokens"] == smoke().teacher.sampling.max_tokens
    (row,) = json.loads(shell.run("skyassets", "ledger", "--json").stdout)["rows"]
    assert (row["asset"], row["calls"], row["failed_calls"]) == ("doctor", 1, 0)
    assert 0 < row["dollars"] < 1.0
    assert shell.run("skyassets", "doctor", **settings(server, "no-completion-at-all"), COLUMNS="200").returncode == 1
    rows = json.loads(shell.run("skyassets", "ledger", "--json").stdout)["rows"]
    assert [each["failed_calls"] for each in rows if each["run"] != row["run"]] == [1]


def test_the_doctors_call_has_room_for_a_models_thoughts(server: Provider, tmp_path: Path) -> None:
    shell = Shell(tmp_path, recipe="user_recipes:long_teacher")
    shell.run("skyassets", "doctor", **settings(server, "plain"), COLUMNS="200")
    assert server.seen("plain")["last"]["max_tokens"] == 2048


KEY = "0a1b2c3d4e5f60718293a4b5"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["plain", "redirect-back", "mirror"])
def test_a_gateways_key_in_a_url_is_written_nowhere(server: Provider, tmp_path: Path, mode: str) -> None:
    shell = Shell(tmp_path)
    there = {**settings(server, mode), "SKYASSETS_TEACHER_URL": f"{server.url(mode)}?subscription-key={KEY}"}
    commands = (SELECTED, ("skyassets", "doctor"), ("skyassets", "doctor", "--offline"), ("skyassets", "status"))
    shown = [shell.run(*command, **there, COLUMNS="200").stdout for command in commands]
    del there["SKYASSETS_TEACHER_PRICE"]
    shown += [shell.run("skyassets", "forecast", **there, COLUMNS="200").stdout]
    if mode == "plain":
        assert f"subscription-key={KEY}" in server.seen(mode)["last"][""]["path"]
    assert not [text for text in shown if KEY in text]
    assert "subscription-key=***" in shown[1] + shown[2]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_pilot_of_which_every_call_fails_fails(server: Provider, tmp_path: Path) -> None:
    done = Shell(tmp_path).run(
        "skyassets", "forecast", "--pilot", "4", **settings(server, "refuses-everything"), COLUMNS="200"
    )
    assert done.returncode != 0
    assert "This model is retired" in done.stdout
