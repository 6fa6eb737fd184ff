"""Compaction killed at random points: every row that counted is in the store, once."""

import os
import subprocess
import sys
from pathlib import Path

from skyassets.core.rows.journal import segments
from skyassets.core.rows.parts import find_damage, parts
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS

KILLS = 60
PROGRAM = Path(__file__).parents[1] / "killed_compaction.py"


def test_killed_anywhere_compaction_loses_and_duplicates_no_row(tmp_path: Path) -> None:
    log: list[str] = []
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])}
    command = [sys.executable, PROGRAM, tmp_path, str(KILLS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    counted = {line for line in done.stdout.split("\n") if line.count("-") == 2}
    assert len(counted) > KILLS
    store = RowStore(tmp_path, COMPLETIONS, log.append)
    before = store.everything([])["completion_id"].to_list()
    assert counted <= set(before)
    assert len(before) == len(set(before))
    store.compact()
    store.compact()
    after = store.everything([])["completion_id"].to_list()
    assert sorted(after) == sorted(before)
    assert store.get(sorted(counted)).height == len(counted)
    assert not segments(store.folder)
    assert not any(find_damage(part) for part in parts(store.folder))
    assert not list(store.folder.glob(".part-*"))
    assert all("its last line is cut short" in line for line in log)  # the row that was being written
