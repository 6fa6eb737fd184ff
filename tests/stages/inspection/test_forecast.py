"""The forecast: it counts the calls that a run would make, and its sums say what is unknown."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.identity import digest
from skyassets.core.money import FREE, Price
from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.stages.inspection.forecast import Lengths, Line, RequestCounter, fits, lengths_of, rate, rewriters
from skyassets.stages.sampling.usage import Usage

PRICE = Price(1.0, 2.0, as_of="2026-01-01", source="a test")
LENGTHS = Lengths(20, (100.0, 200.0, 120.0), (1000.0, 4000.0, 1500.0))
LINE = Line("teacher_traces", "teacher", "m@1", 0, 1000, PRICE, 50.0, LENGTHS, tokens_per_second=500.0)


def request(text: str, seed: int = 0) -> Request:
    messages = (Message("user", text),)
    return Request(digest(text, seed), Model("m", "1"), messages, Sampling(0.7, 100), seed)


def test_dollars_range_from_the_median_to_the_95th_percentile() -> None:
    assert LINE.dollars_p50 == pytest.approx(1000 * (100 * 1 + 1000 * 2) / 1e6)
    assert LINE.dollars_p95 == pytest.approx(1000 * (200 * 1 + 4000 * 2) / 1e6)
    assert LINE.dollars_mean == pytest.approx(1000 * (120 * 1 + 1500 * 2) / 1e6)
    assert LINE.tokens == 1000 * 1620
    assert LINE.hours == pytest.approx(1000 * 1500 / 500 / 3600)


def test_own_servers_cost_their_hours() -> None:
    ours = replace(LINE, price=FREE, machine_price=16.0)
    assert ours.dollars_p50 == pytest.approx(1000 * 1000 / 500 / 3600 * 16)
    assert replace(ours, tokens_per_second=None).dollars_p50 is None
    assert replace(LINE, price=FREE).dollars_p50 == 0.0


def test_an_asset_without_calls_costs_nothing() -> None:
    done = replace(LINE, calls=0, lengths=None)
    assert (done.dollars_p50, done.dollars_p95, done.tokens, done.hours) == (0.0, 0.0, 0.0, 0.0)


def test_it_fits_by_the_mean_and_not_by_the_median() -> None:
    assert LINE.dollars_mean == pytest.approx(3.12)
    assert fits([LINE], budget=3.13) is True
    assert fits([LINE], budget=3.11) is False
    assert LINE.dollars_p50 is not None
    assert LINE.dollars_p50 < 3.11
    assert fits([LINE], budget=None) is True


def test_it_is_unknown_whether_an_unknown_cost_fits_unless_its_worst_case_fits() -> None:
    unknown = replace(LINE, lengths=None)
    assert fits([unknown], budget=49.0) is None
    assert fits([unknown], budget=50.0) is True
    assert fits([unknown, replace(unknown, worst=None)], budget=1000.0) is None


def test_a_rewriter_reads_the_trace_and_writes_it_again() -> None:
    theirs = rewriters(LENGTHS, prompt=300)
    assert theirs.prompt == (1300.0, 4300.0, 1800.0)
    assert theirs.completion == LENGTHS.completion


@given(st.sets(st.text(max_size=5), min_size=1, max_size=40), st.integers(0, 10))
def test_everything_is_counted_and_the_sample_is_the_same_in_any_order(texts: set[str], keep: int) -> None:
    one, other = RequestCounter(PRICE, keep), RequestCounter(PRICE, keep)
    for text in sorted(texts):
        one.count(request(text))
    for text in sorted(texts, reverse=True):
        other.count(request(text))
    assert one.calls == other.calls == len(texts)
    assert one.sample == other.sample
    assert len(one.sample) == min(keep, len(texts))
    assert one.worst == pytest.approx(sum(PRICE.worst(request(text)) for text in texts))


def test_a_second_try_is_no_second_call_where_conversations_are_counted() -> None:
    counter = RequestCounter(PRICE, 5, is_by_conversation=True)
    for seed in (0, 1):
        counter.count(request("rewrite this", seed))
    assert (counter.calls, len(counter.sample)) == (1, 1)


def test_lengths_are_known_once_something_was_answered() -> None:
    usage = Usage()
    assert lengths_of(usage) is None
    usage.add_stored(
        pl.DataFrame({
            "dollars": [0.0] * 4, "prompt_tokens": [10, 10, 10, 50], "completion_tokens": [1, 2, 3, 94],
            "finish_reason": ["stop"] * 4, "seconds": [1.0] * 4,
        })
    )  # fmt: skip
    assert lengths_of(usage) == Lengths(4, (10.0, 50.0, 20.0), (2.0, 94.0, 25.0))


def test_the_rate_is_that_of_the_run_with_the_most_calls() -> None:
    rows = [("pilot", 1, 1.0, 100), *(("run", second, 2.0, 50) for second in range(2, 12))]
    frame = pl.DataFrame(
        [
            {"run": run, "at": f"2026-01-01T00:00:{at:02d}+00:00", "seconds": took, "completion_tokens": tokens}
            for run, at, took, tokens in rows
        ]
    )
    assert rate(frame) == pytest.approx(500 / 11)
    assert rate(frame.clear()) is None
    assert rate(frame.with_columns(at=pl.lit(""))) is None


def test_the_time_between_two_pilots_is_not_part_of_the_rate() -> None:
    frame = pl.DataFrame(
        [
            {"run": f"forecast-{day}", "at": f"{day}T00:00:{second:02d}+00:00", "seconds": 1.0, "completion_tokens": 30}
            for day in ("2026-01-01", "2026-01-03")
            for second in range(1, 11)
        ]
    )
    assert rate(frame) == pytest.approx(30)
