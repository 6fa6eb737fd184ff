"""The GPU benchmark runs from end to end where there is no GPU, and a setting that fails is a row."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu" / "training.py"


def rows(out: Path, *words: str) -> list[dict[str, object]]:
    command = [sys.executable, str(SCRIPT), "--smoke", "--out", str(out), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, object]] = json.loads((out / "training.json").read_text())["rows"]
    return rows


@pytest.mark.real
def test_both_trainers_take_the_same_tokens(tmp_path: Path) -> None:
    ours, bare = rows(tmp_path, "--trainers", "ours", "bare", "--pieces", "2")
    assert (ours["failed"], bare["failed"]) == ("", "")
    assert float(str(ours["tokens_s"])) > 0
    assert float(str(bare["tokens_s"])) > 0
    # Random weights on random words know nothing: ln(512) = 6.24.
    assert float(str(ours["loss"])) == pytest.approx(6.24, abs=0.1)
    assert float(str(bare["loss"])) == pytest.approx(6.24, abs=0.1)
    assert float(str(ours["planned_gb"])) > 0


def test_a_setting_that_takes_too_long_is_a_row(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "--trainers", "ours", "--limit", "0.2")
    assert row["failed"] == "no base: not done within 0.2 s"
    assert row["tokens_s"] is None
