"""`dagster dev` as a user starts it, and a real headless browser in front of it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright
from shell import ROOT, Shell

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 180.0
RUNS = """{ runsOrError { ... on Runs { results {
    runId status jobName tags { key value } assetSelection { path } assets { key { path } } } } } }"""


@dataclass(frozen=True)
class Dagster:
    """A running `dagster dev` with its daemon."""

    url: str
    shell: Shell

    def runs(self) -> list[dict[str, Any]]:
        """Every run: runId, status, jobName, its tags, and the assets it was asked for; told by the webserver."""
        body = json.dumps({"query": RUNS}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)["data"]["runsOrError"]["results"]
        return [
            run
            | {
                "tags": {tag["key"]: tag["value"] for tag in run["tags"]},
                "assets": {
                    key["path"][-1] for key in run["assetSelection"] or [asset["key"] for asset in run["assets"]]
                },
            }
            for run in found
        ]

    def run(self, name: str) -> dict[str, Any]:
        """The run `name`."""
        return next(run for run in self.runs() if run["runId"] == name)


@contextlib.contextmanager
def dagster_dev(shell: Shell) -> Iterator[Dagster]:
    """`dagster dev` in the repository's root, with workspace.yaml, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = shell.folder / "dagster-dev.log"
    with log.open("w") as out:
        running = subprocess.Popen(
            ["dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)],
            cwd=ROOT,
            env=shell.environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: _answers(f"{url}/server_info"), f"dagster dev did not come up: {log.read_text()[-2000:]}")
        yield Dagster(url, shell)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


@contextlib.contextmanager
def browser(width: int = 1500, height: int = 900) -> Iterator[Page]:
    """A page in Debian's Chromium."""
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=_chromium(), args=list(QUIET))
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        try:
            yield page
        finally:
            chromium.close()


def picture(page: Page, name: str, folder: Path) -> None:
    """A screenshot for people, in the folder SCREENSHOTS names or the test's own."""
    target = Path(os.environ.get("SCREENSHOTS", folder))
    target.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target / f"{name}.png")


def _chromium() -> str:
    import shutil

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "no Chromium: install it, on Debian: apt-get install chromium"
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait(until: object, message: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():  # type: ignore[operator]
        assert time.monotonic() < deadline, message
        time.sleep(0.3)
