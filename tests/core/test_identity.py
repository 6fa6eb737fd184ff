"""Identities: equal values have equal digests, and what has no stable JSON form is refused."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import IdentityError
from skyassets.core.identity import canonical_json, digest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@dataclass(frozen=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True)
class Vector:
    x: float
    y: float


class Colour(StrEnum):
    RED = "red"


@given(json_values)
def test_a_value_always_has_the_same_digest(value: object) -> None:
    assert digest(value) == digest(value)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_a_dict_does_not_matter(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


@given(st.text(), st.text())
def test_different_texts_have_different_digests(first: str, second: str) -> None:
    assert (digest(first) == digest(second)) == (first == second)


@given(st.lists(st.text()), st.lists(st.text()))
def test_parts_do_not_run_together(first: list[str], second: list[str]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)


def test_1_and_1_point_0_are_one_request() -> None:
    assert digest(1) == digest(1.0)


def test_true_is_not_1() -> None:
    assert digest(True) != digest(1)


def test_two_classes_with_equal_fields_differ() -> None:
    assert digest(Point(1, 2)) != digest(Vector(1, 2))


def test_an_enum_is_its_value() -> None:
    assert canonical_json(Colour.RED) == '"red"'


@pytest.mark.parametrize("value", [{1, 2}, object(), lambda: 0, float("nan"), float("inf"), {1: 2}, b"bytes", Point])
def test_what_has_no_stable_spelling_is_refused(value: object) -> None:
    with pytest.raises(IdentityError):
        digest(value)


@dataclass(frozen=True)
class Deployment:
    identity_name: ClassVar[str] = "Point"
    x: float
    y: float


@dataclass(frozen=True)
class Renamed(Deployment):
    pass


def test_a_class_is_named_in_digests_by_its_declared_name() -> None:
    assert digest(Deployment(1, 2)) == digest(Point(1, 2)) != digest(Vector(1, 2))


def test_a_subclass_does_not_inherit_the_name() -> None:
    assert digest(Renamed(1, 2)) != digest(Deployment(1, 2))


@dataclass(frozen=True)
class Grown:
    identity_name: ClassVar[str] = "Point"
    identity_added: ClassVar[tuple[str, ...]] = ("label", "is_bold", "parts")
    x: float
    y: float
    label: str = ""
    is_bold: bool = False
    parts: tuple[Vector, ...] = field(default_factory=lambda: (Vector(0, 0),))


@dataclass(frozen=True)
class GrownAgain(Grown):
    identity_name: ClassVar[str] = "Point"


@pytest.mark.parametrize("kind", [Grown, GrownAgain])
def test_a_field_added_later_is_in_no_digest_while_it_is_its_default(kind: type[Grown]) -> None:
    assert digest(kind(1, 2)) == digest(Point(1, 2)) == digest(Deployment(1, 2)) == "0279d707f7b861cb7f9ca8345da73aee"
    assert digest([kind(1, 2, "", False, (Vector(0, 0.0),))]) == digest([Point(1, 2)])


def test_a_field_added_later_is_in_the_digest_with_another_value() -> None:
    digests = [
        digest(Grown(1, 2)),
        digest(Grown(1, 2, "a")),
        digest(Grown(1, 2, parts=())),
        digest(Grown(1, 2, "", True)),
    ]
    assert len(set(digests)) == len(digests)
    assert canonical_json(Grown(1, 2, "a")) == '{"":"Point","label":"a","x":1,"y":2}'


@dataclass(frozen=True)
class WithoutDefault:
    identity_added: ClassVar[tuple[str, ...]] = ("x",)
    x: float


@dataclass(frozen=True)
class WithoutField:
    identity_added: ClassVar[tuple[str, ...]] = ("z",)
    x: float


@pytest.mark.parametrize(("value", "name"), [(WithoutDefault(1), "x"), (WithoutField(1), "z")])
def test_only_a_field_with_a_default_can_be_added_later(value: object, name: str) -> None:
    with pytest.raises(IdentityError, match=f"identity_added names {name}: name fields with a default"):
        digest(value)
