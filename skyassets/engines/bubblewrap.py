"""Bubblewrap keeps the Sandbox port: every run in namespaces of its own, thrown away afterwards. Fails closed.

A program sees the system and the interpreter read-only, an empty /tmp, no network, no environment, no open files of
ours. It runs under a user that owns nothing, within limits; its output is data that nobody here executes or trusts.
"""

import functools
import json
import math
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Limits, Program, Run, RunKind
from skyassets.engines import seccomp
from skyassets.engines.confined_run import Ending, sealed_file, watch

RUNNER = Path(__file__).with_name("sandbox_runner.py")
TMP_MB, SHARED_MB, FILE_MB, STACK_MB = 32, 16, 16, 64
OPEN_FILES = 256
SPARE_USERS = range(60_578, 61_184)
"""User ids that no account has. One a thread, so that parallel runs do not share a limit on processes."""
SIGXCPU_STATUS = 128 + 24


class Bubblewrap:
    """Runs each program in a fresh bubblewrap sandbox. Nothing is started or looked for before the first run."""

    def __init__(self, bwrap: str = "bwrap") -> None:
        self._bwrap = bwrap
        self._probing = threading.Lock()
        self._usable = False

    @functools.cached_property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        told = subprocess.run([self._found(self._bwrap), "--version"], capture_output=True, text=True, check=False)
        return told.stdout.strip() or "bubblewrap"

    def run(self, program: Program, limits: Limits) -> Run:
        """Run `program` once, within `limits`.

        Raises:
            SandboxError: when programs cannot be confined here; nothing has been run then.
        """
        self.check()
        return self._run(program, limits)

    def check(self) -> None:
        """Make sure once that programs can be confined here, by confining a harmless one.

        Raises:
            SandboxError: when they cannot, saying what is missing.
        """
        with self._probing:
            if self._usable:
                return
            harmless = self._run(Program("print(6 * 7)"), Limits(seconds=30.0))
            if harmless.kind is not RunKind.FINISHED or harmless.output != "42\n":
                raise SandboxError(
                    f"{self.name}: a harmless program did not run ({harmless.kind}): {harmless.detail.strip()}\n"
                    "Namespaces must be allowed: unprivileged user namespaces (see kernel.unprivileged_userns_clone, "
                    "kernel.apparmor_restrict_unprivileged_userns), in Docker `--security-opt seccomp=unconfined`."
                )
            self._usable = True

    def _run(self, program: Program, limits: Limits) -> Run:
        job = {
            "source": program.source,
            "call": program.call,
            "arguments": [program.arguments],
            "limits": _rlimits(limits),
        }
        with (
            sealed_file(json.dumps(job).encode("ascii")) as job_fd,
            sealed_file(program.stdin.encode("utf-8", "replace")) as stdin,
            sealed_file(seccomp.for_programs()) as filter_fd,
        ):
            return _told(program, watch(self._command(job_fd, filter_fd), stdin, (job_fd, filter_fd), program, limits))

    def _command(self, job_fd: int, filter_fd: int) -> tuple[str, ...]:
        """The whole command line but for the number of the channel, which comes last."""
        namespaces: tuple[str, ...] = ("--unshare-all", "--unshare-user", "--cap-drop", "ALL")
        become: tuple[str, ...] = ()
        if os.geteuid() == 0:
            # Root in a user namespace is still root for the kernel's files: become somebody else for real.
            namespaces = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
            namespaces += ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
            namespaces += ("--cap-add", "CAP_SETPCAP")
            user = str(SPARE_USERS[threading.get_native_id() % len(SPARE_USERS)])
            become = (self._found("setpriv"), "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs")
            become += ("--inh-caps=-all", "--bounding-set=-all", "--pdeathsig", "KILL", "--")
        return (
            self._found(self._bwrap), *namespaces, "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
            *_environment(), *_files(), "--seccomp", str(filter_fd), "--",
            *become, *_interpreter(), "-c", _runner(), str(job_fd),
        )  # fmt: skip

    def _found(self, tool: str) -> str:
        path = shutil.which(tool)
        if path is None:
            raise SandboxError(
                f"sandbox: {tool} was not found; no program of a model is run without it. Install it "
                "(Debian, Ubuntu: apt install bubblewrap util-linux; Fedora: dnf install bubblewrap util-linux)"
            )
        return path


