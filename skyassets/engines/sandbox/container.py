"""Implements the `Sandbox` port with a docker or podman container: it holds the fork server, and each job gets a user.

For machines that offer neither namespaces nor Landlock but a container engine. The container has no network, none of
the host's files, a read-only system and a small folder in memory.
"""

import functools
import os
import shutil
import subprocess

from skyassets.core.errors import SandboxError
from skyassets.engines.sandbox import seccomp
from skyassets.engines.sandbox.libraries import ONE_THREAD
from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.server import SandboxServer

TOOLS = ("docker", "podman")
IMAGE = "docker.io/library/python:3.11-slim"
USERS = 62_184
"""The first of two user ids: one for a program, one for its examiner. Each server has its own container."""
MEMORY_MB, PROCESSES, TMP_MB, SHARED_MB = 8192, 512, 64, 16


class Container(WarmSandbox):
    """Runs each program in a warm container, with `tool` or the engine that is found."""

    def __init__(
        self, tool: str = "", image: str = IMAGE, python: str = "python3", extra: tuple[str, ...] = ()
    ) -> None:
        super().__init__(ContainerBackend(tool, image, python, extra))


class ContainerBackend:
    """Starts fork servers in containers."""

    def __init__(self, tool: str, image: str, python: str, extra: tuple[str, ...]) -> None:
        self._requested, self._image, self._python, self._extra = tool, image, python, extra

    @property
    def advice(self) -> str:
        """What to do if it does not work here."""
        return (
            f"The engine must run and have the image: `docker pull {self._image}` (or podman), or name another one "
            "with Python 3.11 or newer in SKYASSETS_SANDBOX_IMAGE."
        )

    @functools.cached_property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        completed = subprocess.run([self._tool(), "--version"], capture_output=True, text=True, check=False, timeout=60)
        return f"{completed.stdout.strip().split(',')[0].lower()} ({self._image.rpartition('/')[2]})"

    def start(self, libraries: tuple[str, ...]) -> SandboxServer:
        """Start a fork server in a new container. The image must have the libraries.

        Raises:
            SandboxError: if there is no engine, it cannot run the image, or the image lacks a library.
        """
        settings: dict[str, object] = {"confinement": "container", "user": USERS}
        settings["filter"] = seccomp.for_a_shared_system().hex()
        settings |= {"path": [], "importable": []}
        return SandboxServer(self.command(), settings, _environment(), libraries=libraries)

    def command(self) -> tuple[str, ...]:
        """Return the command line of a container."""
        granted = ("SETUID", "SETGID", "SETPCAP", "KILL")
        return (
            self._tool(), "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--read-only",
            "--cap-drop", "ALL", *(word for name in granted for word in ("--cap-add", name)),
            "--security-opt", "no-new-privileges", "--pids-limit", str(PROCESSES), "--memory", f"{MEMORY_MB}m",
            "--user", "0:0", "--tmpfs", f"/tmp:rw,nosuid,nodev,size={TMP_MB}m,mode=1777",  # noqa: S108
            "--shm-size", f"{SHARED_MB}m", "--ulimit", "nofile=1024:1024", "--env", "PYTHONHASHSEED=0",
            *(word for name, value in ONE_THREAD.items() for word in ("--env", f"{name}={value}")),
            "--workdir", "/", *self._extra,
            "--entrypoint", self._python, self._image, "-s", "-S", "-P", "-B",
        )  # fmt: skip

    def _tool(self) -> str:
        tools = (self._requested,) if self._requested else TOOLS
        for tool in tools:
            if path := shutil.which(tool):
                return path
        raise SandboxError(f"sandbox: {' or '.join(tools)} was not found")


def _environment() -> dict[str, str]:
    """Return the environment variables that the engine's client needs; none is passed to the container."""
    names = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST")
    return {name: os.environ[name] for name in names if name in os.environ}
