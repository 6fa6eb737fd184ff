"""An object of the program that is not plain data, as the tests see it: a generator, an instance of its own class.

Runs inside the sandbox, in the examiner: standard library only. Every operation is done by the program, which may
answer anything. So what it says about a value of the tests decides nothing: that it equals, exceeds or contains one.
"""

import functools
import types
from collections.abc import Callable, Generator
from typing import Any, NoReturn, Protocol

PLAIN = (
    "len", "bool", "str", "repr", "hash", "iter", "next", "reversed", "neg", "pos", "abs", "invert", "int", "float",
    "complex", "index", "round", "floor", "ceil", "trunc", "format", "enter", "exit", "call", "getitem", "setitem",
    "delitem", "length_hint", "instancecheck", "subclasscheck", "aiter", "anext", "aenter", "aexit", "fspath",
)  # fmt: skip
"""Operations whose arguments, if any, say nothing about the expected answer."""
COMPARED = {"eq": True, "ne": False}
"""Comparisons, and the answer that claims that two things are equal."""
_ARITHMETIC = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"
)  # fmt: skip
MIXED = ("lt", "le", "gt", "ge", *(f"{side}{name}" for side in ("", "r", "i") for name in _ARITHMETIC))
SPECIAL = tuple(f"__{name}__" for name in (*PLAIN, *COMPARED, *MIXED, "contains", "await"))
"""The methods that a handle has if its object has them."""
UNHASHABLE = "unhashable"
_READABLE = frozenset({
    "__name__", "__qualname__", "__annotations__", "__wrapped__", "__members__", "__defaults__", "__kwdefaults__",
    "__code__", "__func__", "__self__", "__cause__", "__bases__", "__mro__", "__dataclass_fields__",
})  # fmt: skip
_OF_PYTHON = {
    kind.__name__: kind
    for kind in (
        types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FunctionType, types.MethodType,
        types.BuiltinFunctionType, type, map, filter, zip, enumerate, reversed,
    )
}  # fmt: skip


class Link(Protocol):
    """What a handle needs of the connection to the program."""

    def call(self, do: str, of: int | None, arguments: tuple[object, ...], named: dict[str, object]) -> Any:
        """Have the program do something with one of its objects."""
        ...

    def doubt(self, kind: str, claim: str) -> NoReturn:
        """Give up, because a program's object of this kind claims what only the tests can know."""
        ...


class Held:
    """Which object of the program a handle stands for, and whether the tests have mixed it with their own values."""

    def __init__(self, link: Link, reference: int, kind: str) -> None:
        self.link, self.reference, self.kind, self.is_mixed = link, reference, kind, False


class Handle:
    """An object that stays with the program. Its class has the special methods that the object's class has."""

    # A name that no program uses: every other attribute is the object's own.
    __slots__ = ("__weakref__", "_skyassets_held")
    _skyassets_held: Held

    def __init__(self, held: Held) -> None:
        object.__setattr__(self, "_skyassets_held", held)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") and name not in _READABLE:
            raise AttributeError(name)
        return _asked(self, "get", name)

    def __setattr__(self, name: str, value: object) -> None:
        _asked(self, "set", name, value)

    def __delattr__(self, name: str) -> None:
        _asked(self, "delete", name)

    def __copy__(self) -> object:
        return _asked(self, "copy")

    def __deepcopy__(self, memo: object) -> object:
        return _asked(self, "deepcopy")

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return _asked(self, "get", "__dict__")


def handle(held: Held, methods: tuple[str, ...], *, is_of_python: bool) -> Handle:
    """Return a handle with these special methods; `is_of_python` if its kind is one of Python's own types."""
    return _kind(held.kind, methods, is_of_python)(held)


@functools.cache
def _kind(name: str, methods: tuple[str, ...], is_of_python: bool) -> type[Handle]:
    members: dict[str, object] = {"__slots__": (), "__doc__": property(lambda self: _asked(self, "get", "__doc__"))}
    for method in methods:
        if method in _METHODS:
            members[method] = _METHODS[method]
    if "__eq__" in members and "__hash__" not in members:
        members["__hash__"] = None if UNHASHABLE in methods else object.__hash__
    real = _OF_PYTHON.get(name) if is_of_python else None
    if real is not None:
        members["__class__"] = property(lambda self: real)
    if real is types.CoroutineType:
        members.update(send=_send, throw=_throw, close=_close)
    return type(name, (Handle,), members)


def _asked(self: Handle, do: str, *arguments: object, **named: object) -> Any:
    held = self._skyassets_held
    if held.is_mixed and do != "state":
        held.link.doubt(held.kind, "was mixed with values of the tests")
    return held.link.call(do, held.reference, arguments, named)


def _plain(name: str) -> Callable[..., object]:
    def operation(self: Handle, *arguments: object, **named: object) -> object:
        return _asked(self, name, *arguments, **named)

    return operation


def _compared(name: str, claim: bool) -> Callable[[Handle, object], object]:
    def operation(self: Handle, other: object) -> object:
        held = self._skyassets_held
        answer = held.link.call(name, held.reference, (other,), {})
        if answer is NotImplemented or (not isinstance(answer, Handle) and bool(answer) is not claim):
            return answer
        if not _is_alike(held, other):
            held.link.doubt(held.kind, "says itself what it equals")
        return claim

    return operation


def _is_alike(held: Held, other: object) -> bool:
    """Whether two objects that are claimed to be equal hold the same content, and hold any."""
    if isinstance(other, Handle):
        theirs = other._skyassets_held
        if held.reference == theirs.reference:
            return True
        content = held.link.call("state", held.reference, (), {})
        return bool(content) and bool(content == held.link.call("state", theirs.reference, (), {}))
    value = held.link.call("plain", held.reference, (type(other).__name__,), {})
    return not isinstance(value, Handle) and type(value) is type(other) and bool(value == other)


def _mixed(name: str) -> Callable[..., object]:
    def operation(self: Handle, *others: object) -> object:
        result = _asked(self, name, *others)
        if result is NotImplemented or all(isinstance(other, Handle) for other in others):
            return result
        if not isinstance(result, Handle):
            self._skyassets_held.link.doubt(self._skyassets_held.kind, "calculates with values of the tests")
        result._skyassets_held.is_mixed = True
        return result

    return operation


def _contains(self: Handle, item: object) -> bool:
    if not _asked(self, "__contains__", item):
        return False
    if isinstance(item, Handle):
        return True
    if not hasattr(type(self), "__iter__"):
        self._skyassets_held.link.doubt(self._skyassets_held.kind, "says itself what it contains")
    return any(own is item or own == item for own in _asked(self, "__iter__"))


def _await(self: Handle) -> Generator[None, None, object]:
    # The program runs all of it at once, in a loop of its own.
    return _asked(self, "await")
    yield


def _send(self: Handle, value: object) -> NoReturn:
    raise StopIteration(_asked(self, "await"))


def _throw(self: Handle, *error: Any) -> NoReturn:
    raise error[0]


def _close(self: Handle) -> None:
    _asked(self, "get", "close")()


_METHODS: dict[str, Callable[..., object]] = {
    **{f"__{name}__": _plain(f"__{name}__") for name in PLAIN},
    **{f"__{name}__": _compared(f"__{name}__", claim) for name, claim in COMPARED.items()},
    **{f"__{name}__": _mixed(f"__{name}__") for name in MIXED},
    "__contains__": _contains,
    "__await__": _await,
}