def _told(program: Program, ending: Ending) -> Run:
    """What the run came to. Only what was said before the program started is believed about the run itself."""
    ready, *said = ending.channel.split(b"\n")[:-1] or [b""]
    printed = ending.stdout.decode("utf-8", "replace")
    detail = ending.stderr.decode("utf-8", "replace")[-2000:]
    if ready != b"ready":
        return Run(RunKind.SANDBOX_ERROR, "", detail or f"the sandbox did not start (status {ending.status})")
    if said[:1] != [b"compiled"]:
        why = _value(said[0]) if said else f"the compiler died: {detail}"
        return Run(ending.cut or RunKind.DOES_NOT_COMPILE, "", why)
    if ending.cut is not None:
        return Run(ending.cut, "", detail)
    if program.call:
        return _called([line.decode("ascii", "replace") for line in said[1:]], ending, detail)
    return Run(RunKind.FINISHED if ending.status == 0 else _fault(ending.status, detail), printed, detail)


def _called(results: list[str], ending: Ending, detail: str) -> Run:
    if len(results) > 1 or not all(map(_is_json, results)):
        return Run(RunKind.RUNTIME_ERROR, "", "the program wrote on the channel of its results")
    if results:
        return Run(RunKind.FINISHED, results[0], detail)
    return Run(_fault(ending.status, detail), "", detail or "the program ended before its call was done")


def _fault(status: int, detail: str) -> RunKind:
    if status == SIGXCPU_STATUS:
        return RunKind.TIME_LIMIT
    last = detail.strip().rpartition("\n")[2]
    return RunKind.MEMORY_LIMIT if last.startswith("MemoryError") else RunKind.RUNTIME_ERROR


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _value(line: bytes) -> str:
    return str(json.loads(line)) if _is_json(line.decode("ascii", "replace")) else ""


def _rlimits(limits: Limits) -> dict[str, int]:
    """Per process. The memory of all of them together is watched from outside; here stands only a wide fence."""
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


def _environment() -> tuple[str, ...]:
    # A fixed hash seed: the same program ends the same way tomorrow. -I would ignore it, so -s -S -P stand for it.
    values = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}  # noqa: S108
    return tuple(word for name, value in values.items() for word in ("--setenv", name, value))


@functools.cache
def _runner() -> str:
    return RUNNER.read_text(encoding="utf-8")


def _interpreter() -> tuple[str, ...]:
    return (str(_python()), "-s", "-S", "-P", "-B")


def _python() -> Path:
    return Path(sys.executable).resolve()


@functools.cache
def _files() -> tuple[str, ...]:
    """What a program sees: system folders and the interpreter, read-only, and two small empty places to write."""
    words: list[str] = ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin"):
        path = Path(folder)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), folder]
        elif path.is_dir():
            words += ["--ro-bind", folder, folder]
    words += [*_open_folder(Path("/etc")), "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for megabytes, folder in ((TMP_MB, "/tmp"), (SHARED_MB, "/dev/shm")):  # noqa: S108
        words += ["--perms", "1777", "--size", str(megabytes * 2**20), "--tmpfs", folder]
    # Only these of the interpreter, wherever it lives: neither the home folder around it nor a virtual environment.
    for needed in (_python(), Path(sys.base_prefix) / "lib"):
        if not needed.is_relative_to("/usr"):
            for parent in reversed(needed.parents[:-1]):
                words += _open_folder(parent)
            words += ["--ro-bind", str(needed), str(needed)]
    packages = Path(sysconfig.get_path("stdlib")) / "site-packages"
    if packages.is_dir():
        words += ["--tmpfs", str(packages), "--remount-ro", str(packages)]
    return (*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp")  # noqa: S108


def _open_folder(path: Path) -> list[str]:
    # Left to itself, bubblewrap makes it root's own.
    return ["--perms", "0755", "--dir", str(path)]
