"""The hub: data sets by name with the user's token; each failure has its own message. Against a real server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.hub_server import COMMIT, Hub, hub
from free_port import free_port

from skyassets.core.sources import HubDataset, Source
from skyassets.engines.sources.reader import ProblemReader

ROW = {"question": "1 + 1?", "answer": "2"}
READ = """
import json, sys
from skyassets.core.errors import SourceError
from skyassets.core.sources import HubDataset, Source
from skyassets.engines.sources.reader import ProblemReader
repo, way, revision = sys.argv[1:]
how = {"split": "test"} if way == "split" else {"files": ("test.jsonl",)}
origin = HubDataset(repo, revision=revision, **how)
try:
    print(json.dumps(list(ProblemReader().rows(Source("mine", origin, "CC0-1.0", ground_truth="answer")))))
except SourceError as error:
    print(error)
"""
WAYS = pytest.mark.parametrize("way", ["split", "files"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    for name in ("open", "gated"):
        (folder / "some" / name).mkdir(parents=True)
        (folder / "some" / name / "test.jsonl").write_text(json.dumps(ROW) + "\n")
    with hub(folder, gated={"some/gated"}, granted={"granted"}) as one:
        yield one


def output(url: str, home: Path, repo: str, way: str, revision: str = "main", **environment: str) -> str:
    """The output of a separate process that reads the data set, with the hub at `url`."""
    place = {"HF_ENDPOINT": url, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"} | environment
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-c", READ, repo, way, revision]
    return subprocess.run(command, env=environ | place, capture_output=True, text=True, check=True).stdout.strip()


@WAYS
def test_a_gated_data_set_is_read_with_a_token_that_has_access(way: str, server: Hub, tmp_path: Path) -> None:
    assert json.loads(output(server.url, tmp_path, "some/gated", way, COMMIT, HF_TOKEN="granted")) == [ROW]


def test_the_stored_login_is_used_too(server: Hub, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("granted")
    assert json.loads(output(server.url, tmp_path, "some/gated", "files")) == [ROW]


@WAYS
def test_without_a_token_a_gated_data_set_says_which_page_to_visit_and_what_to_set(
    way: str, server: Hub, tmp_path: Path
) -> None:
    message = output(server.url, tmp_path, "some/gated", way)
    assert message.startswith("mine: the data set some/gated (")
    assert f"is gated: open {server.url}/datasets/some/gated, accept its conditions, and set HF_TOKEN" in message
    assert "no token was found" in message


@WAYS
def test_a_token_without_access_is_distinguished_from_no_token(way: str, server: Hub, tmp_path: Path) -> None:
    message = output(server.url, tmp_path, "some/gated", way, HF_TOKEN="another")
    assert "is gated" in message
    assert "use a token (HF_TOKEN or the login) of an account with access" in message
    assert "another" not in message


@WAYS
def test_a_data_set_that_is_not_there_says_to_check_its_name(way: str, server: Hub, tmp_path: Path) -> None:
    message = output(server.url, tmp_path, "some/thing", way)
    assert f"is not at {server.url}, or is private; check HubDataset(repo=...)" in message


@WAYS
def test_an_unknown_revision_is_reported_as_such(way: str, server: Hub, tmp_path: Path) -> None:
    assert "has no such revision" in output(server.url, tmp_path, "some/open", way, "f" * 40)


@WAYS
def test_offline_mode_is_distinguished_from_an_unreachable_hub(way: str, server: Hub, tmp_path: Path) -> None:
    message = output(server.url, tmp_path, "some/open", way, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in message


def test_an_unreachable_hub_says_what_to_check(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    message = output(url, tmp_path, "some/open", "files")
    assert f"is not on this machine, and {url} cannot be reached (ConnectError)" in message


def test_downloaded_data_is_read_without_the_hub(server: Hub, tmp_path: Path) -> None:
    assert json.loads(output(server.url, tmp_path, "some/open", "files", COMMIT)) == [ROW]
    assert json.loads(output(server.url, tmp_path, "some/open", "files", COMMIT, HF_HUB_OFFLINE="1")) == [ROW]


def test_a_hub_that_is_down_says_how_it_answered(server: Hub, tmp_path: Path) -> None:
    server.broken = True
    try:
        message = output(server.url, tmp_path, "some/open", "files")
    finally:
        server.broken = False
    assert f"could not be downloaded: {server.url} answered 503; try again later" in message


def test_a_local_folder_that_was_edited_gives_its_new_rows(tmp_path: Path) -> None:
    configs = "configs:\n- config_name: main\n  data_files:\n  - split: test\n    path: test.jsonl\n"
    (tmp_path / "README.md").write_text(f"---\n{configs}---\n")
    source = Source("mine", HubDataset(str(tmp_path), split="test", config="main"), "CC0-1.0", ground_truth="answer")
    for answer in ("2", "3"):
        (tmp_path / "test.jsonl").write_text(json.dumps({**ROW, "answer": answer}) + "\n")
        assert list(ProblemReader().rows(source)) == [{**ROW, "answer": answer}]
