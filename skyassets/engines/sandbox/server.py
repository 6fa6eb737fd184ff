"""A running fork server in its sandbox, as seen from outside: started, given orders, and ended. Backend-independent."""

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from skyassets.core.errors import SandboxError
from skyassets.engines.sandbox import guest
from skyassets.engines.sandbox.guest.frames import LENGTH, header
from skyassets.engines.sandbox.guest.job import STARTING_SECONDS as JOB_STARTING_SECONDS
from skyassets.engines.sandbox.guest.process_tree import children
from skyassets.engines.sandbox.guest.waiting import MOST_WAITING

STARTING_SECONDS = 60.0
ENDING_SECONDS = 3.0
GRACE_SECONDS = 10.0
"""The server enforces a job's deadline itself. If it is this late, it is killed."""
BOOT = "boot"
"""The guest module that is passed as text and loads the others."""

# "Die with parent" applies to the *thread* that started the child, so this thread lasts as long as we do.
_STARTER = ThreadPoolExecutor(1, "sandbox-starter")


class JobLostError(Exception):
    """The job could not be watched to its end, and was ended."""


class ServerLostError(JobLostError):
    """The server died or replied too late; the order may or may not have been carried out."""


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended: its status, the limit it exceeded (if any), and what it wrote to each of its pipes."""

    status: int
    exceeded: str | None
    outputs: tuple[bytes, ...]


class SandboxServer:
    """A running fork server."""

    def __init__(
        self,
        command: Sequence[str],
        settings: dict[str, object],
        environment: Mapping[str, str] = MappingProxyType({}),
        keep_open: Collection[int] = (),
        libraries: tuple[str, ...] = (),
    ) -> None:
        self.libraries = libraries
        with tempfile.TemporaryFile() as stderr:
            self._process = _STARTER.submit(
                subprocess.Popen, [*command, "-c", _guest_sources()[BOOT]],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, bufsize=0,
                env=dict(environment), cwd="/", start_new_session=True, pass_fds=keep_open,
            ).result()  # fmt: skip
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._orders, self._replies = self._process.stdin.fileno(), self._process.stdout.fileno()
            os.set_blocking(self._orders, False)
            try:
                deadline = time.monotonic() + STARTING_SECONDS
                self._send(_boot_message({**settings, "libraries": list(libraries)}), deadline)
                self._header(deadline)
            except ServerLostError as error:
                self.stop()
                stderr.seek(0)
                message = stderr.read().decode("utf-8", "replace").strip()
                raise SandboxError(f"sandbox: the fork server did not start: {message[-1000:] or error}") from error
            except BaseException:
                self.stop()
                raise

    @property
    def pid(self) -> int:
        """The process that was started: the sandbox's outermost."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the server seems to be running."""
        return self._process.poll() is None

    def run(self, order: dict[str, object], parts: Sequence[bytes], seconds: float) -> JobOutcome:
        """Run one job that may take `seconds`, plus, up to a limit, the time it waits for a processor.

        Raises:
            ServerLostError: if no answer came.
            JobLostError: if the server could not watch the job; it can run another one.
        """
        deadline = time.monotonic() + JOB_STARTING_SECONDS + (1 + MOST_WAITING) * seconds + GRACE_SECONDS
        self._send(header({**order, "parts": [len(part) for part in parts]}) + b"".join(parts), deadline)
        reply = self._header(deadline)
        sizes, exceeded = reply["sizes"], reply["exceeded"]
        assert isinstance(sizes, list)
        outputs = tuple(self._read(size, deadline) for size in sizes)
        if reply["failure"] is not None:
            raise JobLostError(f"it could not watch the job: {reply['failure']}")
        return JobOutcome(int(str(reply["status"])), None if exceeded is None else str(exceeded), outputs)

    def interrupt(self) -> None:
        """Kill the server while another thread waits for its answer; that thread then fails and stops it."""
        # Under bubblewrap the server is the child of the started process.
        for pid in (*children(self.pid), self.pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)

    def stop(self) -> None:
        """End the server and every process inside. Only for the thread that uses it: closes its pipes."""
        # It ends by itself, with all its processes, when its standard input closes.
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            self._process.kill()

    def _send(self, content: bytes, deadline: float) -> None:
        rest = memoryview(content)
        while rest:
            _, ready, _ = select.select([], [self._orders], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ServerLostError("it takes no order")
            try:
                rest = rest[os.write(self._orders, rest) :]
            except BrokenPipeError as error:
                raise ServerLostError("it has died") from error

    def _header(self, deadline: float) -> dict[str, object]:
        (size,) = LENGTH.unpack(self._read(LENGTH.size, deadline))
        return dict(json.loads(self._read(size, deadline)))

    def _read(self, size: int, deadline: float) -> bytes:
        read = bytearray()
        while len(read) < size:
            ready, _, _ = select.select([self._replies], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._replies, size - len(read)) if ready else b""
            if not piece:
                raise ServerLostError("it has died" if ready else "it does not answer")
            read += piece
        return bytes(read)


def _boot_message(settings: dict[str, object]) -> bytes:
    modules = [(f"{guest.__name__}.{name}", source) for name, source in _guest_sources().items() if name != BOOT]
    text = repr((modules, settings)).encode("utf-8")
    return LENGTH.pack(len(text)) + text


def _guest_sources() -> dict[str, str]:
    """Return the source of every guest module, by its name in the package."""
    files = sorted(Path(guest.__path__[0]).glob("[a-z]*.py"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}
