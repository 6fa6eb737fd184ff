"""The examiner: a job that runs the tests, and asks the program's own process for whatever the program defines.

Runs inside the sandbox: standard library only. The examiner never holds the program; the program never holds the
tests, and has no way to the channel of the verdict. Between the two goes plain data, and the program's side of it is
believed no more than its output.
"""

import builtins
import json
import linecache
import os
import sys
import traceback
from collections.abc import Sequence

from skyassets.engines.sandbox.guest.program import say, take_job
from skyassets.engines.sandbox.guest.program_link import NoAnswerError, ProgramLink, UnusableCheckError

CHECK = "<check>"
AT_HAND = (
    "collections", "copy", "functools", "heapq", "itertools", "json", "math", "operator", "os", "random", "re",
    "string", "sys",
)  # fmt: skip
"""Modules that tests use without importing them: where they were written, the program had."""


def main() -> None:
    """Run the tests; say what came of them."""
    job = take_job()
    verdict, detail = _verdict(job["check"], job["names"].split())
    say(json.dumps({"verdict": verdict, "detail": detail[-2000:]}))
    os._exit(0)


def _verdict(check: str, names: Sequence[str]) -> tuple[str, str]:
    """`passed`; `failed` with the assertion; `error` of the program's, or `unusable` tests, with what was seen."""
    try:
        code = compile(check, CHECK, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        return "unusable", f"the tests do not compile: {type(error).__name__}: {error}"
    linecache.cache[CHECK] = (len(check), None, check.splitlines(keepends=True), CHECK)
    program = ProgramLink()
    namespace: dict[str, object] = {"__name__": "check", "__builtins__": builtins}
    namespace.update((name, sys.modules[name]) for name in AT_HAND)
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
    except BaseException as error:  # noqa: BLE001  whatever a test ends with, it has not passed
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
