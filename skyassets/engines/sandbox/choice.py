"""Selects a sandbox: the one requested, or the strongest that works on this machine. Raises if none does."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from skyassets.core.errors import SandboxError
from skyassets.core.ports import Limits, Program, ProgramRun
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sandbox.container import IMAGE, Container
from skyassets.engines.sandbox.landlock import Landlock
from skyassets.engines.sandbox.pool import WarmSandbox
from skyassets.engines.sandbox.unconfined import Unconfined

SANDBOXES = ("auto", "bubblewrap", "landlock", "container", "none")
LOG = logging.getLogger(__name__)


class ChosenSandbox:
    """Implements the `Sandbox` port with the sandbox called `name`, or, for `auto`, the first that works here.

    `none` does not isolate: it must be requested, and `auto` never selects it. Checks nothing before the first use.
    """

    def __init__(self, name: str = "auto", image: str = IMAGE) -> None:
        self._requested = name
        self._sandboxes: dict[str, Callable[[], WarmSandbox]] = {
            "bubblewrap": Bubblewrap,
            "landlock": Landlock,
            "container": lambda: Container(image=image),
            "none": Unconfined,
        }
        self._choosing = threading.Lock()
        self._sandbox: WarmSandbox | None = None

    @property
    def name(self) -> str:
        """The backend and its version, as recorded in every verdict."""
        return self._chosen().name

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        """Run `program` once, within `limits`.

        Raises:
            SandboxError: if programs cannot be confined here, with the reason for each backend.
        """
        return self._chosen().run(program, limits)

    def close(self) -> None:
        """End every running program."""
        if self._sandbox is not None:
            self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _chosen(self) -> WarmSandbox:
        with self._choosing:
            if self._sandbox is None:
                self._sandbox = self._first() if self._requested == "auto" else self._sandboxes[self._requested]()
            return self._sandbox

    def _first(self) -> WarmSandbox:
        failures: list[str] = []
        for make in (make for name, make in self._sandboxes.items() if name != "none"):
            sandbox = make()
            try:
                sandbox.check()
            except SandboxError as error:
                sandbox.close()
                failures.append(str(error))
                continue
            if failures:
                LOG.warning("sandbox: using %s; stronger ones do not work here:\n%s", sandbox.name, "\n".join(failures))
            return sandbox
        raise SandboxError(
            "sandbox: no sandbox works on this machine, and no model-written program is run without one. Install "
            "bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap) on a machine that "
            "allows namespaces. Tried:\n" + "\n".join(failures)
        )
