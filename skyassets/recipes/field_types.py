"""Checks that the fields of a recipe have the types that they declare, at any depth."""

import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any

from typeguard import CollectionCheckStrategy, ForwardRefPolicy, TypeCheckError, check_type

from skyassets.recipes.validation import Requirement

WORDS: Mapping[object, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "True or False", NoneType: "None",
    object: "anything",
}  # fmt: skip


def of_types(value: object, path: str = "") -> Iterator[Requirement]:
    """Each field of `value`, a dataclass, and of the dataclasses in it, has its type."""
    try:
        hints = typing.get_type_hints(type(value))
    except NameError:  # a class of the user that names a type it does not import
        return
    for field in fields(value):  # type: ignore[arg-type]  # a dataclass, as the caller says
        inner, hint, name = getattr(value, field.name), hints[field.name], f"{path}{field.name}"
        if not has_type(inner, hint):
            yield False, name, inner, in_words(hint)
            continue
        for place, part in _parts(inner):
            if is_dataclass(part) and not isinstance(part, type):
                yield from of_types(part, f"{name}{place}.")


def has_type(value: object, hint: object) -> bool:
    """Whether `value` has the type; every item of a collection counts."""
    try:
        check_type(
            value,
            hint,
            forward_ref_policy=ForwardRefPolicy.IGNORE,
            collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS,
        )
    except TypeCheckError:
        return False
    # To Python, True is a number.
    return not (isinstance(value, bool) and hint in (int, float, int | None, float | None))


def in_words(hint: Any) -> str:
    """What a field must be, for people."""
    if hint in WORDS:
        return WORDS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return " or ".join(map(in_words, arguments))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return f"a tuple, such as (x,), each of whose items is {in_words(arguments[0])}"
    if origin is tuple:
        return f"a tuple of {len(arguments)}: {', '.join(map(in_words, arguments))}"
    return f"a {getattr(origin or hint, '__name__', str(hint))}"


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """`value`, or its items with their places, if it is a collection."""
    if isinstance(value, tuple | list):
        yield from ((f"[{place}]", item) for place, item in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    else:
        yield "", value
