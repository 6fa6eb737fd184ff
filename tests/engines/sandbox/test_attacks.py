import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from engines.sandbox_attacks import NETWORK, SECRETS, WRITING
from engines.sandbox_bombs import EXHAUSTION, OTHERS
from engines.sandboxed import BACKENDS, called, process_name

from skyassets.core.ports import Limits, Program, ProgramRun, RunKind, Sandbox

ATTACKS = {**NETWORK, **SECRETS, **WRITING, **EXHAUSTION, **OTHERS}
LIMITS = Limits(seconds=1.5, memory_mb=128, processes=16, output_kb=64)
MARK = "attacker"
INNOCENT = Program("import json, sys\nprint(sum(map(int, sys.stdin)))\nopen('/dev/null').close()", stdin="19\n23\n")
SETTINGS = ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/overflowuid")


@dataclass
class World:
    """Everything that an attack could reach, and its state before."""

    things: dict[str, object]
    token: str
    listeners: list[socket.socket]
    victim: subprocess.Popen[bytes]
    before: dict[str, object]

    def state(self) -> dict[str, object]:
        victim = Path(f"/proc/{self.victim.pid}")
        folders = [Path(str(self.things["folder"])), Path("/dev/shm"), Path("/var/tmp"), Path("/")]
        names = [entry.name for folder in folders for entry in folder.iterdir()]
        number = self.victim.pid
        status = (victim / "status").read_text(errors="replace")
        return {
            "target": Path(str(self.things["target"])).read_text(),
            "names": sorted(name for name in names if "attack" in name or name.endswith(".py")),
            "settings": [Path(setting).read_text() for setting in SETTINGS],
            "victim": (self.victim.poll(), os.getpriority(os.PRIO_PROCESS, number), len(os.sched_getaffinity(number))),
            "limits": (victim / "limits").read_text(),
            "tracer": [line for line in status.splitlines() if line.startswith("TracerPid")],
            "interpreter": [Path(file).stat().st_size for file in (os.path.realpath(sys.executable), os.__file__)],
            "ours": (os.getpriority(os.PRIO_PROCESS, 0), len(os.sched_getaffinity(0))),
            "keys": "attacked" in Path("/proc/keys").read_text() if Path("/proc/keys").exists() else False,
            "sysv": Path("/proc/sysvipc/shm").read_text() + Path("/proc/sysvipc/msg").read_text(),
        }  # fmt: skip

    def received(self) -> list[bytes]:
        """The connections that arrived over the network."""
        messages = []
        for listener in self.listeners:
            with suppress(BlockingIOError):
                messages.append(
                    listener.recv(99) if listener.type == socket.SOCK_DGRAM else repr(listener.accept()).encode()
                )
        return messages


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, token = tmp_path_factory.mktemp("attacked"), f"attack-token-{secrets.token_hex(8)}"
    secret, target, home_secret = (
        folder / "secret",
        folder / "target",
        Path.home() / f".skyassets-attacked-{os.getpid()}",
    )
    secret.write_text(token)
    target.write_text("untouched")
    home_secret.write_text(token)
    os.environ["ATTACKED_SECRET"] = token
    tcp, udp, unix, abstract = (
        socket.socket(family, kind)
        for family, kind in (
            (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
            (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_STREAM),
        )
    )  # fmt: skip
    tcp.bind(("127.0.0.1", 0))
    udp.bind(("127.0.0.1", 0))
    unix.bind(str(folder / "socket"))
    abstract.bind(f"\0{folder}")
    for listener in (tcp, unix, abstract):
        listener.listen()
    for listener in (tcp, udp, unix, abstract):
        listener.setblocking(False)
    things: dict[str, object] = {
        "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "unix": str(folder / "socket"),
        "abstract": str(folder),
        "home": str(Path.home()), "folder": str(folder), "repository": str(Path(__file__).parents[3]),
        "secret": str(secret), "target": str(target), "mark": process_name(MARK),
    }  # fmt: skip
    victim = subprocess.Popen(["sleep", "9999"], env={"TOKEN": token})
    world = World({**things, "victim": victim.pid}, token, [tcp, udp, unix, abstract], victim, {})
    world.before = world.state()
    yield world
    victim.kill()
    victim.wait()
    home_secret.unlink()
    del os.environ["ATTACKED_SECRET"]
    for listener in world.listeners:
        listener.close()


@pytest.fixture(scope="module", params=BACKENDS, ids=BACKENDS.keys())
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with BACKENDS[request.param]() as sandbox:
        yield sandbox


def attacked(source: str, world: World) -> str:
    for name, thing in world.things.items():
        source = source.replace(f"{{{name}!r}}", repr(thing)).replace(f"{{{name}}}", str(thing))
    return source


def run_beside_others(program: Program, world: World, sandbox: Sandbox) -> ProgramRun:
    """Run an attacking program beside a harmless one, and check from outside that it has done nothing."""
    beside: list[ProgramRun] = []
    # Time enough for a neighbour that shares the processor.
    neighbour = threading.Thread(target=lambda: beside.append(sandbox.run(INNOCENT, Limits(seconds=20.0))))
    started = time.monotonic()
    neighbour.start()
    run = sandbox.run(program, LIMITS)
    assert time.monotonic() - started < 20
    neighbour.join()
    after = sandbox.run(INNOCENT, Limits(seconds=20.0))

    assert [(each.kind, each.output) for each in (*beside, after)] == [(RunKind.FINISHED, "42\n")] * 2, run
    assert world.token not in run.output + run.detail
    assert world.received() == []
    assert world.state() == world.before
    assert called(MARK) == []
    return run


@pytest.mark.parametrize("attack", ATTACKS, ids=[name.replace(" ", "-") for name in ATTACKS])
def test_no_attack_succeeds(attack: str, world: World, sandbox: Sandbox) -> None:
    run = run_beside_others(Program(attacked(ATTACKS[attack], world)), world, sandbox)
    if attack in EXHAUSTION and "output" not in attack:
        assert run.kind is not RunKind.SANDBOX_ERROR, run


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=[name.replace(" ", "-") for name in ATTACKS])
def test_no_attack_succeeds_from_both_sides_of_an_examination(attack: str, world: World, sandbox: Sandbox) -> None:
    source = attacked(ATTACKS[attack], world)
    program = Program(f"{source}\ndef f(): return 5", check=f"{source}\nassert f() == 4", names=("f",), stdin="attack")
    assert run_beside_others(program, world, sandbox).output != "passed"
