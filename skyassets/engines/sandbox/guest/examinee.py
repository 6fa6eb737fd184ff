"""The program's side of an examination: loads the program and answers questions about it with plain data.

Runs inside the sandbox, standard library only, in the program's own process, so its answers cannot be trusted.
"""

import builtins
import copy
import io
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from skyassets.engines.sandbox.guest import frames, program
from skyassets.engines.sandbox.guest.codec import NoPlainDataError, decoded, encoded
from skyassets.engines.sandbox.guest.handle import SPECIAL, UNHASHABLE
from skyassets.engines.sandbox.guest.job import RECEIVED, SENT
from skyassets.engines.sandbox.guest.program_link import LARGEST, MUTABLE, apply_change

_MODULE = "solution"


def main() -> None:
    """Load the program, then answer questions until the examiner ends."""
    module = program.loaded(program.take_job()["source"], _MODULE)
    if module is None:
        return
    code, namespace = module
    status = program.run(code, namespace)
    if status is None:
        _Answers(namespace).give()
    program.leave(status or 0)


class _Answers:
    """Answers questions about the program."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self._namespace = namespace
        self._held: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._named: set[object] = set()
        self._loop: Any = None

    def give(self) -> None:
        """Report that the program is loaded, then answer questions until the examiner ends."""
        self._send({"value": None})
        while (question := frames.read_header(RECEIVED, LARGEST)) is not None:
            streams = {name: io.StringIO(text) for name, text in question["streams"].items()}  # type: ignore[attr-defined]
            with _replaced(streams):
                answer = self._answer(question)
            used = {name: stream.tell() if name == "stdin" else stream.getvalue() for name, stream in streams.items()}
            self._send({**answer, "streams": used})

    def _answer(self, question: dict[str, Any]) -> dict[str, object]:
        given: Any = decoded(question["with"], self._fetch)
        positional, named = given
        mutable = [value for value in (*positional, *named.values()) if isinstance(value, MUTABLE)]
        before = [json.dumps(self._encoded(value)) for value in mutable]
        try:
            value = self._operation(question)(*positional, **named)
            after = [self._encoded(value) for value in mutable]
            answer = self._sent(value, mutable)
        except NoPlainDataError as error:
            return {"unplain": str(error)}
        except BaseException as error:  # noqa: BLE001  reported to the tests, whatever it is
            try:
                after = [self._encoded(value) for value in mutable]
            except NoPlainDataError as unplain:
                return {"unplain": str(unplain)}
            answer = {"raised": [self._names(type(error)), *_content(error)]}
        changed = [None if json.dumps(new) == old else new for old, new in zip(before, after, strict=True)]
        return {**answer, "changed": changed} if any(new is not None for new in changed) else answer

    def _sent(self, value: object, mutable: Sequence[object]) -> dict[str, object]:
        for number, own in enumerate(mutable):
            if own is value:
                return {"same": number}
        if isinstance(value, type) and issubclass(value, BaseException) and value in self._named:
            return {
                "exception": [kind.__name__ for kind in value.__mro__ if kind in self._named or _is_of_python(kind)]
            }
        return {"value": self._encoded(value)}

    def _operation(self, question: dict[str, Any]) -> Callable[..., object]:
        match question["do"]:
            case "name":
                return self._find
            case "change":
                return self._change
            case "seed":
                return random.seed
        thing: Any = self._fetch(question["of"])
        operations: dict[str, Callable[..., object]] = {
            "__call__": lambda *positional, **named: thing(*positional, **named),
            "get": partial(getattr, thing),
            "set": partial(setattr, thing),
            "delete": partial(delattr, thing),
            "copy": partial(copy.copy, thing),
            "deepcopy": partial(copy.deepcopy, thing),
            "await": partial(self._awaited, thing),
            "state": partial(_state, thing),
            "plain": partial(_plain, thing),
        }
        do = question["do"]
        return operations[do] if do in operations else partial(getattr(type(thing), do), thing)

    def _find(self, name: str) -> object:
        """Return what the program has under a name: its own, or a method of a new `Solution` for each call."""
        if name not in self._namespace:
            program.function_named(name, self._namespace)
            return lambda *positional, **named: program.function_named(name, self._namespace)(*positional, **named)
        thing = self._namespace[name]
        if isinstance(thing, type) and thing.__module__ == _MODULE:
            self._named.add(thing)
        return thing

    def _change(self, where: str, value: object) -> None:
        question = json.loads(where)
        positional: Any = decoded(question["with"], self._fetch)
        apply_change(self._operation(question)(*positional), value)

    def _awaited(self, thing: Any) -> object:
        async def whole() -> object:
            return await thing

        if self._loop is None:
            self._loop = __import__("asyncio").new_event_loop()
        return self._loop.run_until_complete(whole())

    def _encoded(self, value: object) -> object:
        return encoded(value, self._hold, self._keeps)

    def _keeps(self, kind: type) -> bool:
        """Whether an object of the program's class stays here, with what it can do: one that the tests name, an
        enumeration, or a dictionary that makes up its values.
        """
        enumeration = getattr(sys.modules.get("enum"), "Enum", None)
        is_enumeration = isinstance(enumeration, type) and issubclass(kind, enumeration)
        return kind in self._named or is_enumeration or (hasattr(kind, "__missing__") and kind.__module__ == _MODULE)

    def _hold(self, value: object) -> list[object]:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._held)
            self._held.append(value)
        return [number, type(value).__name__, _methods(type(value)), _is_of_python(type(value))]

    def _fetch(self, number: object) -> Any:
        return self._held[int(str(number))]

    def _names(self, error: type) -> list[str]:
        """Return the names of an exception's classes that the tests know, the most specific first."""
        return [kind.__name__ for kind in error.__mro__ if kind in self._named or _is_of_python(kind)]

    def _send(self, answer: dict[str, object]) -> None:
        frames.write_all(SENT, frames.header(answer))


