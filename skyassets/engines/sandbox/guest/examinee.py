"""The program's side of an examination: loads the program and answers questions about it with plain data.

Runs inside the sandbox, standard library only, in the program's own process, so its answers cannot be trusted.
"""

import builtins
import json
from collections.abc import Callable, Iterator
from typing import Any

from skyassets.engines.sandbox.guest import frames, program
from skyassets.engines.sandbox.guest.codec import NoPlainDataError, decoded, encoded
from skyassets.engines.sandbox.guest.job import RECEIVED, SENT
from skyassets.engines.sandbox.guest.program_link import LARGEST, MUTABLE


def main() -> None:
    """Load the program, then answer questions until the examiner ends."""
    module = program.loaded(program.take_job()["source"], "solution")
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

    def give(self) -> None:
        """Report that the program is loaded, then answer questions until the examiner ends."""
        self._send({"value": None})
        while (question := frames.read_header(RECEIVED, LARGEST)) is not None:
            self._send(self._answer(question))

    def _answer(self, question: dict[str, Any]) -> dict[str, object]:
        given: Any = decoded(question["with"], self._fetch)
        match question:
            case {"next": number}:
                return self._next(self._fetch(number))
            case {"iter": number}:
                return self._tried(lambda: iter(self._fetch(number)), always_held=True)
            case {"get": number, "name": name}:
                return self._tried(lambda: getattr(self._fetch(number), name))
            case {"set": number, "name": name}:
                return self._tried(lambda: setattr(self._fetch(number), name, given))
            case {"held": number}:
                return self._called(lambda: self._fetch(number), *given)
            case _:
                return self._called(lambda: program.function_named(question["function"], self._namespace), *given)

    def _called(
        self, function: Callable[[], Callable[..., object]], positional: tuple[object, ...], named: dict[str, object]
    ) -> dict[str, object]:
        mutable = [value for value in (*positional, *named.values()) if isinstance(value, MUTABLE)]
        before = [json.dumps(encoded(value, self._hold)) for value in mutable]
        answer = self._tried(lambda: function()(*positional, **named))
        after = [encoded(value, self._hold) for value in mutable]
        changed = [None if json.dumps(new) == old else new for old, new in zip(before, after, strict=True)]
        return {**answer, "changed": changed} if any(new is not None for new in changed) else answer

    def _next(self, items: Iterator[object]) -> dict[str, object]:
        over = object()
        drawn: list[object] = []
        answer = self._tried(lambda: drawn.append(next(items, over)))
        if "raised" in answer:
            return answer
        return {"over": True} if drawn[0] is over else self._tried(lambda: drawn[0])

    def _tried(self, act: Callable[[], object], *, always_held: bool = False) -> dict[str, object]:
        try:
            value = act()
            return {"value": {"held": self._hold(value)} if always_held else encoded(value, self._hold)}
        except NoPlainDataError as error:
            return {"unplain": str(error)}
        except BaseException as error:  # noqa: BLE001  reported to the tests, whatever it is
            return {"raised": [_names(error), _arguments(error)]}

    def _hold(self, value: object) -> list[object]:
        for number, known in enumerate(self._held):
            if known is value:
                return [number, type(value).__name__]
        self._held.append(value)
        return [len(self._held) - 1, type(value).__name__]

    def _fetch(self, number: object) -> Any:
        return self._held[int(str(number))]

    def _send(self, answer: dict[str, object]) -> None:
        frames.write_all(SENT, frames.header(answer))


def _names(error: BaseException) -> list[str]:
    """Return the names of the exception's built-in classes, the most specific first."""
    return [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]


def _arguments(error: BaseException) -> list[object]:
    try:
        return [encoded(argument) for argument in error.args]
    except NoPlainDataError:
        return [str(error)]
