"""Encodes values as JSON and back, without loss, between a program and its examiner. Standard library only.

Built-in types are preserved (a tuple stays a tuple, 1.0 stays a float). Of a subclass only the plain value is sent, so
nothing that a program defines is ever executed on the other side.
"""

import builtins
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

DEEPEST = 200
SAFE = 2**53
_TYPES = ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple")
_LIBRARY: dict[str, tuple[str, tuple[str, ...]]] = {
    "Decimal": ("decimal", ()),
    "Fraction": ("fractions", ("numerator", "denominator")),
    "timedelta": ("datetime", ("days", "seconds", "microseconds")),
}
_DATES = ("date", "time", "datetime")
_TEXTS: dict[str, Callable[[str], object]] = {"int": lambda text: int(text, 16), "float": float}
_LISTS: dict[str, Callable[[Iterable[object]], object]] = {
    "tuple": tuple, "set": set, "frozenset": frozenset,
    "keys": lambda items: dict.fromkeys(items).keys(),
    "values": lambda items: dict(enumerate(items)).values(),
    "items": lambda items: dict(map(_pair, items)).items(),
}  # fmt: skip


def _made(name: str, *parts: object) -> object:
    return getattr(__import__(_LIBRARY[name][0]), name)(*parts)


def _pair(item: object) -> tuple[object, object]:
    if not isinstance(item, tuple) or len(item) != 2:
        raise TypeError("an item is no pair")
    return item


class NoPlainDataError(Exception):
    """A value that cannot be encoded."""


def encoded(value: object, held: Callable[[object], object] | None = None, depth: int = 0) -> object:
    """Return `value` as JSON data. What is not plain data is passed to `held`, which returns a JSON reference to it.

    Raises:
        NoPlainDataError: if a value is not plain data.
    """
    if depth > DEEPEST:
        raise NoPlainDataError(f"data nested more than {DEEPEST} deep")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        whole = int.__add__(value, 0)
        return whole if -SAFE < whole < SAFE else {"int": hex(whole)}
    if isinstance(value, float):
        real = float.__add__(value, -0.0)
        return real if math.isfinite(real) else {"float": repr(real)}

    def each(items: Iterable[object]) -> list[object]:
        return [encoded(item, held, depth + 1) for item in items]

    if isinstance(value, list):
        return each(list.__iter__(value))
    if isinstance(value, tuple):
        return {"tuple": each(tuple.__iter__(value))}
    if isinstance(value, set):
        return {"set": each(set.__iter__(value))}
    if isinstance(value, frozenset):
        return {"frozenset": each(frozenset.__iter__(value))}
    if isinstance(value, dict):
        return {"dict": [[each((key,))[0], each((item,))[0]] for key, item in dict.items(value)]}
    return _rarer(value, held, each)


def _rarer(
    value: object, held: Callable[[object], object] | None, each: Callable[[Iterable[object]], list[object]]
) -> object:
    if isinstance(value, bytes | bytearray):
        return {"bytearray" if isinstance(value, bytearray) else "bytes": bytes(value).hex()}
    if isinstance(value, complex):
        return {"complex": [encoded(value.real), encoded(value.imag)]}
    kind = type(value)
    thing: Any = value
    # The type can only be in use if its module was imported.
    for name, (module, parts) in _LIBRARY.items():
        if kind is getattr(sys.modules.get(module), name, None):
            return {name: str(value) if not parts else [encoded(getattr(thing, part)) for part in parts]}
    for name in _DATES:
        if kind is getattr(sys.modules.get("datetime"), name, None):
            return {name: thing.isoformat()}
    if isinstance(value, range):
        return {"range": [encoded(part) for part in (value.start, value.stop, value.step)]}
    for name, view in (("keys", type({}.keys())), ("values", type({}.values())), ("items", type({}.items()))):
        if isinstance(value, view):
            return {name: each(value)}
    for name in _TYPES:
        if value is getattr(builtins, name):
            return {"type": name}
    if held is not None:
        return {"held": held(value)}
    raise NoPlainDataError(f"{type(value).__name__} is no plain data")


def decoded(value: object, fetch: Callable[[object], object] | None = None) -> object:
    """Return the value that `encoded` encoded; `fetch` resolves the references made by the other side's `held`.

    Raises:
        NoPlainDataError: for data that `encoded` never produces.
    """
    if isinstance(value, list):
        return [decoded(item, fetch) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise NoPlainDataError("an object with several names")
    [(name, content)] = value.items()
    try:
        return _built(name, content, fetch)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise NoPlainDataError(f"{name}: {error}"[:200]) from error


def _built(name: str, content: object, fetch: Callable[[object], object] | None) -> object:
    if name == "held" and fetch is not None:
        return fetch(content)
    if isinstance(content, str):
        if name in _TEXTS:
            return _TEXTS[name](content)
        if name in ("bytes", "bytearray"):
            raw = bytes.fromhex(content)
            return raw if name == "bytes" else bytearray(raw)
        if name == "type" and content in _TYPES:
            return getattr(builtins, content)
        if name in _DATES:
            return getattr(__import__("datetime"), name).fromisoformat(content)
        if name == "Decimal":
            return _made(name, content)
    elif isinstance(content, list):
        if name == "dict":
            return {decoded(key, fetch): decoded(item, fetch) for key, item in content}
        items = [decoded(item, fetch) for item in content]
        if name in _LISTS:
            return _LISTS[name](items)
        if name in ("complex", "range"):
            return getattr(builtins, name)(*items)
        if name in _LIBRARY:
            return _made(name, *items)
    raise NoPlainDataError(f"nothing is called {name[:40]!r}")