@contextmanager
def _replaced(streams: dict[str, io.StringIO]) -> Iterator[None]:
    """Put `streams` in the place of the standard ones for a while."""
    before = {name: getattr(sys, name) for name in streams}
    for name, stream in streams.items():
        setattr(sys, name, stream)
    yield
    for name, stream in streams.items():
        if getattr(sys, name) is stream:
            setattr(sys, name, before[name])


def _is_of_python(kind: type) -> bool:
    return getattr(builtins, kind.__name__, None) is kind or kind.__module__ == "builtins"


def _methods(kind: type) -> list[str]:
    """Return the special methods that objects of this class have and not every object has."""
    defined = {name for parent in kind.__mro__ if parent is not object for name in vars(parent)}
    own = [name for name in SPECIAL if name in defined]
    return own if kind.__hash__ is not None else [*(name for name in own if name != "__hash__"), UNHASHABLE]


def _state(value: object) -> object:
    """Return what an object consists of: its attributes, or how a library shows it."""
    names = [name for kind in type(value).__mro__ for name in _listed(getattr(kind, "__slots__", ()))]
    attributes = {name: getattr(value, name) for name in names if hasattr(value, name)}
    attributes |= getattr(value, "__dict__", {})
    plain = _plain(value)
    if plain is not value:
        return plain, attributes
    return attributes or (repr(value) if type(value).__module__ != _MODULE else None)


def _listed(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _plain(value: Any, wanted: str = "") -> object:
    """Return an object's value as a built-in type: the one that is wanted, or the one that its class derives from."""
    kind = next((kind for kind in _PLAIN if kind.__name__ == wanted and not isinstance(value, kind)), None)
    if kind is not None:
        try:
            return kind(value)
        except Exception:  # noqa: BLE001  then it has no such value
            return value
    base = next((base for base in _PLAIN if isinstance(value, base)), None)
    return value if base is None or type(value) is base else _PLAIN[base](value)


_PLAIN: dict[type, Callable[[Any], object]] = {
    **{kind: lambda value: decoded(encoded(value)) for kind in (str, int, float, complex, bytes)},
    list: lambda value: [*list.__iter__(value)],
    tuple: lambda value: (*tuple.__iter__(value),),
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}


def _content(error: BaseException) -> tuple[object, str, object]:
    """Return an exception's arguments, text and attributes, as far as they are plain data."""
    text = str(error)
    try:
        arguments = [encoded(argument) for argument in error.args]
    except NoPlainDataError:
        arguments = [text]
    attributes = {}
    for name, value in vars(error).items():
        try:
            attributes[name] = encoded(value)
        except NoPlainDataError:
            continue
    return arguments, text, {"dict": [list(item) for item in attributes.items()]}
