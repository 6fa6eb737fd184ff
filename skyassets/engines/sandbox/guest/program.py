"""Turns a job into the model's program: a script, or a module whose function is called once.

Runs inside the sandbox: standard library only. Writes to the job's channel: `compiled` (or why it does not compile),
then the JSON text of a call's result. After `compiled` the program may write there too, so readers must only take
values from it, and compare them outside.
"""

import _sitebuiltins
import _weakref
import atexit
import builtins
import contextlib
import gc
import json
import os
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from skyassets.engines.sandbox.guest.frames import read_exactly, write_all
from skyassets.engines.sandbox.guest.job import CHANNEL, JOB

NAME = "solution.py"
SPARE_FRAMES = 10


def main() -> None:
    """Read the job and become the program."""
    job = take_job()
    module = loaded(job["source"], "solution" if job["call"] else "__main__")
    if module is None:
        return
    if job["call"]:
        leave(_called(*module, job["call"], job["arguments"]))
    os.close(CHANNEL)
    status = run(*module) or 0
    # From here on, only the program itself may keep its names.
    del module
    leave(_finished(status))


def take_job() -> dict[str, str]:
    """Return the job's description and delete it."""
    text = read_exactly(JOB, os.fstat(JOB).st_size)
    os.close(JOB)
    job: dict[str, str] = json.loads(text or b"")
    return job


def loaded(source: str, name: str) -> tuple[types.CodeType, dict[str, object]] | None:
    """Compile the program and return it with its namespace, in a clean interpreter; None if it does not compile."""
    path = os.path.join(os.getcwd(), NAME)  # noqa: PTH109, PTH118
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        write_line(json.dumps(f"{type(error).__name__}: {error}"[:1000]))
        return None
    # Tracebacks and `inspect` show lines of this file.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    write_all(file, source.encode("utf-8"))
    os.close(file)
    write_line("compiled")
    # `python -S` lacks exit() and quit(), which a normal interpreter has.
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    # The frames below the program do not count against its recursion limit.
    sys.setrecursionlimit(sys.getrecursionlimit() + SPARE_FRAMES)
    sys.argv[:] = [path]
    sys.path.insert(0, os.path.dirname(path))  # noqa: PTH120
    # Remove our own modules, by name: a scan of all loaded modules would copy every memory page.
    finder: Any = sys.meta_path.pop(0)
    for ours in finder.names:
        sys.modules.pop(ours, None)
    module = types.ModuleType(name)
    module.__dict__.update(__file__=path, __builtins__=builtins, __cached__=None)
    sys.modules[name] = module
    return code, module.__dict__


def write_line(line: str) -> None:
    """Write one line to the channel."""
    write_all(CHANNEL, line.encode("ascii") + b"\n")


def run(code: types.CodeType, namespace: dict[str, object]) -> int | None:
    """Execute the program like the interpreter, printing tracebacks; return its exit status, or None at its end."""
    try:
        exec(code, namespace)  # noqa: S102
    except SystemExit as error:
        return _exit_status(error)
    except BaseException as error:  # noqa: BLE001
        _print(error)
        return 1
    return None


def _called(code: types.CodeType, namespace: dict[str, object], name: str, arguments: str) -> int:
    dumps, loads, write = partial(json.dumps, default=_number), json.loads, write_line
    try:
        exec(code, namespace)  # noqa: S102
        write(dumps(function_named(name, namespace)(*loads(arguments))))
    except BaseException as error:  # noqa: BLE001
        _print(error)
        return 1
    return 0


def _number(value: Any) -> object:
    """Return what a library's number is in JSON."""
    numbers = sys.modules.get("numpy")
    if numbers is None or not isinstance(value, numbers.generic):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return value.item()


def function_named(name: str, namespace: dict[str, object]) -> Callable[..., object]:
    """Return the function `name`, or that method of a new object of the named class, else of `Solution`."""
    owner, _, method = name.rpartition(".")
    if not owner and method not in namespace and "Solution" in namespace:
        owner = "Solution"
    holder: dict[str, Any] = namespace
    if (owner or method) not in holder:
        raise NameError(f"name {owner or method!r} is not defined")
    return cast("Callable[..., object]", getattr(holder[owner](), method) if owner else holder[method])


def _print(error: BaseException) -> None:
    """Print the traceback, without the frames of this file."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == _OUR_FILE:
        frames = frames.tb_next
    error.__traceback__ = frames
    with contextlib.suppress(BaseException):
        sys.excepthook(type(error), error, frames)


def _exit_status(error: SystemExit) -> int:
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    _flush("stdout")
    print(code, file=sys.stderr)  # noqa: T201
    return 1


def _finished(status: int) -> int:
    """Do what the interpreter does on exit, in its order, except tearing down the library."""
    threading: Any = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    flushed = _flush("stdout")
    # The program's own stream ends with its names, after which more may be written to the first one.
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__", None))
    _remove_main()
    _flush("stdout")
    return status if flushed else status or 120


def _remove_main() -> None:
    """Remove the program's module. Its open files are closed and its `__del__` called while all its names are there."""
    module = sys.modules.pop("__main__", None)
    if not isinstance(module, types.ModuleType):
        return
    alive = _weakref.ref(module)
    del module
    gc.collect()
    if (kept := alive()) is not None:
        names = [name for name in vars(kept) if name != "__builtins__"]
        for name in sorted(names, key=lambda name: not name.startswith("_")):
            vars(kept)[name] = None
        gc.collect()


def _flush(name: str) -> bool:
    stream = getattr(sys, name, None)
    try:
        if stream is not None and not _is_closed(stream):
            stream.flush()
    except BaseException:  # noqa: BLE001
        return False
    return True


def _is_closed(stream: Any) -> bool:
    # A stream of the program's own need not know whether it is closed.
    try:
        return bool(stream.closed)
    except Exception:  # noqa: BLE001
        return False


def leave(status: int) -> None:
    """End this process now, after flushing its output."""
    for name in ("stdout", "stderr"):
        _flush(name)
    os._exit(status)


_OUR_FILE = main.__code__.co_filename
