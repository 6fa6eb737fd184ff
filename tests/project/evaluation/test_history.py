"""The history's folder: the next writer removes what a killed one left, and waits for one at work."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from skyassets.core.tables.declarations import REPORTS
from skyassets.project.evaluation.history import History

KILLED = """
import os, signal, sys
from pathlib import Path
import polars as pl
from skyassets.project.evaluation.history import History
from skyassets.core.tables.declarations import REPORTS

def files():
    os.kill(os.getpid(), signal.SIGKILL)
    yield Path()

History(Path(sys.argv[1])).append(REPORTS.frame([]), pl.DataFrame({"problem_id": ["a"]}), {}, files())
"""
ITEMS = pl.DataFrame({"problem_id": ["a"]})


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history")


def test_the_remains_of_a_killed_writer_are_removed_by_the_next_report(history: History) -> None:
    subprocess.run([sys.executable, "-c", KILLED, history.folder], check=False)
    (left,) = history.folder.iterdir()
    assert list(left.rglob("*.parquet"))
    assert history.reports() == []
    mine = history.folder / ".mine"
    mine.mkdir()
    name = history.append(REPORTS.frame([]), ITEMS, {})
    assert {path.name for path in history.folder.iterdir()} == {name, ".mine"}


def test_a_second_writer_waits_for_the_first(history: History) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[Path]:
        begun.set()
        assert go_on.wait(30)
        yield from ()

    first = threading.Thread(target=history.append, args=(REPORTS.frame([]), ITEMS, {"epoch": "a"}, slowly()))
    second = threading.Thread(target=history.append, args=(REPORTS.frame([]), ITEMS, {"epoch": "b"}))
    first.start()
    assert begun.wait(30)
    second.start()
    second.join(0.5)
    assert second.is_alive()
    go_on.set()
    first.join(30)
    second.join(30)
    assert [report.epoch for report in history.reports()] == ["a", "b"]
    assert len(list(history.folder.iterdir())) == 2


def test_a_report_that_lost_its_manifest_is_kept_again(history: History) -> None:
    name = history.append(REPORTS.frame([]), ITEMS, {})
    (history.folder / name / "manifest.json").unlink()
    assert history.reports() == []
    assert history.append(REPORTS.frame([]), ITEMS, {}) == name
    assert history.holds(name)
