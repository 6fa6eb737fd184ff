"""Encodes values as JSON and back, without loss, between a program and its examiner. Standard library only.

Built-in types are preserved (a tuple stays a tuple, 1.0 stays a float), and those of `collections`. Of a program's
subclass only the plain value is sent, so nothing that a program defines is ever executed on the other side.
"""

import builtins
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

DEEPEST = 200
SAFE = 2**53
_TYPES = ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple")
_EXACT = frozenset(getattr(builtins, name) for name in _TYPES)
_LIBRARY: dict[str, tuple[str, tuple[str, ...]]] = {
    "Decimal": ("decimal", ()),
    "Fraction": ("fractions", ("numerator", "denominator")),
    "timedelta": ("datetime", ("days", "seconds", "microseconds")),
}
_DATES = ("date", "time", "datetime")
_NUMPY_KINDS = "biufcSU"
_NAMED_TUPLES: dict[tuple[str, ...], Callable[..., object]] = {}
_TEXTS: dict[str, Callable[[str], object]] = {"int": lambda text: int(text, 16), "float": float}
_LISTS: dict[str, Callable[[Iterable[object]], object]] = {
    "tuple": tuple, "set": set, "frozenset": frozenset,
    "keys": lambda items: dict.fromkeys(items).keys(),
    "values": lambda items: dict(enumerate(items)).values(),
    "items": lambda items: dict(map(_pair, items)).items(),
}  # fmt: skip
_COLLECTIONS: dict[str, Callable[[Any], tuple[object, ...]]] = {
    "deque": lambda value: (list(value), value.maxlen),
    "Counter": lambda value: (dict(dict.items(value)),),
    "OrderedDict": lambda value: ([*dict.items(value)],),
    "defaultdict": lambda value: (value.default_factory, dict(dict.items(value))),
}
"""What the types of `collections` are made of. Two of them compare otherwise than a dictionary does."""


def _made(name: str, *parts: object) -> object:
    return getattr(__import__(_LIBRARY[name][0]), name)(*parts)


def _numpy(kind: object, shape: object, items: object) -> object:
    numbers = sys.modules.get("numpy")
    if numbers is None or not (isinstance(kind, str) and isinstance(shape, list) and isinstance(items, list)):
        raise TypeError("no array")
    if numbers.dtype(kind).kind not in _NUMPY_KINDS:
        raise TypeError("an array of objects")
    array = numbers.array(items, dtype=kind).reshape(shape)
    return array if shape else array[()]


def _named_tuple(name: object, fields: object, items: object) -> object:
    if not (isinstance(name, str) and isinstance(fields, list) and isinstance(items, list)):
        raise TypeError("no named tuple")
    kind = _NAMED_TUPLES.get((name, *fields))
    if kind is None:
        kind = _NAMED_TUPLES[(name, *fields)] = __import__("collections").namedtuple(name, fields)
    return kind(*items)


def _pair(item: object) -> tuple[object, object]:
    if not isinstance(item, tuple) or len(item) != 2:
        raise TypeError("an item is no pair")
    return item


class NoPlainDataError(Exception):
    """A value that cannot be encoded."""


def encoded(
    value: object,
    held: Callable[[object], object] | None = None,
    keeps: Callable[[type], bool] = lambda kind: False,
    deepest: int = DEEPEST,
) -> object:
    """Return `value` as JSON data. What is not plain data is passed to `held`, which returns a JSON reference to it.

    `keeps` says for a type that is not built in whether its values are passed to `held` in any case.

    Raises:
        NoPlainDataError: if a value is not plain data, or nested more than `deepest` deep.
    """
    return _Encoder(held, keeps, deepest).encoded(value, 0)


