"""The ledger's entries: durable, whole or passed over, from many writers at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.errors import StoreError
from skyassets.core.rows.ledger import LedgerEntries, LedgerEntry, LedgerEvent

ENTRY = LedgerEntry(
    LedgerEvent.FAILED, "smoke/teacher_traces", "tiny@1", "run", dollars=0.25, error="429: wait\u2028here"
)


def test_written_entries_are_read_back(tmp_path: Path) -> None:
    entries = LedgerEntries(tmp_path)
    entries.add(ENTRY)
    entries.add(LedgerEntry(LedgerEvent.SERVING, "smoke/teacher_traces", "tiny@1", "run", seconds=30.0, gpus=8))
    read = entries.read()
    assert sorted(read["event"]) == ["failed calls", "serving"]
    assert read["dollars"].sum() == 0.25
    assert "429: wait\u2028here" in read["error"].to_list()


def test_a_missing_ledger_is_empty() -> None:
    assert LedgerEntries(Path("nowhere")).read().is_empty()


def test_a_truncated_line_is_skipped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    entries = LedgerEntries(tmp_path)
    entries.add(ENTRY)
    entries.add(ENTRY)
    whole = entries.path.read_bytes()
    for cut, left in ((1, 2), (2, 1), (20, 1), (len(whole) // 2 - 1, 1)):
        entries.path.write_bytes(whole[:-cut])
        entries.add(ENTRY)
        assert entries.read().height == left + 1
        entries.path.unlink()


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from skyassets.core.rows.ledger import *;"
        "e = LedgerEntries(Path(sys.argv[1]));"
        "[e.add(LedgerEntry(LedgerEvent.REUSED, 'a/b', 'm', 'r', count=n)) for n in range(50)]"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert sorted(LedgerEntries(tmp_path).read()["count"]) == sorted([*range(50)] * 4)


def test_a_ledger_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the ledger cannot write"):
        LedgerEntries(tmp_path / "file").add(ENTRY)
