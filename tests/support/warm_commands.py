"""A process that has imported Dagster and polars and forks into each command it is sent, so that none pays for that.

A fork runs the command's own script with the arguments, environment, folder and open files it would have had. Nothing
of skyassets is imported before the fork. `Commands` is the side of the tests; run as a script this file is the process.
"""

import faulthandler
import gc
import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = ("dagster", "dagster._cli", "polars", "pyarrow.parquet", "alembic.command", "rich.console", "jinja2")
REQUEST_BYTES = 1 << 20


class Command:
    """One command that was started: what `subprocess.Popen` is to a cold one."""

    def __init__(self, status: socket.socket) -> None:
        self._status = status
        self.pid = int(status.recv(64))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code if it has ended; minus the signal's number where a signal ended it."""
        return self._ended(timeout=0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and hand out the exit code."""
        code = self._ended(timeout)
        assert code is not None
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                text = self._status.recv(64)
            except BlockingIOError:
                return None
            assert text, "the process that waits for the command was killed"
            self.returncode = int(text)
            self._status.close()
        return self.returncode


class Commands:
    """The warm process, started with the first command and ended with the tests' own process."""

    def __init__(self) -> None:
        self._server: socket.socket | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: int,
        stderr: int,
        start_new_session: bool = False,
    ) -> Command:
        """Fork into the command, whose output goes to the open files `stdout` and `stderr`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = python_script(command[0], env)
        assert script is not None
        request = {
            "script": str(script), "words": list(command[1:]), "cwd": str(cwd), "env": dict(env),
            "session": start_new_session,
        }  # fmt: skip
        with theirs:
            socket.send_fds(self._running(), [json.dumps(request).encode()], [theirs.fileno(), 0, stdout, stderr])
        return Command(ours)

    def _running(self) -> socket.socket:
        if self._server is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for side in (ours, theirs):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST_BYTES)
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            number = theirs.fileno()
            subprocess.Popen([sys.executable, __file__, str(number)], pass_fds=[number], env=environment)
            theirs.close()
            self._server = ours
        return self._server


def python_script(name: str, env: Mapping[str, str]) -> Path | None:
    """The script of this Python's environment that `name` means, or None where it means another program."""
    found = shutil.which(name, path=env["PATH"])
    if found is None or Path(found).parent != Path(sys.executable).parent:
        return None
    with Path(found).open("rb") as file:
        return Path(found) if file.readline().rstrip() == f"#!{sys.executable}".encode() else None


def serve(requests: socket.socket) -> None:
    """Fork for each request. Returns in the process that is to run the command, once it looks like a fresh one."""
    for name in IMPORTED:
        importlib.import_module(name)
    assert not any(name.partition(".")[0] == "skyassets" for name in sys.modules)
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    packages = sys.path[1:]
    while True:
        message, files, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            if _becomes_the_command(socket.socket(fileno=files[0]), files[1:], json.loads(message), packages):
                return
        for file in files:
            os.close(file)


def _becomes_the_command(status: socket.socket, files: list[int], request: dict, packages: list[str]) -> bool:
    """Fork once more: the parent waits for the command and sends how it ended, the child is the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        for file in files:
            os.close(file)
        for file in (0, 1, 2):
            os.close(file)
        status.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    if request["session"]:
        os.setsid()
    status.send(str(os.getpid()).encode())
    status.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    if request["env"].get("PYTHONFAULTHANDLER"):
        faulthandler.enable(file=2)
    at_once = bool(request["env"].get("PYTHONUNBUFFERED"))
    for name, number in (("stdout", 1), ("stderr", 2)):
        errors = "backslashreplace" if name == "stderr" else None
        stream = os.fdopen(number, "w", errors=errors, closefd=False, buffering=1 if name == "stderr" else -1)
        stream.reconfigure(write_through=at_once)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    added = [folder for folder in request["env"].get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:] = [str(Path(request["script"]).resolve().parent), *added, *packages]
    sys.argv[:] = [request["script"], *request["words"]]
    importlib.invalidate_caches()
    return True


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(sys.argv[0], run_name="__main__")
