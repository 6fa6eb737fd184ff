"""The program's side of an examination: it loads the program and answers questions about it with plain data.

Runs inside the sandbox, standard library only, in the program's own process: all that is said here may be a lie.
"""

import builtins
import json
from collections.abc import Callable, Iterator
from typing import Any

from skyassets.engines import frames, program_process
from skyassets.engines.examiner_process import LARGEST, MUTABLE
from skyassets.engines.job_process import RECEIVED, SENT
from skyassets.engines.plain_data import NoPlainDataError, decoded, encoded


def main() -> None:
    """Load the program, then answer until nobody asks any more."""
    module = program_process.loaded(program_process.take_job()["source"], "solution")
    if module is None:
        return
    code, namespace = module
    status = program_process.run(code, namespace)
    if status is None:
        _Answers(namespace).give()
    program_process.leave(status or 0)


class _Answers:
    """What the program says when it is asked."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self._namespace = namespace
        self._iterators: list[Iterator[object]] = []

    def give(self) -> None:
        """Say that the program is loaded; then answer until nobody asks any more."""
        self._say({"value": None})
        while (question := frames.read_header(RECEIVED, LARGEST)) is not None:
            self._say(self._next(question["next"]) if "next" in question else self._called(question))

    def _called(self, question: dict[str, object]) -> dict[str, object]:
        given: Any = decoded(question["with"])
        positional, named = given
        mutable = [value for value in (*positional, *named.values()) if isinstance(value, MUTABLE)]
        before = [json.dumps(encoded(value)) for value in mutable]
        name = str(question["call"])
        answer = self._tried(lambda: program_process.found(self._namespace, name)(*positional, **named))
        changed = []
        for old, value in zip(before, mutable, strict=True):
            try:
                new = encoded(value)
            except NoPlainDataError as error:
                return {"unplain": f"in an argument: {error}"}
            changed.append(None if json.dumps(new) == old else new)
        return {**answer, "changed": changed} if any(new is not None for new in changed) else answer

    def _next(self, number: object) -> dict[str, object]:
        over = object()
        items: list[object] = []
        answer = self._tried(lambda: items.append(next(self._iterators[int(str(number))], over)))
        if "raised" in answer:
            return answer
        return {"over": True} if items[0] is over else self._tried(lambda: items[0])

    def _tried(self, act: Callable[[], object]) -> dict[str, object]:
        try:
            return {"value": encoded(act(), self._keep)}
        except NoPlainDataError as error:
            return {"unplain": str(error)}
        except BaseException as error:  # noqa: BLE001
            return {"raised": [_names(error), _arguments(error)]}

    def _keep(self, items: Iterator[object]) -> int:
        self._iterators.append(items)
        return len(self._iterators) - 1

    def _say(self, answer: dict[str, object]) -> None:
        frames.write_all(SENT, frames.header(answer))


def _names(error: BaseException) -> list[str]:
    """The exception's own classes that Python has built in, the nearest first."""
    return [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]


def _arguments(error: BaseException) -> list[object]:
    try:
        return [encoded(argument) for argument in error.args]
    except NoPlainDataError:
        return [str(error)]
