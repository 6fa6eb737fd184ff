"""Implements the `Sandbox` port without isolation: limits only. Must be requested explicitly."""

import logging
import sys

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

    def start(self) -> SandboxServer:
        """Start a fork server without isolation."""
        LOG.warning(WARNING)
        settings: dict[str, object] = {"confinement": "none", "user": None, "filter": ""}
        return SandboxServer((sys.executable, "-s", "-S", "-P", "-B"), settings, {"PYTHONHASHSEED": "0"})
