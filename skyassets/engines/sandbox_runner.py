"""What runs inside the sandbox, before and around the program: given as text to `python -c`, standard library only.

It speaks on a channel of its own (a file descriptor): `ready` when the limits are set, `compiled` (or a reason why
not), then one line of JSON per finished call. From `compiled` on the program may write there too; whoever reads must
believe nothing but values, and compare them outside.
"""

import _sitebuiltins
import builtins
import json
import os
import resource
import select
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:  # every import is paid for by every run
    from typing import BinaryIO

SOURCE = "/tmp/solution.py"  # noqa: S108
SPARE_FRAMES = 10
BURY_EVERY_MS = 100


def main() -> None:
    """Take the job, set the limits, and become the program."""
    job_fd, channel_fd = int(sys.argv[1]), int(sys.argv[2])
    with open(job_fd, "rb") as file:
        job = json.load(file)
    channel = open(channel_fd, "wb")  # noqa: SIM115
    _close_all_but(channel_fd)
    for name, value in job["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    _say(channel, "ready")
    program = os.fork()
    if program:
        _keep_house(program, channel)
    try:
        code = compile(job["source"], SOURCE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        _say(channel, json.dumps(f"{type(error).__name__}: {error}"[:1000]))
        return
    # Tracebacks and `inspect` show lines of this file.
    with open(SOURCE, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(job["source"])
    _say(channel, "compiled")
    # `python -S` has no exit() and quit(), a plain interpreter has.
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    # The program does not lose recursion depth to the frames below it.
    sys.setrecursionlimit(sys.getrecursionlimit() + SPARE_FRAMES)
    sys.argv[:] = [SOURCE]
    module = types.ModuleType("solution" if job["call"] else "__main__")
    module.__file__ = SOURCE
    sys.modules[module.__name__] = module
    if not job["call"]:
        channel.close()
    exec(code, module.__dict__)  # noqa: S102
    if job["call"]:
        _call(module, job["call"], job["arguments"], channel)


def _keep_house(program: int, channel: "BinaryIO") -> None:
    """Stay the namespace's first process: bury orphans, and end (with everybody) as the program or our owner does."""
    watched = select.poll()
    watched.register(os.pidfd_open(program), select.POLLIN)
    watched.register(channel, 0)
    while True:
        changed = watched.poll(BURY_EVERY_MS)
        # An error on the channel: nobody listens any more.
        if channel.fileno() in dict(changed):
            os._exit(1)
        buried, status = os.waitpid(-1, os.WNOHANG)
        while buried:
            if buried == program:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
            buried, status = os.waitpid(-1, os.WNOHANG)


def _call(module: types.ModuleType, name: str, arguments: list[str], channel: "BinaryIO") -> None:
    dumps, loads, say = json.dumps, json.loads, _say
    owner, _, method = name.rpartition(".")
    if not owner and not hasattr(module, method):
        owner = "Solution"
    for each in arguments:
        holder = getattr(module, owner)() if owner else module
        say(channel, dumps(getattr(holder, method)(*loads(each))))


def _say(channel: "BinaryIO", line: str) -> None:
    channel.write(line.encode("ascii") + b"\n")
    channel.flush()


def _close_all_but(kept: int) -> None:
    os.set_inheritable(kept, False)
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


if __name__ == "__main__":
    main()
