"""Gives the examiner access to a program, over two pipes: plain data as values, everything else as handles.

Runs inside the sandbox, in the examiner: standard library only. Nothing from the program is executed here, and none of
its objects stands in for a value. A handle can be passed back, called, or asked for attributes, but not compared, so no
`__eq__` of the program decides a test.
"""

import builtins
import contextlib
from collections.abc import Callable, Iterator
from typing import NoReturn

from skyassets.engines.sandbox.guest import frames
from skyassets.engines.sandbox.guest.codec import NoPlainDataError, decoded, encoded
from skyassets.engines.sandbox.guest.job import RECEIVED, SENT

LARGEST = 2**24
MUTABLE = (list, dict, set, bytearray)


class NoAnswerError(BaseException):
    """The program's process gave no usable answer. Tests cannot catch this as an error of the function."""


class UnusableCheckError(BaseException):
    """The tests do something that is not supported."""


class ProgramLink:
    """The examiner's end of the connection."""

    def __init__(self) -> None:
        self.lost = ""
        """Why the program is gone; empty while it runs."""

    def wait(self) -> None:
        """Wait until the program is loaded."""
        self.read(self._answer())

    def function(self, name: str) -> Callable[..., object]:
        """Return a function that calls the program's function of the same name."""

        def ask(*arguments: object, **named: object) -> object:
            return self.call({"function": name}, arguments, named)

        ask.__name__ = ask.__qualname__ = name
        return ask

    def call(self, what: dict[str, object], arguments: tuple[object, ...], named: dict[str, object]) -> object:
        """Call something in the program, and apply its changes to the arguments to ours."""
        answer = self.ask({**what, "with": (arguments, named)})
        mutable = [value for value in (*arguments, *named.values()) if isinstance(value, MUTABLE)]
        changed = self._read(answer.get("changed", []))
        for value, change in zip(mutable, changed if isinstance(changed, list) else [], strict=False):
            _apply_change(value, change)
        return self.read(answer)

    def ask(self, question: dict[str, object]) -> dict[str, object]:
        """Send a question and return the answer; its arguments may be any plain data."""
        try:
            question = {**question, "with": encoded(question.get("with"), _reference)}
        except NoPlainDataError as error:
            raise UnusableCheckError(f"the tests give the program what cannot cross: {error}") from error
        try:
            frames.write_all(SENT, frames.header(question))
        except BrokenPipeError:
            self.lose("the program ended before its tests did")
        return self._answer()

    def value(self, question: dict[str, object]) -> object:
        """Ask, and return the value or raise the exception."""
        return self.read(self.ask(question))

    def lose(self, why: str) -> NoReturn:
        """Give up on the program."""
        self.lost = self.lost or why
        raise NoAnswerError(why)

    def _answer(self) -> dict[str, object]:
        try:
            answer = frames.read_header(RECEIVED, LARGEST)
        except (ValueError, TypeError, RecursionError) as error:
            self.lose(f"the program sent what is no answer: {type(error).__name__}")
        if answer is None:
            self.lose("the program ended before its tests did")
        return answer

    def read(self, answer: dict[str, object]) -> object:
        """Return the value in an answer, or raise the exception in it."""
        if isinstance(reason := answer.get("unplain"), str):
            self.lose(f"the program answered with what cannot cross: {reason[:200]}")
        if "raised" in answer:
            raise self._error(answer["raised"])
        return self._read(answer.get("value"))

    def _read(self, value: object) -> object:
        try:
            return decoded(value, self._handle)
        except (NoPlainDataError, RecursionError) as error:
            self.lose(f"the program sent what is no plain data: {error}")

    def _handle(self, reference: object) -> "Handle":
        if not (isinstance(reference, list) and len(reference) == 2 and isinstance(reference[0], int)):
            raise NoPlainDataError("a reference that is none")
        return Handle(self, reference[0], str(reference[1])[:80])

    def _error(self, description: object) -> BaseException:
        """Return a built-in exception with the name of the program's."""
        names, arguments = description if isinstance(description, list) and len(description) == 2 else ([], None)
        given = self._read(arguments)
        for name in names if isinstance(names, list) else []:
            kind = getattr(builtins, name, None) if isinstance(name, str) else None
            if isinstance(kind, type) and issubclass(kind, BaseException):
                with contextlib.suppress(TypeError, ValueError):
                    return kind(*given) if isinstance(given, list) else kind()
        return RuntimeError(f"the program raised {names!r}"[:200])


class Handle:
    """An object of the program that is not plain data: a generator, a function, an instance of its own class."""

    _link: ProgramLink
    _reference: int
    _kind: str

    def __init__(self, link: ProgramLink, reference: int, kind: str) -> None:
        self.__dict__.update(_link=link, _reference=reference, _kind=kind)

    def __call__(self, *arguments: object, **named: object) -> object:  # noqa: D102
        return self._link.call({"held": self._reference}, arguments, named)

    def __iter__(self) -> Iterator[object]:
        items = self._link.value({"iter": self._reference})
        if not isinstance(items, Handle):
            self._link.lose("the program's iterator is none")
        return items

    def __next__(self) -> object:
        answer = self._link.ask({"next": self._reference})
        if "over" in answer:
            raise StopIteration
        return self._link.read(answer)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.value({"get": self._reference, "name": name})

    def __setattr__(self, name: str, value: object) -> None:
        self._link.value({"set": self._reference, "name": name, "with": value})

    def _no_value(self, *_: object) -> NoReturn:
        self._link.lose(f"the program answered with a {self._kind}, which is no plain data and cannot be compared")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __hash__ = _no_value
    __contains__ = __getitem__ = __add__ = __sub__ = __mul__ = __str__ = __repr__ = _no_value


def _reference(value: object) -> object:
    if isinstance(value, Handle):
        return value.__dict__["_reference"]
    raise NoPlainDataError(f"{type(value).__name__} is no plain data")


def _apply_change(value: object, changed: object) -> None:
    """Apply the program's change of an argument to ours."""
    if isinstance(value, list | bytearray) and isinstance(changed, list | bytearray):
        value[:] = changed
    elif isinstance(value, dict | set) and isinstance(changed, type(value)):
        value.clear()
        value.update(changed)
