"""How long a job has waited for a processor that others used, read from /proc.

From the first two fields of /proc/PID/task/TID/schedstat (kernel documentation, scheduler/sched-stats): how long a
thread ran, and how long it was ready to run but got no processor. Nothing where the kernel does not record them.
"""

import os

from skyassets.engines.sandbox.guest.process_tree import descendants, read, threads

MOST_WAITING = 2.0
"""Most extra time for waiting for a busy processor, as a multiple of the job's time limit."""
_MOST_PROCESSES = 64
_TICKS = os.sysconf("SC_CLK_TCK")


class Waiting:
    """The waiting time of the job whose first process is `first`, from several looks at it."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._tasks: dict[str, tuple[float, float]] = {}
        self._ran = 0.0
        self._processes: set[int] = set()

    def look(self) -> None:
        """Note what each of the job's threads has done so far; those that end later are not forgotten."""
        ran = 0.0
        for member in descendants(self._first):
            self._processes.add(member)
            ran += _ended_children(member)
            for thread in threads(member):
                times = read(f"/proc/{member}/task/{thread}/schedstat").split()
                if len(times) > 1:
                    self._tasks[thread] = (int(times[0]) / 1e9, int(times[1]) / 1e9)
                    ran += self._tasks[thread][0]
        self._ran = max(self._ran, ran, sum(ran for ran, _ in self._tasks.values()))

    @property
    def seconds(self) -> float:
        """The longest wait of a thread, without the time in which other threads of the job ran.

        A job of many short processes, which no look can follow, has no claim.
        """
        if len(self._processes) > _MOST_PROCESSES:
            return 0.0
        return max((waited - (self._ran - own) for own, waited in self._tasks.values()), default=0.0)


def _ended_children(pid: int) -> float:
    """Return the processor time of a process's ended children, in seconds."""
    # The name in parentheses may contain anything.
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS if len(fields) > 14 else 0.0
