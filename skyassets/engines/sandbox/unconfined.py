"""Implements the `Sandbox` port without isolation: limits only. Must be requested explicitly."""

import logging
import sys

from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.server import SandboxServer

LOG = logging.getLogger(__name__)
WARNING = (
    "sandbox: SKYASSETS_SANDBOX=none: the models' programs now run with the rights, the files and the network of this "
    "user, and nothing keeps them from doing harm"
)


class Unconfined(WarmSandbox):
    """Runs each program as a child process, with limits but no isolation."""

    def __init__(self) -> None:
        super().__init__(UnconfinedBackend())


class UnconfinedBackend:
    """Starts fork servers without isolation, and warns each time."""

    name = "none (UNSAFE)"
    advice = "Not even a plain process could be started."

    def start(self, number: int) -> SandboxServer:
        """Start a fork server without isolation."""
        LOG.warning("%s (server %d)", WARNING, number)
        settings: dict[str, object] = {"confinement": "none", "user": None, "filter": ""}
        return SandboxServer((sys.executable, "-s", "-S", "-P", "-B"), settings, {"PYTHONHASHSEED": "0"})
