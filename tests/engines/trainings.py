"""Trainings of the tiny base for tests: started in a process that can be killed, and looked at from outside."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

EXAMPLES = 44
TRAIN = f"""
import sys
from pathlib import Path
from tiny_base import *
from skyassets.core.training.spec import *
from skyassets.engines.training.trainer import DeepSpeedTrainer
base, folder = map(Path, sys.argv[1:3])
asked = plan(base, {EXAMPLES}, **eval(sys.argv[3]))
DeepSpeedTrainer(folder.parent / "models", threads=1).train(asked, sums({EXAMPLES}), folder, print)
"""


def started(base: Path, folder: Path, choices: str = "dict()") -> subprocess.Popen[str]:
    """A process that trains into `folder` by the plan with these choices (Python text)."""
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(base), str(folder), choices],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def steps(folder: Path) -> list[int]:
    """The steps that the training into `folder` has taken so far."""
    curve = folder.with_name(f"{folder.name}.training") / "curve.jsonl"
    if not curve.is_file():
        return []
    return [json.loads(line)["step"] for line in curve.read_text().splitlines(keepends=True) if line.endswith("\n")]


def wait_for(what: Callable[[], object], seconds: float = 120) -> None:
    """Wait until `what` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def killed_after(step: int, training: subprocess.Popen[str], folder: Path) -> None:
    """End a training the hard way once it has taken `step` steps, and wait until nothing of it is left."""
    wait_for(lambda: len(steps(folder)) >= step or training.poll() is not None)
    assert training.poll() is None, training.communicate()[0]
    training.send_signal(signal.SIGKILL)
    training.communicate()
    wait_for(lambda: not of_run(folder))


def of_run(folder: Path) -> list[int]:
    """The processes that train into `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "skyassets.engines.training.worker" in line and f"{folder}.training" in line:
            found.append(int(path.parent.name))
    return found


def ranks_of(folder: Path) -> list[int]:
    """Of these, the ranks themselves, in their order: neither a launcher nor a watchdog."""
    found = {}
    for pid in of_run(folder):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        for entry in environment:
            if entry.startswith(b"RANK="):
                found[int(entry[5:])] = pid
    return [found[rank] for rank in sorted(found)]
