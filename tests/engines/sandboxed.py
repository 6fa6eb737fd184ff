"""Programs in the sandbox, in one line a test."""

import json
import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from skyassets.core.ports import Limits, Program, ProgramRun, RunKind
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sandbox.container import Container
from skyassets.engines.sandbox.guest import landlock_rules
from skyassets.engines.sandbox.landlock import SCOPED, Landlock
from skyassets.engines.sandbox.pool import WarmSandbox

SANDBOX = Bubblewrap()
BACKENDS: dict[str, Callable[[], WarmSandbox]] = {"bubblewrap": Bubblewrap}
PYTHON = "/usr/bin/python3"
if landlock_rules.version() >= SCOPED and Path(PYTHON).exists():
    BACKENDS["landlock"] = lambda: Landlock(PYTHON)
if engine := os.environ.get("TEST_SANDBOX_CONTAINER"):
    # For instance: podman local/python:test /usr/bin/python3 --runtime runc
    BACKENDS["container"] = lambda: Container(*engine.split()[:3], tuple(engine.split()[3:]))
LIMITS = Limits(seconds=5.0, memory_mb=128, processes=16, output_kb=64)
BRIEF = Limits(seconds=1.0, memory_mb=128, processes=16, output_kb=64)


def script(source: str, stdin: str = "", limits: Limits = LIMITS) -> ProgramRun:
    return SANDBOX.run(Program(textwrap.dedent(source), stdin=stdin), limits)


def call(source: str, name: str, *arguments: object, limits: Limits = LIMITS) -> ProgramRun:
    return SANDBOX.run(Program(textwrap.dedent(source), call=name, arguments=json.dumps(arguments)), limits)


def printed(source: str, stdin: str = "") -> str:
    run = script(source, stdin)
    assert run.kind is RunKind.FINISHED, run
    return run.output


def process_name(name: str) -> str:
    """The name of a program's process, of at most 15 characters: other tests at the same time have other names."""
    return f"{name[:7]}-{os.getpid()}"


def rename(name: str) -> str:
    """A line of a program that names its process, and its children, so that they can be found from outside."""
    return f"open('/proc/self/comm', 'w').write({process_name(name)!r})"


def called(name: str) -> list[str]:
    pids = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            pids += [comm.parent.name] * (comm.read_bytes().strip() == process_name(name).encode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pids


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def examined(source: str, check: str, *names: str, limits: Limits = LIMITS) -> ProgramRun:
    program = Program(textwrap.dedent(source), check=textwrap.dedent(check), names=names or ("f",))
    return SANDBOX.run(program, limits)
