"""The usage of an asset's completions, and its chart."""

from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.ports import Reply
from skyassets.stages.plots.figures import calls
from skyassets.stages.sampling.usage import COLUMNS, COST, SPENT, Usage, kind_of, quantile

SCHEMA = {
    "dollars": pl.Float64(), "prompt_tokens": pl.Int64(), "completion_tokens": pl.Int64(),
    "finish_reason": pl.String(), "seconds": pl.Float64(),
}  # fmt: skip


def reply(dollars: float | None = 0.5, error: str | None = None) -> Reply:
    return Reply("1", "x", "error" if error else "stop", 10, 5, 2.0, "server", error, "", dollars)


def stored(*rows: tuple[float | None, int, int, str, float]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row").select(COLUMNS)


def test_the_cost_of_this_run_and_of_all_rows_are_separate() -> None:
    usage = Usage()
    usage.add_reply(reply(0.5))
    usage.add_reply(reply(0.25, error="ReadTimeout: gave up"))
    usage.add_stored(stored((0.5, 10, 5, "stop", 2.0), (4.0, 10, 5, "length", 2.0)))
    assert usage.metadata[SPENT] == 0.75
    assert usage.metadata[COST] == 4.75
    assert usage.metadata["finish reasons"] == {"stop": 1, "length": 1}
    assert usage.metadata["failures"] == {"ReadTimeout": 1}


def test_rows_without_a_price_make_the_cost_unknown() -> None:
    usage = Usage()
    usage.add_stored(stored((None, 10, 5, "stop", 2.0), (1.0, 10, 5, "stop", 2.0)))
    assert usage.metadata[COST] == "unknown: 1 rows have no price"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("429: Rate limit reached (attempt 8, the last)", "429"),
        ("ReadTimeout", "ReadTimeout"),
        ("ReadTimeout (attempt 2, the last)", "ReadTimeout"),
        ("no completion in the answer: <html>", "no completion in the answer"),
        ("", "failed"),
    ],
)
def test_failures_are_grouped_by_their_beginning(error: str, kind: str) -> None:
    assert kind_of(error) == kind


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_a_value_that_enough_others_do_not_pass(values: list[float], share: float) -> None:
    result = quantile(values, share)
    assert result in values
    assert sum(value <= result for value in values) >= share * len(values) - 1e-6


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 1e5), max_size=50), st.lists(st.floats(0, 1e5), max_size=50))
def test_any_calls_have_a_chart(base: list[float], student: list[float]) -> None:
    usages = {"base": Usage(), "student": Usage()}
    for usage, values in zip(usages.values(), (base, student), strict=True):
        usage.add_stored(stored(*((0.0, 1, int(value), "stop", value) for value in values)))
    ET.fromstring(calls(usages))


def test_the_chart_of_many_calls_is_as_small_as_that_of_few() -> None:
    usage = Usage()
    usage.add_stored(stored(*((0.0, 1, n % 9000, "stop", n / 1000) for n in range(100_000))))
    assert len(calls({"teacher": usage})) < 30_000
