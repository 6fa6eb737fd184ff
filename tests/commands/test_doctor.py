"""`skyassets doctor`: what it checks, what counts as missing or optional, and what is never shown."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from shell import Shell

from skyassets.commands.doctor.diagnosis import Health
from skyassets.commands.doctor.machine import UI_PORT, browser, compiler, disk, memory, package
from skyassets.commands.doctor.sources import check_source, local_sources
from skyassets.core.sources import LocalFile, Source
from skyassets.project.deployment import Deployment
from skyassets.recipes.smoke import smoke

TOKEN = "hf_0123456789abcdefghij"


class Hub(BaseHTTPRequestHandler):
    """Answers whose token it is, as the hub does."""

    def do_GET(self) -> None:
        is_known = self.headers.get("Authorization") == f"Bearer {TOKEN}" and self.path == "/api/whoami-v2"
        body = json.dumps({"name": "ada", "type": "user"} if is_known else {"error": "Invalid user token."}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Log nothing."""


@contextmanager
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def findings(shell: Shell, **more: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and each checked thing with its finding."""
    done = shell.run("skyassets", "doctor", "--json", HF_HOME=str(shell.folder / "hf"), **more)
    data = json.loads(done.stdout)
    assert data["fine"] == (done.returncode == 0)
    return done.returncode, {one["what"]: one for one in data["findings"]}


@pytest.mark.parametrize(
    ("lines", "health", "message"),
    [
        (None, "missing", "no file"),
        ([], "missing", "no rows"),
        ([{"question": "What is 2 plus 2?"}], "missing", "no column 'answer'"),
        ([{"question": "What is 2 plus 2?", "answer": ""}], "missing", "no ground truth"),
        ([{"question": "", "answer": "1"}] * 1001, "optional", "none of the first 1,000 rows"),
        ([{"question": "What is 2 plus 2?", "answer": "4"}] * 2, "ok", "2 usable problems in its rows"),
    ],
)
def test_the_first_rows_of_a_local_file_are_read(
    tmp_path: Path, lines: list[dict[str, str]] | None, health: str, message: str
) -> None:
    file = tmp_path / "mine.jsonl"
    if lines is not None:
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    source = Source("mine", LocalFile(str(file)), "MIT", question="question", ground_truth="answer")
    recipe = replace(smoke(), sources=(source,))
    (result,) = map(check_source, local_sources(recipe))
    assert (result.what, result.health) == ("source: mine", health)
    assert message in result.seen
    assert bool(result.do) is (health != "ok")


def test_a_filter_that_chooses_nothing_is_reported_if_the_whole_file_was_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    row = f"{json.dumps({'question': 'What is 2 plus 2?', 'answer': '4', 'kind': 'sum'})}\n"
    source = Source("mine", LocalFile(str(file)), "MIT", ground_truth="answer", where=(("kind", "product"),))
    for count, health in ((2, Health.MISSING), (2000, Health.OPTIONAL)):
        file.write_text(row * count)
        result = check_source(source)
        assert (result.health, "its filters choose none" in result.seen) == (health, True)


def test_a_missing_problems_file_fails_the_command(tmp_path: Path) -> None:
    missing = {"SKYASSETS_RECIPE": "user_recipes:mine", "MINE": str(tmp_path / "nowhere.jsonl")}
    code, results = findings(Shell(tmp_path), **missing)
    assert (code, results["source: mine"]["health"]) == (1, "missing")


def test_a_missing_optional_part_is_not_a_failure(tmp_path: Path) -> None:
    code, results = findings(Shell(tmp_path), HF_TOKEN="")
    assert code == 0
    assert results["hub token"]["health"] == "optional"
    assert "HF_TOKEN" in results["hub token"]["do"]
    assert {one["health"] for one in results.values()} <= {"ok", "optional"}
    assert results["sandbox"]["health"] == "ok"
    assert all(bool(one["do"]) is False for one in results.values() if one["health"] == "ok")


@pytest.mark.parametrize(
    ("token", "health", "message"), [(TOKEN, "ok", "ada"), ("hf_another", "optional", "rejects the token")]
)
def test_the_token_is_checked_with_the_hub_and_not_printed(
    tmp_path: Path, token: str, health: str, message: str
) -> None:
    with hub() as endpoint:
        done = Shell(tmp_path).run(
            "skyassets", "doctor", "--json", HF_TOKEN=token, HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0"
        )
    (result,) = [one for one in json.loads(done.stdout)["findings"] if one["what"] == "hub token"]
    assert result["health"] == health
    assert message in result["seen"]
    assert token not in done.stdout


def test_an_unreachable_hub_does_not_reject_the_token(tmp_path: Path) -> None:
    _, results = findings(Shell(tmp_path), HF_TOKEN=TOKEN, HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="0")
    assert results["hub token"]["health"] == "ok"
    assert "cannot be reached" in results["hub token"]["seen"]


@pytest.mark.parametrize(
    ("home", "message"),
    [("", "not set"), ("dagster", "not an absolute path"), ("/proc/nowhere", "not a writable folder")],
)
def test_an_unusable_dagster_home_counts_as_missing(tmp_path: Path, home: str, message: str) -> None:
    code, results = findings(Shell(tmp_path), DAGSTER_HOME=home)
    assert code == 1
    assert results["DAGSTER_HOME"]["health"] == "missing"
    assert message in results["DAGSTER_HOME"]["seen"]


def test_a_taken_port_is_reported_with_another_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", UI_PORT))
            taken.listen()
        except OSError:
            pass  # a port taken by another program is as good
        _, results = findings(Shell(tmp_path))
    assert results["UI port"]["health"] == "optional"
    assert str(UI_PORT + 1) in results["UI port"]["do"]


def test_silent_servers_do_not_delay_the_result_for_long(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        began = time.monotonic()
        code, results = findings(
            Shell(tmp_path),
            SKYASSETS_TEACHER_URL=f"{url},{url}",
            SKYASSETS_BASE_URL=url,
            HF_TOKEN=TOKEN,
            HF_ENDPOINT=url.removesuffix("/v1"),
            HF_HUB_OFFLINE="0",
        )
        assert time.monotonic() - began < 25
    assert code == 1
    assert {what for what, one in results.items() if one["health"] == "missing"} == {"teacher: tiny", "base: tiny"}


def test_a_compiler_that_fails_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "c++"
    broken.write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    broken.chmod(0o755)
    assert compiler(is_needed=True).health is Health.FINE
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    result = compiler(is_needed=True)
    assert result.health is Health.MISSING
    assert "no space left" in result.seen
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert compiler(is_needed=False).health is Health.OPTIONAL
    assert "apt install" in compiler(is_needed=True).do


def test_a_package_is_missing_only_where_it_is_needed() -> None:
    assert package("no-such-package", is_needed=True).health is Health.MISSING
    assert package("no-such-package", is_needed=False).health is Health.OPTIONAL
    assert package("polars", is_needed=True).health is Health.FINE


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    assert disk(Deployment(data=tmp_path / "data")).health is Health.FINE
    result = disk(Deployment(data=Path("/proc/nowhere/data")))
    assert result.health is Health.MISSING
    assert "SKYASSETS_DATA" in result.do


def test_memory_and_browser_are_checked() -> None:
    assert memory(is_needed=True).seen.endswith(" GB")
    assert browser().health in (Health.FINE, Health.OPTIONAL)
