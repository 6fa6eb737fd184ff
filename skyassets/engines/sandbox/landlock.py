"""Implements the `Sandbox` port with Landlock, without namespaces: access rights, no sockets, another user.

Weaker than bubblewrap: a program shares the process list and the processors with the machine, and can find out whether
a file exists. It can read the system and the interpreter, write in its own folder, and open no connection.
"""

import functools
import os
import platform
import sys
from pathlib import Path

from skyassets.core.errors import SandboxError
from skyassets.engines.sandbox import seccomp
from skyassets.engines.sandbox.guest import landlock_rules
from skyassets.engines.sandbox.libraries import ONE_THREAD, importable, library_files
from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.server import SandboxServer
from skyassets.engines.sandbox.spare_users import spare_user

SPARE_USERS = range(61_184, 62_184, 2)
"""User ids that no account has, two per server: one for a program, one for its examiner."""
SCOPED = 6
"""The first version that restricts signals. Without it, the program must run as another user."""


class Landlock(WarmSandbox):
    """Runs each program under Landlock, as another user if we are root."""

    def __init__(self, python: str | None = None) -> None:
        super().__init__(LandlockBackend(python))


class LandlockBackend:
    """Starts fork servers whose jobs confine themselves."""

    advice = "Landlock must be in the kernel (Linux 6.2, or 6.12 for users other than root) and among lsm= at boot."

    def __init__(self, python: str | None) -> None:
        self._python = str(Path(python or sys.executable).resolve())

    @functools.cached_property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        return f"landlock {landlock_rules.version()} (Linux {platform.release().partition('-')[0]})"

    def start(self, libraries: tuple[str, ...]) -> SandboxServer:
        """Start a fork server.

        Raises:
            SandboxError: if the kernel's Landlock is too old, other users cannot access the interpreter or a library,
                or a library is not installed.
        """
        is_root = os.geteuid() == 0
        needed = landlock_rules.NEEDED if is_root else SCOPED
        if (known := landlock_rules.version()) < needed:
            raise SandboxError(f"sandbox: Landlock {needed} is needed, and the kernel has {known or 'none'}")
        if is_root and (closed := _closed_to_others(Path(self._python))):
            raise SandboxError(
                f"sandbox: as root, programs run as another user, who may not enter {closed}, where Python is: use a "
                "Python under /usr, or do not run as root"
            )
        files = library_files(libraries)
        for file in files:
            if is_root and (closed := _closed_to_others(file)):
                raise SandboxError(f"sandbox: other users may not enter {closed}, where the library {file.name} is")
        with spare_user(SPARE_USERS) as (user, claim):
            settings: dict[str, object] = {"confinement": "landlock", "user": user}
            settings["filter"] = seccomp.for_a_shared_system().hex()
            command = (self._python, "-s", "-S", "-P", "-B")
            settings["path"] = sorted({str(file.parent) for file in files})
            settings["importable"] = importable(files)
            settings["readable"] = [str(file) for file in files]
            return SandboxServer(command, settings, {"PYTHONHASHSEED": "0", **ONE_THREAD}, claim, libraries)


def _closed_to_others(file: Path) -> Path | None:
    """Return the folder on the path to `file` that other users may not enter."""
    return next((folder for folder in reversed(file.parents) if not folder.stat().st_mode & 0o001), None)
