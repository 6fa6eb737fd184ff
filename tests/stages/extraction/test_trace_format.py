"""The structure: what was joined can be taken apart, and nothing else passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.extraction.trace_format import MARKERS, Structured, join, parse

part = st.text().map(str.strip).filter(lambda text: text and not any(marker in text for marker in MARKERS))


@given(part, part)
def test_joined_parts_come_back(thought: str, solution: str) -> None:
    assert parse(join(Structured(thought, solution))) == Structured(thought, solution)


GOOD = join(Structured("t", "s"))


@pytest.mark.parametrize(
    "text",
    ["", "t s", GOOD + GOOD, "so: " + GOOD, GOOD + " bye", *(GOOD.replace(marker, "") for marker in MARKERS),
     GOOD.replace("t\n", "\n"), "".join(reversed(MARKERS))],
)  # fmt: skip
def test_anything_else_has_no_structure(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("marker", MARKERS)
def test_a_part_that_holds_a_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        join(Structured(f"a {marker} b", "s"))


def test_a_thought_may_be_empty_only_where_that_is_asked_for() -> None:
    text = join(Structured("", "s"))
    assert parse(text) is None
    assert parse(text, empty_thought=True) == Structured("", "s")
    assert parse(join(Structured("t", "")), empty_thought=True) is None
