import contextlib
import json
import math
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.engines.sandbox.guest.codec import NoPlainDataError, decoded, encoded

KEYS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
VALUES = st.recursive(
    KEYS
    | st.integers(-(10**400), 10**400)
    | st.complex_numbers(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4) | st.sets(KEYS, max_size=4),
    max_leaves=12,
)


def crossed(value: object) -> object:
    return decoded(json.loads(json.dumps(encoded(value))))


@given(VALUES)
def test_a_value_crosses_with_its_type(value: object) -> None:
    got = crossed(value)
    assert got == value
    assert type(got) is type(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_message_is_read_as_plain_data_or_refused(value: object) -> None:
    with contextlib.suppress(NoPlainDataError):
        encoded(decoded(json.loads(json.dumps(value))))


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        deque([1, (2,)], 3), deque(), Counter("aab"), OrderedDict([(2, 1), (1, 2)]), defaultdict(int, {(1,): [2]}),
        defaultdict(None, {}), Point(1, [2]), [Counter()],
    ],
)  # fmt: skip
def test_collections_cross_with_their_type(value: object) -> None:
    got = crossed(value)
    assert (got, repr(got)) == (value, repr(value))


def test_collections_compare_as_before() -> None:
    assert crossed(OrderedDict([(1, 2), (2, 1)])) != OrderedDict([(2, 1), (1, 2)])
    assert crossed(Counter(a=1, b=0)) == Counter(a=1)
    assert crossed(Point(1, 2)).x == 1  # type: ignore[attr-defined]


class Table(OrderedDict[int, int]):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_of_a_subclass_of_a_collection_only_the_plain_value_crosses() -> None:
    assert type(crossed(Table({1: 2}))) is OrderedDict
    assert encoded(Table(), lambda value: 7, lambda kind: kind is Table) == {"held": 7}


def test_nan_and_negative_zero_cross() -> None:
    assert math.isnan(crossed(math.nan))  # type: ignore[arg-type]
    assert math.copysign(1, crossed(-0.0)) == -1  # type: ignore[arg-type]


class Number(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


def test_of_a_subclass_only_the_plain_value_crosses() -> None:
    assert type(crossed(Number(3))) is int
    assert crossed([Number(3)]) != [4]


def test_views_and_ranges_compare_as_before() -> None:
    assert crossed({1: 2}.keys()) == {1}
    assert crossed({1: 2}.items()) == {(1, 2)}
    assert crossed(range(3)) == range(3)


@pytest.mark.parametrize("value", [object(), print, lambda: 0, (n for n in ()), Exception(), [object()]])
def test_anything_but_plain_data_is_refused(value: object) -> None:
    with pytest.raises(NoPlainDataError):
        encoded(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "eval"}', '{"Popen": []}', '{"a": 1, "b": 2}', '{"set": [[]]}', '{"int": "x"}', '{"items": [1]}',
        '{"namedtuple": ["P", ["import"], [1]]}', '{"namedtuple": ["P", 1, []]}', '{"deque": [1, "x"]}',
        '{"defaultdict": [1, {"dict": []}]}',
    ],
)  # fmt: skip
def test_a_malformed_encoding_is_refused(text: str) -> None:
    with pytest.raises(NoPlainDataError):
        decoded(json.loads(text))


def test_the_rarer_types_cross_where_they_are_known() -> None:
    for value in (Decimal("1.10"), Fraction(1, 3), date(2024, 2, 29), time(1, 2), datetime(2024, 1, 1), timedelta(1)):
        assert crossed(value) == value
