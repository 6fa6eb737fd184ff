"""Progress: what people read in the terminal and in Dagster's log."""

import time

import pytest

from skyassets.core.money import Budget
from skyassets.project.progress import Progress, duration
from skyassets.stages.sampling.replies import Tally


def progress_lines(*tallies: Tally, run_budget: Budget | None = None) -> list[str]:
    lines: list[str] = []
    progress = Progress("teacher", lines.append, run_budget)
    for tally in tallies:
        progress.last = time.monotonic() - 100
        progress.tally(tally)
    return lines


def test_a_line_has_every_number() -> None:
    run_budget = Budget(5.0)
    run_budget.settle(0.0, 0.0123)
    start = Tally(12, 132, 12, 0, 0)
    lines = progress_lines(start, Tally(52, 132, 12, 3, 5000, 8, {"429": 2, "ReadTimeout": 1}), run_budget=run_budget)
    assert lines[0] == "teacher: 0/120, 12 reused, 0 tok/s, $0.0123 of $5.00"
    parts = lines[1].split(", ")
    assert parts[:3] == ["teacher: 40/120", "12 reused", "8 in flight"]
    assert parts[3].endswith(" tok/s")
    assert parts[4] == "$0.0123 of $5.00"
    assert parts[5].endswith(" left")
    assert ", ".join(parts[6:]) == "3 failed (2 x 429, 1 x ReadTimeout)"


def test_a_free_run_shows_no_cost() -> None:
    assert "$" not in progress_lines(Tally(0, 4, 0, 0, 0), run_budget=Budget())[0]


def test_waiting_for_a_server_to_start_does_not_lower_the_rate() -> None:
    lines: list[str] = []
    progress = Progress("teacher", lines.append)
    progress.started -= 3600
    progress.tally(Tally(0, 10, 0, 0, 0))
    time.sleep(0.05)
    progress.tally(Tally(10, 10, 0, 0, 100))
    rate = float(lines[-1].split(", ")[1].split()[0])
    assert 100 < rate < 2100


def test_lines_are_rare_but_the_last_one_is_always_written() -> None:
    lines: list[str] = []
    progress = Progress("teacher", lines.append)
    for done in range(1001):
        progress.tally(Tally(done, 1000, 0, 0, done))
    assert len(lines) == 1
    assert lines[0].startswith("teacher: 1000/1000")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (99, "99 s"), (420, "7 min"), (12_600, "3.5 h"), (360_000, "100.0 h")]
)
def test_durations_are_written_in_a_fitting_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words
