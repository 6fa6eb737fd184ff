"""A program as its examiner reaches it: over two pipes, with plain data, and handles for what is none.

Runs inside the sandbox, in the examiner: standard library only. Nothing that comes from the program is executed here,
and no object of its stands in for a value: what is no plain data can be handed back, called, or asked for its
attributes, but not compared, so no `__eq__` of the program's decides a test.
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
    """The program's process gave no answer that can be used. No test may catch this as an error of the function."""


class UnusableCheckError(BaseException):
    """The tests ask what cannot be asked."""


class ProgramLink:
    """The examiner's end of the conversation."""

    def __init__(self) -> None:
        self.lost = ""
        """Why there is no program any more, once there is none."""

    def wait(self) -> None:
        """Until the program is loaded."""
        self.read(self._answer())

    def function(self, name: str) -> Callable[..., object]:
        """A function that asks the program's one of the same name."""

        def ask(*arguments: object, **named: object) -> object:
            return self.call({"function": name}, arguments, named)

        ask.__name__ = ask.__qualname__ = name
        return ask

    def call(self, what: dict[str, object], arguments: tuple[object, ...], named: dict[str, object]) -> object:
        """Call something of the program's, and do to our arguments what it did to its own."""
        answer = self.ask({**what, "with": (arguments, named)})
        mutable = [value for value in (*arguments, *named.values()) if isinstance(value, MUTABLE)]
        changed = self._read(answer.get("changed", []))
        for value, became in zip(mutable, changed if isinstance(changed, list) else [], strict=False):
            _become(value, became)
        return self.read(answer)

    def ask(self, question: dict[str, object]) -> dict[str, object]:
        """The program's answer to a question; what it is asked `with` may be any plain data."""
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
        """What the program answers, or the exception it raises, as our own."""
        return self.read(self.ask(question))

    def lose(self, why: str) -> NoReturn:
        """Give the program up."""
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
        """The value in an answer, or the exception in it raised as our own."""
        if isinstance(told := answer.get("unplain"), str):
            self.lose(f"the program answered with what cannot cross: {told[:200]}")
        if "raised" in answer:
            raise self._error(answer["raised"])
        return self._read(answer.get("value"))

    def _read(self, value: object) -> object:
        try:
            return decoded(value, self._handle)
        except (NoPlainDataError, RecursionError) as error:
            self.lose(f"the program sent what is no plain data: {error}")

    def _handle(self, told: object) -> "Handle":
        if not (isinstance(told, list) and len(told) == 2 and isinstance(told[0], int)):
            raise NoPlainDataError("a reference that is none")
        return Handle(self, told[0], str(told[1])[:80])

    def _error(self, told: object) -> BaseException:
        """An exception of the same name as the program's, among those that Python has built in."""
        names, arguments = told if isinstance(told, list) and len(told) == 2 else ([], None)
        given = self._read(arguments)
        for name in names if isinstance(names, list) else []:
            kind = getattr(builtins, name, None) if isinstance(name, str) else None
            if isinstance(kind, type) and issubclass(kind, BaseException):
                with contextlib.suppress(TypeError, ValueError):
                    return kind(*given) if isinstance(given, list) else kind()
        return RuntimeError(f"the program raised {names!r}"[:200])


class Handle:
    """Something of the program's that is no plain data: a generator, a function, an object of a class of its own."""

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


def _become(value: object, changed: object) -> None:
    """The change that the program made to an argument, made to ours."""
    if isinstance(value, list | bytearray) and isinstance(changed, list | bytearray):
        value[:] = changed
    elif isinstance(value, dict | set) and isinstance(changed, type(value)):
        value.clear()
        value.update(changed)
