"""MathVerify keeps the Equals port: math-verify, in a worker process that can be killed. Imports no sympy here."""

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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from skyassets.core.errors import GraderError
from skyassets.engines import seccomp

WORKER = Path(__file__).with_name("math_verify_worker.py")
ENVIRONMENT = {"SYMPY_GROUND_TYPES": "python", "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
"""All there is: gmpy2, where installed, cannot be interrupted, and sympy's way depends on the order of its sets."""
STARTING_SECONDS = 120.0
GRACE_SECONDS = 2.0
"""The worker keeps the deadline itself; one that is this late has lost its way and is killed."""

LONGEST, DEEPEST = 512, 12
_BOMBS = re.compile(
    r"\d{150}"  # numbers nobody states
    r"|!\s*!|\^[^!]{0,40}!|\d{5}\s*!"  # factorials of what is not small
    r"|\^\s*\{?\s*[-+(]?\s*\d{5}"  # powers with a large exponent
    r"|\^\s*\{[^{}]*\^\s*\{[^{}]*\^|\^\s*\w+\s*\^\s*\w+\s*\^"  # towers of powers
    r"|\d[eE]\s*[-+]?\d{4}"  # 1e9999
    r"|\\[dt]?binom\s*\{?\s*\d{5}"
    r"|\\(?:int|oint|sum|prod|lim)(?![a-z])"  # what would have to be computed, not compared
)


class MathVerify:
    """Compares with math-verify in `workers` processes, each started when first needed. Safe to share by threads."""

    def __init__(self, seconds: float = 5.0, memory_mb: int = 2048, workers: int = 1) -> None:
        self._settings = {"seconds": seconds, "memory_mb": memory_mb}
        self._workers = [_Worker(self._settings) for _ in range(workers)]
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    @functools.cached_property
    def name(self) -> str:
        """The library and its version."""
        try:
            return f"math-verify {version('math-verify')}"
        except PackageNotFoundError as error:
            raise GraderError("math-verify is not installed; pip install 'math-verify[antlr4_13_2]'") from error

    def equal(self, answer: str, gold: str) -> bool | None:
        """Whether `answer` equals `gold`; None when nobody could tell within the limits, or one could not be read.

        Raises:
            GraderError: when no worker can be started.
        """
        if not answer.strip() or not gold.strip() or is_bomb(answer) or is_bomb(gold):
            return None
        worker = self._idle.get()
        try:
            return worker.compare(answer, gold)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """Stop the workers; the next question starts them again."""
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def is_bomb(text: str) -> bool:
    """Whether `text` is no final answer but work without end: too long, too deep, or astronomically large."""
    if len(text) > LONGEST or _BOMBS.search(text):
        return True
    depth = 0
    for letter in text:
        depth += (letter in "({[") - (letter in ")}]")
        if depth > DEEPEST:
            return True
    return False


class _Worker:
    """One worker process, or none yet."""

    def __init__(self, settings: dict[str, float]) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def compare(self, answer: str, gold: str) -> bool | None:
        process = self._started()
        said = _ask(process, {"answer": answer, "gold": gold}, self._settings["seconds"] + GRACE_SECONDS)
        if said is None:
            self.stop()
            return None
        value = json.loads(said)
        return value if isinstance(value, bool) else None

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # Its fork, if there is one, is in its process group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            with tempfile.TemporaryFile() as complaints:
                self._process = subprocess.Popen(
                    [sys.executable, "-s", "-P", "-B", str(WORKER)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, bufsize=0,
                    env=ENVIRONMENT, cwd="/", start_new_session=True,
                )  # fmt: skip
                settings = {**self._settings, "filter": seccomp.for_arithmetic().hex()}
                if _ask(self._process, settings, STARTING_SECONDS) is None:
                    self.stop()
                    complaints.seek(0)
                    said = complaints.read().decode("utf-8", "replace").strip()
                    raise GraderError(f"the math-verify worker did not start: {said[-500:]}")
        return self._process


def _ask(
    process: subprocess.Popen[bytes], question: dict[str, object] | dict[str, str], seconds: float
) -> bytes | None:
    """One line for one line; None when the worker is dead or late."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(question).encode("ascii") + b"\n")
    except BrokenPipeError:
        return None
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not piece:
            return None
        line += piece
    return line
