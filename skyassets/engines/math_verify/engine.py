"""Implements the `AnswerComparator` port with math-verify, in worker processes that can be killed. Imports no sympy."""

import functools
import json
import os
import queue
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Self

from skyassets.core.errors import GraderError
from skyassets.engines.sandbox import seccomp

WORKER = Path(__file__).with_name("worker.py")
ENVIRONMENT = {"SYMPY_GROUND_TYPES": "python", "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
"""The whole environment. gmpy2 cannot be interrupted, and sympy's results depend on the order of its sets."""
STARTING_SECONDS = 120.0
GRACE_SECONDS = 2.0
"""The worker enforces the deadline itself. If it is this late, it is killed."""

TIME_LIMIT = "time limit"
DIED = "grader error: the comparing process died twice"

LONGEST, DEEPEST = 512, 12
CACHE_SIZE = 100_000
"""Number of pairs whose result is cached."""
_BOMBS = (
    ("a number too long to state", re.compile(r"\d{150}")),
    ("a factorial of what is not small", re.compile(r"!\s*[)}\]]*\s*!|\^[^!]{0,40}!|\d{5}\s*!|\d\s*\}?\s*\)\s*!\s*\^")),
    ("a power too large", re.compile(r"\^\s*\{?\s*[-+(]*\s*\d{5}|\d[eE]\s*[-+]?\d{4}")),
    ("a tower of powers", re.compile(r"\^\s*\{[^{}]*\^\s*\{[^{}]*\^|\^\s*\w+\s*\^\s*\w+\s*\^")),
    ("a binomial too large", re.compile(r"\\[dt]?binom\s*\{?\s*\d{5}")),
    ("to be computed, not compared", re.compile(r"\\(?:int|oint|sum|prod|lim)(?![a-z])")),
)


class MathVerify:
    """Compares with math-verify in `workers` processes, each started on first use. Thread-safe."""

    def __init__(self, seconds: float = 5.0, memory_mb: int = 2048, workers: int = 1) -> None:
        self._settings = {"seconds": seconds, "memory_mb": memory_mb}
        self._workers = [_Worker(self._settings) for _ in range(workers)]
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._known: dict[tuple[str, str], bool | str] = {}

    @functools.cached_property
    def name(self) -> str:
        """The library and its version."""
        return f"math-verify {version('math-verify')}"

    def equal(self, answer: str, gold: str) -> bool | str:
        """Return whether `answer` equals `gold`; if undecided within the limits, the reason.

        Raises:
            GraderError: if no worker can be started.
        """
        for text, whose in ((gold, "reference"), (answer, "answer")):
            if reason := ungradable(text):
                return f"ungradable: the {whose} is {reason}"
        if (known := self._known.get((answer, gold))) is not None:
            return known
        worker = self._idle.get()
        try:
            result = worker.compare(answer, gold)
            # The worker may have been killed for another reason, so try the pair once more.
            result = worker.compare(answer, gold) if result == DIED else result
        finally:
            self._idle.put(worker)
        if result != DIED and len(self._known) < CACHE_SIZE:
            self._known[answer, gold] = result
        return result

    def close(self) -> None:
        """Stop the workers; the next comparison starts them again."""
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ungradable(text: str) -> str | None:
    """Return why `text` cannot be graded in reasonable time: too long, too deep, or astronomically large."""
    if not text.strip():
        return "empty"
    if len(text) > LONGEST:
        return f"longer than {LONGEST} characters"
    for what, pattern in _BOMBS:
        if pattern.search(text):
            return what
    depth = 0
    for letter in text:
        depth += (letter in "({[") - (letter in ")}]")
        if depth > DEEPEST:
            return f"nested deeper than {DEEPEST}"
    return None


class _Worker:
    """A worker process, which may not be started yet."""

    def __init__(self, settings: dict[str, float]) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def compare(self, answer: str, gold: str) -> bool | str:
        process = self._started()
        reply = _ask(process, {"answer": answer, "gold": gold}, self._settings["seconds"] + GRACE_SECONDS)
        if isinstance(reply, str):
            self.stop()
            return reply
        value = json.loads(reply)
        return value if isinstance(value, bool | str) else DIED

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # The process group includes its fork, if there is one.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            with tempfile.TemporaryFile() as errors:
                self._process = subprocess.Popen(
                    [sys.executable, "-s", "-P", "-B", str(WORKER)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0,
                    env=ENVIRONMENT, cwd="/", start_new_session=True,
                )  # fmt: skip
                settings = {**self._settings, "filter": seccomp.for_arithmetic().hex()}
                if isinstance(_ask(self._process, settings, STARTING_SECONDS), str):
                    self.stop()
                    errors.seek(0)
                    output = errors.read().decode("utf-8", "replace").strip()
                    raise GraderError(f"the math-verify worker did not start: {output[-500:]}")
        return self._process


def _ask(process: subprocess.Popen[bytes], question: dict[str, object] | dict[str, str], seconds: float) -> bytes | str:
    """Send one line and return the reply, or what happened to the worker if there is none."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(question).encode("ascii") + b"\n")
    except BrokenPipeError:
        return DIED
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return TIME_LIMIT
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            return DIED
        line += piece
    return line
