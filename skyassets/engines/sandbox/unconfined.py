"""Implements the `Sandbox` port without isolation: limits only. Must be requested explicitly."""

import logging
import sys

from skyassets.engines.sandbox.libraries import ONE_THREAD, importable, library_files
from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.server import SandboxServer

LOG = logging.getLogger(__name__)
WARNING = (
    "sandbox: SKYASSETS_SANDBOX=none: model-written programs run without isolation, with the permissions, the files "
    "and the network of this user"
)


class Unconfined(WarmSandbox):
    """Runs each program as a child process, with limits but no isolation."""

    def __init__(self) -> None:
        super().__init__(UnconfinedBackend())


class UnconfinedBackend:
    """Starts fork servers without isolation, with a warning each time."""

    name = "none (UNSAFE)"
    advice = "A plain process could not be started."

    def start(self, libraries: tuple[str, ...]) -> SandboxServer:
        """Start a fork server without isolation.

        Raises:
            SandboxError: if a library is not installed.
        """
        LOG.warning(WARNING)
        settings: dict[str, object] = {"confinement": "none", "user": None, "filter": ""}
        files = library_files(libraries)
        settings |= {"path": sorted({str(file.parent) for file in files}), "importable": importable(files)}
        environment = {"PYTHONHASHSEED": "0", **ONE_THREAD}
        command = (sys.executable, "-s", "-S", "-P", "-B")
        return SandboxServer(command, settings, environment, libraries=libraries)
