"""The examiner: a job that runs the tests, and asks the program's process for whatever the program defines.

Runs inside the sandbox: standard library only. The examiner never holds the program, and the program never holds the
tests or has access to the verdict's channel. They exchange plain data, and the program's side of it is trusted no more
than its output.
"""

import builtins
import json
import linecache
import os
import random
import re
import sys
import traceback
from collections.abc import Sequence

from skyassets.engines.sandbox.guest.program import take_job, write_line
from skyassets.engines.sandbox.guest.program_link import NoAnswerError, ProgramLink, UnusableCheckError

CHECK = "<check>"
AT_HAND = (
    "collections", "copy", "functools", "heapq", "itertools", "json", "math", "operator", "os", "random", "re",
    "string", "sys",
)  # fmt: skip
"""Modules that tests use without importing them, because the program they were written for had imported them."""

_PATCHES = re.compile(r"\bimport\s+mock\b|\bunittest\s+import\s[^\n]*\bmock\b|\bunittest\.mock\b|\bmonkeypatch\b")


def main() -> None:
    """Run the tests and report the result."""
    job = take_job()
    verdict, detail = _verdict(job["check"], job["names"].split())
    write_line(json.dumps({"verdict": verdict, "detail": detail[-2000:]}))
    os._exit(0)


def _verdict(check: str, names: Sequence[str]) -> tuple[str, str]:
    """Return the verdict and its details: `passed`, `failed` (assertion), `error` (the program's) or `unusable`."""
    try:
        code = compile(check, CHECK, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        return "unusable", f"the tests do not compile: {type(error).__name__}: {error}"
    linecache.cache[CHECK] = (len(check), None, check.splitlines(keepends=True), CHECK)
    program = ProgramLink(names)
    namespace: dict[str, object] = {"__name__": "check", "__builtins__": builtins}
    namespace.update((name, sys.modules[name]) for name in AT_HAND)
    random.seed = program.seed
    try:
        namespace.update(program.loaded())
        exec(code, namespace)  # noqa: S102
    except AssertionError as error:
        result = "failed", _described(error)
    except UnusableCheckError as error:
        result = "unusable", str(error)
    except NoAnswerError as error:
        result = "error", str(error)
    except ModuleNotFoundError as error:
        # One of the program's has no name here.
        result = ("unusable" if error.name else "error"), _described(error)
    except BaseException as error:  # noqa: BLE001  whatever a test ends with, it has not passed
        result = "error", _described(error)
    else:
        result = "passed", ""
    # A bare `except` in the tests may have caught it.
    if program.lost:
        return "error", program.lost
    if program.unusable:
        return "unusable", program.unusable
    if result[0] != "passed" and _PATCHES.search(check):
        return "unusable", f"the tests replace parts of a module, which the program does not see: {result[1]}"
    return result


def _described(error: BaseException) -> str:
    """Return the error with the line of the tests that caused it."""
    frames_of_tests = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == CHECK]
    line = f"line {frames_of_tests[-1].lineno} of the tests: {frames_of_tests[-1].line}\n" if frames_of_tests else ""
    return line + "".join(traceback.format_exception_only(error)).strip()
