"""Thousands of jobs through one server leave nothing behind: no file, no process, no memory."""

import tempfile
import time
from pathlib import Path

import pytest
from engines.sandboxed import BACKENDS, LIMITS, wait_until

from skyassets.core.ports import Limits, Program
from skyassets.engines.sandbox.guest.process_tree import descendants, resident_mb

BUSY = """
import os, subprocess, sys, tempfile, threading
os.makedirs('a/b/c')
for n in range(20): open(f'a/b/c/{n}', 'w').write('x' * 999)
tempfile.mkdtemp(), tempfile.mkstemp()
if os.fork() == 0:
    os.setsid()
    import time
    time.sleep(99)
threading.Thread(target=sum, args=([1],)).start()
x = ['x' * 10**6 for _ in range(9)]
print(sys.stdin.read())
"""
PROGRAMS = (
    Program(BUSY, stdin="1" * 10_000),
    Program("print(input())", stdin="2"),
    Program("def f(x): return [x] * 1000", call="f", arguments="[3]"),
    Program("def f(x): yield from range(x)", check="assert sum(f(50)) == 1225", names=("f",)),
    Program("1 / 0"),
    Program("def f(:"),
    Program("import os\nos._exit(3)"),
)
ENDLESS = (Program("while True: pass"), Program("x = [0] * 10**9"), Program("while True: print('x' * 999)"))


def state(server: int) -> tuple[int, int, list[str]]:
    members = list(descendants(server))
    files = sum(len(list(Path(f"/proc/{member}/fd").iterdir())) for member in members)
    folder = Path(tempfile.gettempdir())
    return len(members), files, sorted(path.name for path in folder.glob(f"skyassets-job-{server}-*"))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("jobs", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_nothing_is_left_by_many_jobs(jobs: int, backend: str) -> None:
    with BACKENDS[backend]() as sandbox:
        for program in PROGRAMS:
            sandbox.run(program, LIMITS)
        [server] = sandbox.pids()
        time.sleep(0.2)
        before, memory = state(server), resident_mb(server)
        for number in range(jobs):
            sandbox.run(PROGRAMS[number % len(PROGRAMS)], LIMITS)
            if number % 100 == 50:
                sandbox.run(ENDLESS[number // 100 % len(ENDLESS)], Limits(seconds=0.2, memory_mb=64, output_kb=64))
        assert sandbox.pids() == [server]
        # It closes the last files of a job after its answer.
        wait_until(lambda: state(server) == before)
        assert resident_mb(server) < memory + 4
        assert sandbox.run(PROGRAMS[1], LIMITS).output == "2\n"
