"""The worker behind `MathVerify`: reads pairs as lines of JSON, answers true, false or null. Imports no skyassets.

Run by path, without environment. It loads math-verify once; each pair is then compared in a fork that may neither
write, nor connect, nor start anything, and is killed at its deadline. A pair cannot disturb the next one.
"""

import ctypes
import json
import logging
import os
import resource
import select
import signal
import sys
from collections.abc import Callable

Compare = Callable[[str, str], bool | None]

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 1, 22, 38, 2


class Filter(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def main() -> None:
    """Serve until nobody asks any more."""
    settings = json.loads(sys.stdin.readline())
    compare = load()
    if not in_a_fork(compare, "1", "1", settings):
        sys.exit("a confined comparison does not work here: fork, seccomp or the memory limit is refused")
    _answer(True)
    for line in sys.stdin:
        pair = json.loads(line)
        _answer(in_a_fork(compare, pair["answer"], pair["gold"], settings))


def load() -> Compare:
    """math-verify, with its own timers off and warm: the first comparison of each kind imports a good deal."""
    from math_verify import LatexExtractionConfig, parse, verify

    logging.disable()
    config = [LatexExtractionConfig()]

    def compare(answer: str, gold: str) -> bool | None:
        # Unwrapped, `3\\sqrt{13}` reads as 3. The other extractor would evaluate the text as Python.
        wanted, given = (
            parse(f"${text}$", config, fallback_mode="no_fallback", parsing_timeout=None) for text in (gold, answer)
        )
        if not wanted or not given:
            return None
        return bool(verify(wanted, given, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True))

    for warm in (("\\frac{2}{4}", "0.5"), ("(x+1)^2", "x^2+2x+1"), ("[0,1)", "[0,1]"), ("\\{1,2\\}", "\\{2,1\\}")):
        compare(*warm)
    return compare


def in_a_fork(compare: Compare, answer: str, gold: str, settings: dict[str, object]) -> bool | None:
    """What `compare` says in a process of its own; None when it does not say so in time."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        said: bool | None = None
        try:
            _confine(settings)
            said = compare(answer, gold)
        finally:
            os.write(writing, b"?" if said is None else b"1" if said else b"0")
            os._exit(0)
    os.close(writing)
    seconds = float(str(settings["seconds"]))
    try:
        in_time, _, _ = select.select([reading], [], [], seconds)
        return {b"1": True, b"0": False}.get(os.read(reading, 1)) if in_time else None
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _confine(settings: dict[str, object]) -> None:
    memory = int(str(settings["memory_mb"])) * 2**20
    seconds = int(float(str(settings["seconds"]))) + 1
    for what, most in (("AS", memory), ("CPU", seconds), ("CORE", 0), ("FSIZE", 0)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))
    steps = bytes.fromhex(str(settings["filter"]))
    libc = ctypes.CDLL(None, use_errno=True)
    program = Filter(len(steps) // 8, steps)
    for option, argument, pointer in (
        (PR_SET_PDEATHSIG, signal.SIGKILL, None),
        (PR_SET_NO_NEW_PRIVS, 1, None),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)),
    ):
        if libc.prctl(option, ctypes.c_ulong(argument), pointer, None, None):
            raise OSError(ctypes.get_errno(), f"prctl {option}")


def _answer(value: bool | None) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
