"""A sandbox of warm fork servers, one per thread that runs programs. A backend isolates them."""

import functools
import json
import math
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Limits, Program, ProgramRun, RunKind
from skyassets.core.text import well_formed
from skyassets.engines.sandbox.result import run_of
from skyassets.engines.sandbox.server import JobLostError, JobOutcome, SandboxServer

FILE_MB, STACK_MB = 16, 64
OPEN_FILES = 256
HARMLESS, HARMLESS_OUTPUT, HARMLESS_LIMITS = Program("print(6 * 7)"), "42\n", Limits(seconds=30.0)
"""A program that ends as it should in every sandbox that works."""


class Backend(Protocol):
    """Starts fork servers that are isolated."""

    @property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        ...

    @property
    def advice(self) -> str:
        """What to do if it does not work here."""
        ...

    def start(self, libraries: tuple[str, ...]) -> SandboxServer:
        """Start a fork server that has loaded `libraries`.

        Raises:
            SandboxError: if it cannot be started here, or a library is not installed.
        """
        ...


class WarmSandbox:
    """Implements the `Sandbox` port with a backend. Starts nothing before the first run; ends everything with us."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock, self._checking = threading.Lock(), threading.Lock()
        self._idle: list[SandboxServer] = []
        self._busy: set[SandboxServer] = set()
        self._closings = 0
        self._is_usable = False

    @functools.cached_property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        return self._backend.name

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        """Run `program` once, within `limits`. Threads may run programs concurrently, each in its own server.

        Raises:
            SandboxError: if programs cannot be confined here; nothing has been run then.
        """
        self.check()
        return self._run(program, limits)

    def check(self) -> None:
        """Check once that programs can be confined here, by running a harmless one.

        Raises:
            SandboxError: if they cannot, with what is missing.
        """
        with self._checking:
            if self._is_usable:
                return
            try:
                harmless = self._run(HARMLESS, HARMLESS_LIMITS)
            except SandboxError as error:
                raise SandboxError(f"{error}\n{self._backend.advice}") from error
            if harmless.kind is not RunKind.FINISHED or harmless.output != HARMLESS_OUTPUT:
                raise SandboxError(
                    f"{self.name}: a harmless program did not run ({harmless.kind}): {harmless.detail.strip()}\n"
                    f"{self._backend.advice}"
                )
            self._is_usable = True

    def pids(self) -> list[int]:
        """The outermost process of each server, for measurements."""
        with self._lock:
            return [server.pid for server in (*self._idle, *self._busy)]

    def close(self) -> None:
        """End all servers and their jobs; the next run starts new ones."""
        with self._lock:
            idle, busy, self._idle, self._busy = self._idle, self._busy, [], set()
            self._closings += 1
        for server in busy:
            server.interrupt()
        for server in idle:
            server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, program: Program, limits: Limits) -> ProgramRun:
        order, parts = _order(program, limits)
        closings = self._closings
        lost: JobLostError | None = None
        # A job may be lost for a reason other than this program, so try once more.
        for _ in range(2):
            try:
                outcome = self._on_a_server(lambda server: server.run(order, parts, limits.seconds), limits.libraries)
                return run_of(program, outcome)
            except JobLostError as error:
                lost = error
            if self._closings != closings:
                return ProgramRun(RunKind.SANDBOX_ERROR, "", f"{self.name}: it was closed while a program ran")
        if self._closings == closings and program is not HARMLESS and self._is_sound():
            # It did so itself, or it would have no verdict whenever it wants none.
            return ProgramRun(RunKind.RUNTIME_ERROR, "", f"{self.name}: the program ended its sandbox twice: {lost}")
        return ProgramRun(RunKind.SANDBOX_ERROR, "", f"{self.name}: the job was lost twice: {lost}")

    def _is_sound(self) -> bool:
        """Whether a harmless program runs as it should."""
        try:
            run = self._run(HARMLESS, HARMLESS_LIMITS)
        except SandboxError:
            return False
        return run.kind is RunKind.FINISHED and run.output == HARMLESS_OUTPUT

    def _on_a_server(self, run: Callable[[SandboxServer], JobOutcome], libraries: tuple[str, ...]) -> JobOutcome:
        server = self._take_server(libraries)
        try:
            outcome = run(server)
        except BaseException:
            # After any exception the server's next message is unpredictable, so replace it.
            with self._lock:
                self._busy.discard(server)
            server.stop()
            raise
        with self._lock:
            is_ours = server in self._busy
            if is_ours:
                self._busy.remove(server)
                self._idle.append(server)
        if not is_ours:
            # `close` ran in the meantime and left this server to us.
            server.stop()
        return outcome

    def _take_server(self, libraries: tuple[str, ...]) -> SandboxServer:
        with self._lock:
            for server in [server for server in self._idle if server.libraries == libraries]:
                self._idle.remove(server)
                if server.is_alive():
                    self._busy.add(server)
                    return server
                server.stop()
        server = self._backend.start(libraries)
        with self._lock:
            self._busy.add(server)
        return server


def _order(program: Program, limits: Limits) -> tuple[dict[str, object], tuple[bytes, ...]]:
    """Return the fork server's order, and the parts that it must not read."""
    job = {"source": program.source, "call": program.call, "arguments": program.arguments}
    check = {"source": "", "check": program.check, "names": " ".join(program.names)}
    parts = [json.dumps(job).encode("ascii"), well_formed(program.stdin).encode("utf-8")]
    if program.check:
        parts.append(json.dumps(check).encode("ascii"))
    order: dict[str, object] = {
        "examined": bool(program.check),
        "seconds": limits.seconds,
        "memory_mb": limits.memory_mb,
        "output": limits.output_kb * 1024,
        "rlimits": _rlimits(limits),
    }
    return order, tuple(parts)


def _rlimits(limits: Limits) -> dict[str, int]:
    """Return limits per process. The memory of all processes is watched; this is only a wide upper bound."""
    mb = 2**20
    return {
        "RLIMIT_AS": (4 * limits.memory_mb + 512) * mb,
        "RLIMIT_DATA": 2 * limits.memory_mb * mb,
        "RLIMIT_STACK": STACK_MB * mb,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_FSIZE": FILE_MB * mb,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": math.ceil(limits.seconds) + 1,
    }
