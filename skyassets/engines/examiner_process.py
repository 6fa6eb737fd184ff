"""The examiner: a job that runs the tests, and asks the program's own process for whatever the program defines.

Runs inside the sandbox: standard library only. The examiner never holds the program; the program never holds the
tests, and has no way to the channel of the verdict. Between the two goes plain data, and the program's side of it is
believed no more than its output.
"""

import builtins
import contextlib
import json
import linecache
import os
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from skyassets.engines import frames
from skyassets.engines.job_process import RECEIVED, SENT
from skyassets.engines.plain_data import NoPlainDataError, decoded, encoded
from skyassets.engines.program_process import say, take_job

CHECK = "<check>"
LARGEST = 2**24
MUTABLE = (list, dict, set, bytearray)


class NoAnswerError(BaseException):
    """The program's process gave no answer that can be used. No test may catch this as an error of the function."""


class UnusableCheckError(BaseException):
    """The tests ask what cannot be asked."""


def main() -> None:
    """Run the tests; say what came of them."""
    job = take_job()
    verdict, detail = _verdict(job["check"], job["names"].split())
    say(json.dumps({"verdict": verdict, "detail": detail[-2000:]}))
    os._exit(0)


def _verdict(check: str, names: list[str]) -> tuple[str, str]:
    """`passed`; `failed` with the assertion; `error` of the program's, or `unusable` tests, with what was seen."""
    try:
        code = compile(check, CHECK, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        return "unusable", f"the tests do not compile: {type(error).__name__}: {error}"
    linecache.cache[CHECK] = (len(check), None, check.splitlines(keepends=True), CHECK)
    program = _Program()
    namespace: dict[str, object] = {"__name__": "check", "__builtins__": builtins}
    namespace.update((name, program.function(name)) for name in names)
    try:
        program.wait()
        exec(code, namespace)  # noqa: S102
    except AssertionError as error:
        seen = "failed", _told(error)
    except UnusableCheckError as error:
        seen = "unusable", str(error)
    except NoAnswerError as error:
        seen = "error", str(error)
    except BaseException as error:  # noqa: BLE001
        seen = "error", _told(error)
    else:
        seen = "passed", ""
    # Tests with a bare `except` may have caught it.
    return ("error", program.lost) if program.lost else seen


def _told(error: BaseException) -> str:
    """The error with the line of the tests it came from."""
    frames_of_tests = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == CHECK]
    line = f"line {frames_of_tests[-1].lineno} of the tests: {frames_of_tests[-1].line}\n" if frames_of_tests else ""
    return line + "".join(traceback.format_exception_only(error)).strip()


class _Program:
    """The program's process, seen from the examiner."""

    def __init__(self) -> None:
        self.lost = ""

    def function(self, name: str) -> Callable[..., object]:
        """A function that asks the program's one of the same name."""

        def ask(*arguments: object, **named: object) -> object:
            mutable = [value for value in (*arguments, *named.values()) if isinstance(value, MUTABLE)]
            try:
                question = {"call": name, "with": encoded([arguments, named])}
            except NoPlainDataError as error:
                raise UnusableCheckError(f"the tests give {name} an argument that cannot cross: {error}") from error
            answer = self._ask(question)
            changed = self._read(answer.get("changed", []))
            for value, became in zip(mutable, changed if isinstance(changed, list) else [], strict=False):
                _become(value, became)
            return self._value(answer)

        ask.__name__ = ask.__qualname__ = name
        return ask

    def wait(self) -> None:
        """Until the program is loaded."""
        self._value(self._answer())

    def _ask(self, question: object) -> dict[str, object]:
        try:
            frames.write_all(SENT, frames.header(question))
        except BrokenPipeError:
            self._lose("the program ended before its tests did")
        return self._answer()

    def _answer(self) -> dict[str, object]:
        try:
            answer = frames.read_header(RECEIVED, LARGEST)
        except (ValueError, TypeError, RecursionError) as error:
            self._lose(f"the program sent what is no answer: {type(error).__name__}")
        if answer is None:
            self._lose("the program ended before its tests did")
        return answer

    def _value(self, answer: dict[str, object]) -> object:
        if isinstance(told := answer.get("unplain"), str):
            self._lose(f"the program returned what cannot cross: {told[:200]}")
        if "raised" in answer:
            raise self._error(answer["raised"])
        return self._read(answer.get("value"))

    def _read(self, value: object) -> object:
        try:
            return decoded(value, self._iterator)
        except (NoPlainDataError, RecursionError) as error:
            self._lose(f"the program sent what is no plain data: {error}")

    def _iterator(self, number: int) -> Iterator[object]:
        while True:
            answer = self._ask({"next": number})
            if "over" in answer:
                return
            yield self._value(answer)

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

    def _lose(self, why: str) -> NoReturn:
        self.lost = self.lost or why
        raise NoAnswerError(why)


def _become(value: object, changed: object) -> None:
    """The change that the program made to an argument, made to ours."""
    if isinstance(value, list | bytearray) and isinstance(changed, list | bytearray):
        value[:] = changed
    elif isinstance(value, dict | set) and isinstance(changed, type(value)):
        value.clear()
        value.update(changed)