class _Encoder:
    def __init__(self, held: Callable[[object], object] | None, keeps: Callable[[type], bool], deepest: int) -> None:
        self._held, self._keeps, self._deepest = held, keeps, deepest

    def encoded(self, value: object, depth: int) -> object:
        if depth > self._deepest:
            raise NoPlainDataError(f"data nested more than {self._deepest} deep")
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind not in _EXACT and self._held is not None and self._keeps(kind):
            return {"held": self._held(value)}
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            whole = int.__add__(value, 0)
            return whole if -SAFE < whole < SAFE else {"int": hex(whole)}
        if isinstance(value, float):
            real = float.__add__(value, -0.0)
            return real if math.isfinite(real) else {"float": repr(real)}
        if isinstance(value, list):
            return self._each(list.__iter__(value), depth)
        if isinstance(value, tuple):
            return self._tuple(value, depth)
        if isinstance(value, set):
            return {"set": self._each(set.__iter__(value), depth)}
        if isinstance(value, frozenset):
            return {"frozenset": self._each(frozenset.__iter__(value), depth)}
        if kind is dict:
            return self._dict(value, depth)
        return self._rarer(value, kind, depth)

    def _each(self, items: Iterable[object], depth: int) -> list[object]:
        return [self.encoded(item, depth + 1) for item in items]

    def _dict(self, value: Any, depth: int) -> object:
        return {"dict": [self._each(item, depth) for item in dict.items(value)]}

    def _tuple(self, value: tuple[object, ...], depth: int) -> object:
        items = self._each(tuple.__iter__(value), depth)
        fields = getattr(type(value), "_fields", None) if type(value) is not tuple else None
        if isinstance(fields, tuple) and len(fields) == len(items) and all(type(name) is str for name in fields):
            return {"namedtuple": [type(value).__name__, list(fields), items]}
        return {"tuple": items}

    def _rarer(self, value: Any, kind: type, depth: int) -> object:
        # A type can only be in use if its module was imported.
        for name, made_of in _COLLECTIONS.items():
            known = getattr(sys.modules.get("collections"), name, None)
            if isinstance(known, type) and isinstance(value, known):
                return {name: self._each(made_of(value), depth)}
        if isinstance(value, dict):
            return self._dict(value, depth)
        if isinstance(value, bytes | bytearray):
            return {"bytearray" if isinstance(value, bytearray) else "bytes": bytes(value).hex()}
        if isinstance(value, complex):
            return {"complex": self._each((value.real, value.imag), depth)}
        for name, (module, parts) in _LIBRARY.items():
            if kind is getattr(sys.modules.get(module), name, None):
                return {name: str(value) if not parts else self._each([getattr(value, part) for part in parts], depth)}
        for name in _DATES:
            if kind is getattr(sys.modules.get("datetime"), name, None):
                return {name: value.isoformat()}
        if isinstance(value, range):
            return {"range": self._each((value.start, value.stop, value.step), depth)}
        for name, view in (("keys", type({}.keys())), ("values", type({}.values())), ("items", type({}.items()))):
            if isinstance(value, view):
                return {name: self._each(value, depth)}
        numbers = sys.modules.get("numpy")
        is_array = numbers is not None and isinstance(value, (numbers.generic, numbers.ndarray))
        if is_array and value.dtype.kind in _NUMPY_KINDS:
            return {"numpy": [value.dtype.str, list(value.shape), self._each(value.ravel().tolist(), depth)]}
        if value is NotImplemented:
            return {"type": "NotImplemented"}
        for name in _TYPES:
            if value is getattr(builtins, name):
                return {"type": name}
        if self._held is not None:
            return {"held": self._held(value)}
        raise NoPlainDataError(f"{kind.__name__} is no plain data")


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
        if name == "type" and content in (*_TYPES, "NotImplemented"):
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
        if name in _COLLECTIONS:
            return getattr(__import__("collections"), name)(*items)
        if name == "namedtuple":
            return _named_tuple(*items)
        if name == "numpy":
            return _numpy(*items)
    raise NoPlainDataError(f"nothing is called {name[:40]!r}")
