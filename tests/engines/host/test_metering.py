"""Machine time is counted until the end, also when the work fails."""

import time
from collections.abc import Callable
from typing import NoReturn

import pytest

from skyassets.engines.host.metering import metering


def test_it_counts_at_intervals_and_at_the_end_and_misses_no_second() -> None:
    reports: list[tuple[float, int]] = []
    began = time.monotonic()
    with metering(lambda seconds, devices: reports.append((seconds, devices)), 8, period=0.1):
        time.sleep(0.35)
    took = time.monotonic() - began
    assert len(reports) >= 3
    assert {devices for _, devices in reports} == {8}
    assert sum(seconds for seconds, _ in reports) == pytest.approx(took, abs=0.05)


def test_the_time_before_a_failure_is_counted_too() -> None:
    reports: list[float] = []

    def work() -> NoReturn:
        time.sleep(0.2)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), metering(lambda seconds, _: reports.append(seconds), 1):
        work()
    assert sum(reports) == pytest.approx(0.2, abs=0.1)


def test_a_failing_count_is_reported_at_once_and_raised_at_the_end() -> None:
    def fail(seconds: float, devices: int) -> NoReturn:
        raise OSError("the ledger's disk is full")

    def work(failure: Callable[[], str]) -> None:
        deadline = time.monotonic() + 5
        while not failure() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert failure() == "its cost cannot be recorded (OSError: the ledger's disk is full)"

    with pytest.raises(OSError, match="the ledger's disk is full"), metering(fail, 1, period=0.05) as failure:
        work(failure)
