"""Implements the `Sandbox` port with bubblewrap: fork servers in namespaces without network, each job in further ones.

A program sees the system and the interpreter read-only, an empty /tmp, no network, no environment and none of our
open files. It runs as a user that owns nothing, within limits. Its output is data that is never executed or trusted.
"""

import functools
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from skyassets.core.errors import SandboxError
from skyassets.engines.sandbox import seccomp
from skyassets.engines.sandbox.libraries import INSIDE, ONE_THREAD, importable, library_files
from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.server import SandboxServer
from skyassets.engines.sandbox.spare_users import spare_user

TMP_MB, SHARED_MB = 32, 16
SPARE_USERS = range(60_578, 61_184)
"""User ids that no account has. One per server, so that servers share no limit and no access to each other."""


class Bubblewrap(WarmSandbox):
    """Runs each program in its own namespaces, inside bubblewrap. Checks nothing before the first run."""

    def __init__(self, bwrap: str = "bwrap") -> None:
        super().__init__(BubblewrapBackend(bwrap))


class BubblewrapBackend:
    """Starts fork servers under bubblewrap."""

    advice = (
        "Namespaces must be allowed: unprivileged user namespaces (see kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns), in Docker `--security-opt seccomp=unconfined`."
    )

    def __init__(self, bwrap: str) -> None:
        self._bwrap = bwrap

    @property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        completed = subprocess.run([self._path(), "--version"], capture_output=True, text=True, check=False)
        return completed.stdout.strip() or "bubblewrap"

    def start(self, libraries: tuple[str, ...]) -> SandboxServer:
        """Start a fork server that sees only the system, the interpreter, these libraries and an empty folder.

        Raises:
            SandboxError: if bubblewrap is missing or fails, or a library is not installed.
        """
        with spare_user(SPARE_USERS) as (user, claim):
            settings: dict[str, object] = {"confinement": "namespaces", "user": user}
            settings["filter"] = seccomp.for_programs().hex()
            settings |= {"path": [INSIDE], "importable": importable(library_files(libraries))}
            return SandboxServer(self._command(user, libraries), settings, keep_open=claim, libraries=libraries)

    def _command(self, user: int | None, libraries: tuple[str, ...]) -> tuple[str, ...]:
        isolation: tuple[str, ...]
        if user is None:
            isolation = ("--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--proc", "/proc")
        else:
            # Root in a user namespace is still root for the kernel's files, so the server changes its user id for real,
            # after mounting a /proc without the covers that bubblewrap puts on it (see `fork_server`).
            isolation = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
            isolation += ("--cap-drop", "ALL", "--dir", "/proc")
            for needed in ("SYS_ADMIN", "SETUID", "SETGID", "SETPCAP"):
                isolation += ("--cap-add", f"CAP_{needed}")
        return (
            self._path(), *isolation, "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv",
            "--hostname", "sandbox", *_environment(), *_files(libraries), "--", *_interpreter(),
        )  # fmt: skip

    def _path(self) -> str:
        path = shutil.which(self._bwrap)
        if path is None:
            raise SandboxError(
                f"sandbox: {self._bwrap} was not found, and no model-written program is run without it. Install it "
                "(Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
            )
        return path


def _environment() -> tuple[str, ...]:
    # A fixed hash seed makes runs repeatable. -I would ignore it, so -s -S -P replace it.
    values = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", **ONE_THREAD}  # noqa: S108
    return tuple(word for name, value in values.items() for word in ("--setenv", name, value))


def _interpreter() -> tuple[str, ...]:
    return (str(_python()), "-s", "-S", "-P", "-B")


def _python() -> Path:
    return Path(sys.executable).resolve()


@functools.cache
def _files(libraries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the mounts: system folders, the interpreter and libraries, read-only, and two small empty folders."""
    mounts = ["--dev", "/dev"]
    for folder in ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin"):
        path = Path(folder)
        if path.is_symlink():
            mounts += ["--symlink", str(path.readlink()), folder]
        elif path.is_dir():
            mounts += ["--ro-bind", folder, folder]
    mounts += [*_open_folder(Path("/etc")), "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for megabytes, folder in ((TMP_MB, "/tmp"), (SHARED_MB, "/dev/shm")):  # noqa: S108
        mounts += ["--perms", "1777", "--size", str(megabytes * 2**20), "--tmpfs", folder]
    # Mount only these parts of the interpreter, neither the home folder around it nor a virtual environment.
    for needed in (_python(), Path(sys.base_prefix) / "lib"):
        if not needed.is_relative_to("/usr"):
            for parent in reversed(needed.parents[:-1]):
                mounts += _open_folder(parent)
            mounts += ["--ro-bind", str(needed), str(needed)]
    packages = Path(sysconfig.get_path("stdlib")) / "site-packages"
    if packages.is_dir():
        mounts += ["--tmpfs", str(packages), "--remount-ro", str(packages)]
    if libraries:
        mounts += _open_folder(Path(INSIDE))
    for file in library_files(libraries):
        mounts += ["--ro-bind", str(file), f"{INSIDE}/{file.name}"]
    return (*mounts, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp")  # noqa: S108


def _open_folder(path: Path) -> list[str]:
    # By default, bubblewrap makes the folder accessible to root only.
    return ["--perms", "0755", "--dir", str(path)]
