"""Programs judged a second: the sandboxes, beside one plain subprocess a test (the shape of open-r1's check, no walls).

Every program reads standard input and has five tests; some are wrong, some crash. All are run on all five tests, and
every way has to give the same verdicts. The floor is the CPU of a bare fork and exit of the same warm interpreter,
twice over, as a confined job needs two: its first process and the program.

    python benchmarks/code_grading.py [programs a round] [rounds]
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles

from skyassets.core.ports import Limits, Program, RunKind
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sandbox.guest.fork_server import PRELOADED
from skyassets.engines.sandbox.guest.process_tree import descendants
from skyassets.engines.sandbox.landlock import Landlock
from skyassets.engines.sandbox.pool import WarmSandbox

LIMITS = Limits(seconds=10.0, memory_mb=256)
TESTS = [(f"{n}\n{' '.join(map(str, range(n)))}\n", f"{sum(range(n))}\n{n - 1}\n") for n in (1, 5, 50, 500, 2000)]
SOURCES = (
    "n = int(input())\nx = list(map(int, input().split()))\nprint(sum(x))\nprint(max(x))\n",
    "import sys\nfrom collections import Counter\n\ndef main():\n    data = sys.stdin.buffer.read().split()\n"
    "    x = list(map(int, data[1:]))\n    print(sum(Counter(x).elements()))\n    print(sorted(x)[-1])\n\n"
    "if __name__ == '__main__':\n    main()\n",
    "import heapq, math, itertools\nn = int(input())\nx = [int(a) for a in input().split()]\n"
    "print(math.fsum(x).__int__())\nprint(heapq.nlargest(1, x)[0])\n",
    "n = int(input())\nx = list(map(int, input().split()))\nprint(sum(x))\nprint(min(x))\n",
    "n = int(input())\nx = list(map(int, input().split()))\nprint(sum(x) // (n - 1))\nprint(max(x))\n",
)
BARE_FORKS = """
import os, resource
{imports}
def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
before = spent()
for _ in range({forks}):
    if not (child := os.fork()): os._exit(0)
    os.waitpid(child, 0)
print((spent() - before) / {forks} * 1000)
"""
Judge = Callable[[str, str, str], bool]


def plain(source: str, stdin: str, wanted: str) -> bool:
    """The shape that is raced: an interpreter a test."""
    done = subprocess.run([sys.executable, "-c", source], input=stdin, capture_output=True, text=True, timeout=10)
    return done.returncode == 0 and done.stdout == wanted


def bare_fork_ms(forks: int = 500) -> float:
    """CPU milliseconds of a fork and exit of an interpreter that has loaded what a fork server loads."""
    source = BARE_FORKS.format(imports=f"import {', '.join(PRELOADED)}", forks=forks)
    command = [str(Path(sys.executable).resolve()), "-s", "-S", "-P", "-B", "-c", source]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def confined(sandbox: WarmSandbox) -> Judge:
    def judge(source: str, stdin: str, wanted: str) -> bool:
        run = sandbox.run(Program(source, stdin=stdin), LIMITS)
        return run.kind is RunKind.FINISHED and run.output == wanted

    return judge


class Way:
    """One way to judge, with its figures over all rounds."""

    def __init__(self, name: str, judge: Judge, workers: int, sandbox: WarmSandbox | None) -> None:
        self.name, self.workers, self._judge, self._sandbox = name, workers, judge, sandbox
        self.times: list[float] = []
        self.rates: list[float] = []
        self.verdicts: list[list[bool]] = []
        self.cpu = 0.0

    def round(self, programs: int) -> None:
        before, cpu = time.perf_counter(), self._cpu_seconds()
        with ThreadPoolExecutor(self.workers) as pool:
            self.verdicts = list(pool.map(self._program, range(programs)))
        self.rates.append(programs / (time.perf_counter() - before))
        self.cpu += self._cpu_seconds() - cpu

    def summary(self) -> str:
        tests, late = len(self.times), quantiles(self.times, n=20)[-1]
        return (
            f"{self.name:44} {self.workers} worker{'s' * (self.workers > 1):1} {median(self.rates):6.1f} programs/s   "
            f"{median(self.times):5.1f} ms a test (median), {late:5.1f} (p95), {self.cpu / tests * 1000:5.1f} ms of CPU"
        )

    def _program(self, number: int) -> list[bool]:
        return [self._timed(SOURCES[number % len(SOURCES)], *test) for test in TESTS]

    def _timed(self, source: str, stdin: str, wanted: str) -> bool:
        before = time.perf_counter()
        verdict = self._judge(source, stdin, wanted)
        self.times.append((time.perf_counter() - before) * 1000)
        return verdict

    def _cpu_seconds(self) -> float:
        """Ours, of children that have ended, and of the servers with what they have buried."""
        ours, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        spent = ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime
        for server in self._sandbox.pids() if self._sandbox else ():
            for pid in descendants(server):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                spent += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        return spent


def main() -> None:
    programs, rounds = (int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((1, 40), (2, 5)))
    python = sys.executable if Path(sys.executable).resolve().is_relative_to("/usr") else "/usr/bin/python3"
    with Bubblewrap() as bubblewrap, Landlock(python) as landlock:
        ways = []
        for workers in (1, 2):
            ways.append(Way("open-r1 shape: a subprocess a test, no walls", plain, workers, None))
            for sandbox in (bubblewrap, landlock):
                before = time.perf_counter()
                sandbox.check()
                if workers == 1:
                    cold = (time.perf_counter() - before) * 1000
                    print(f"{sandbox.name}: {cold:.0f} ms from nothing to the first verdict", flush=True)
                ways.append(Way(sandbox.name, confined(sandbox), workers, sandbox))
        for way in ways:
            way.round(len(SOURCES) * way.workers)
            way.times, way.rates, way.cpu = [], [], 0.0
        # In turns, so that whatever else runs on the machine slows all of them.
        for _ in range(rounds):
            for way in ways:
                way.round(programs)
    for way in ways:
        print(way.summary())
    assert all(way.verdicts == ways[0].verdicts for way in ways), "the ways disagree"
    floor = 2 * bare_fork_ms()
    print(f"floor: {floor:.2f} ms of CPU a test, for two bare forks and exits")
    for way in ways:
        if not way.name.startswith("open-r1"):
            print(f"{way.name}, {way.workers}: {way.cpu / len(way.times) * 1000 / floor:.1f}x the floor")
    shapes = {way.workers: way for way in ways if way.name.startswith("open-r1")}
    for way in ways:
        shape = shapes[way.workers]
        if way is not shape:
            ratio, one = (median(way.rates) / median(each.rates) for each in (shape, shapes[1]))
            cheaper = shape.cpu / len(shape.times) / (way.cpu / len(way.times))
            print(f"{way.name}, {way.workers}: {ratio:.1f}x the shape with as many workers, {one:.1f}x the shape one "
                  f"after the other, {cheaper:.1f}x less CPU a test")  # fmt: skip


if __name__ == "__main__":
    main()
