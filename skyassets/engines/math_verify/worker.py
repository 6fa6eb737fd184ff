"""The worker behind `MathVerify`: reads pairs as JSON lines, replies true, false or an error. Imports no skyassets.

Run by path, with its own environment. It loads math-verify once and compares each pair in a fork, which cannot write,
connect, or start anything, and is killed at its deadline. So no pair affects the next one.
"""

import cmath
import ctypes
import gc
import json
import logging
import os
import re
import resource
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

Compare = Callable[[str, str], bool | str]

TIME_LIMIT, MEMORY_LIMIT, DIED = "time limit", "memory limit", "the comparison died"
READ_BYTES = 200
PLACES = (3, 13, 17, 29)
"""Elevenths at which two formulas are compared that algebra calls different."""
AGREE = "ungradable: the two have the same values at several places, and algebra does not prove or disprove it"
DIGITS, MOST_DIGITS = 40, 10_000
"""Digits to which two irrational constants are evaluated, in addition to those of the numbers in them, and the most."""
WARMING = (
    ("\\frac{2}{4}", "0.5"), ("(x+1)^2", "x^2+2x+1"), ("[0,1)", "[0,1]"), ("\\{1,2\\}", "\\{2,1\\}"),
    ("36^\\circ", "1 \\pm \\sqrt{19}"), ("(1,2) \\cup (3,4)", "(3,4) \\cup (1,2)"), ("(3,\\frac{\\pi}{2})", "-2,1"),
    ("y=2x+3", "2x-y+3=0"), ("-2 \\le x \\le 7", "[-2,7]"), ("\\sin 2x", "2\\sin x\\cos x"), ("\\ln 4", "2\\ln 2"),
    ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} 1 \\\\ x \\end{pmatrix}"),
    ("3!", "x"), ("2^{n}", "4^{n/2}"), ("(-\\sqrt{3},\\sqrt{3})", "(-\\infty,2)\\cup(3,\\infty)"), ("2k+2", "52_8"),
)  # fmt: skip
"""A pair of each kind, so that every fork inherits the imports and caches of the first comparison."""
ROUNDED = re.compile(r"[-+]?\d*\.(\d{2,})")
"""A reference that may be rounded; `number.py` has the same rule for comparisons without algebra."""

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 1, 22, 38, 2


class Filter(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def main() -> None:
    """Serve until standard input closes."""
    settings = json.loads(sys.stdin.readline())
    compare = load()
    if in_a_fork(compare, "1", "1", settings) is not True:
        sys.exit("confined comparisons do not work here: fork, seccomp or the memory limit is not permitted")
    _answer(True)
    for line in sys.stdin:
        pair = json.loads(line)
        _answer(in_a_fork(compare, pair["answer"], pair["gold"], settings))


def load() -> Compare:
    """Load math-verify without its timers, and warm it up: the first comparison of each kind imports many modules."""
    from math_verify import LatexExtractionConfig, parse, verify
    from sympy import Basic, E, Expr, FiniteSet, Float, I, Integer, Interval, N, Rational, Tuple

    logging.disable()
    # The library takes a last letter for a unit: `\\frac{h}{2}` would be a half. Units are removed before it is asked.
    spelling = replace(LatexExtractionConfig().normalization_config, units=False)
    config = [LatexExtractionConfig(normalization_config=spelling)]
    constants = {"i": I, "e": E}

    def compare(answer: str, gold: str) -> bool | str:
        # Without delimiters, `3\\sqrt{13}` is read as 3. The other extractor would evaluate the text as Python.
        wanted, given = (
            parse(f"${text}$", config, fallback_mode="no_fallback", parsing_timeout=None) for text in (gold, answer)
        )
        if not wanted or not given:
            return f"ungradable: the {'answer' if wanted else 'reference'} cannot be read"
        equal = exact(given[0], wanted[0], gold)
        if equal is None:
            equal = verify(wanted, given, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True)
        if equal or as_constants(given[0], wanted[0], gold):
            return True
        return AGREE if agree(given[0], wanted[0]) else False

    def as_constants(given: Basic, wanted: Basic, gold: str) -> bool:
        """Whether the two are equal if `i` and `e` are constants and not names."""
        if not (isinstance(given, Expr) and isinstance(wanted, Expr)):
            return False
        named = {one: constants[one.name] for one in given.free_symbols | wanted.free_symbols if one.name in constants}
        if not named:
            return False
        one, other = given.subs(named), wanted.subs(named)
        if is_constant(one) and is_constant(other):
            return near(one, other, gold)
        return bool((one - other).simplify() == 0)

    def agree(given: Basic, wanted: Basic) -> bool:
        """Whether two formulas of the same letters have the same values at several places."""
        if not (isinstance(given, Expr) and isinstance(wanted, Expr)) or given.free_symbols != wanted.free_symbols:
            return False
        letters = sorted(given.free_symbols, key=str)
        for place in PLACES if letters else ():
            values = {one: Rational(place + 7 * number, 11) for number, one in enumerate(letters)}
            one, other = (complex(N(side.subs(values), DIGITS)) for side in (given, wanted))
            if not cmath.isfinite(one) or not cmath.isclose(one, other, rel_tol=1e-12):
                return False
        return bool(letters)

    def exact(given: Basic, wanted: Basic, gold: str) -> bool | None:
        """Whether two constants, or groups of them, are equal; None if one is something else.

        The library itself would round to six decimals.
        """
        if is_constant(given) and is_constant(wanted):
            return near(given, wanted, gold)
        if type(given) is not type(wanted) or not isinstance(given, Tuple | FiniteSet | Interval):
            return None
        one, other = list(given.args), list(wanted.args)
        if not all(map(is_constant, one + other)):
            return None
        if len(one) != len(other):
            return False
        if isinstance(given, FiniteSet):
            return all(any(near(part, whole, "") for part in one) for whole in other)
        return all(near(part, whole, "") for part, whole in zip(one, other, strict=True))

    def is_constant(side: Basic) -> bool:
        return isinstance(side, Expr) and bool(side.is_number and side.is_finite)

    def near(given: Expr, wanted: Expr, gold: str) -> bool:
        gap = (given - wanted).doit()
        rounded = ROUNDED.fullmatch(gold)
        if rounded:
            return bool(abs(N(gap, DIGITS)) <= 0.5 * 10 ** -len(rounded[1]))
        if isinstance(gap, Rational):
            return bool(gap == 0)
        if gap.has(Float):
            return bool(abs(gap) <= 1e-12 * max(abs(N(given)), abs(N(wanted))))
        # The numbers in two different constants say how closely they can agree.
        digits = DIGITS + 2 * sum(len(str(part)) for number in gap.atoms(Rational) for part in (number.p, number.q))
        if digits > MOST_DIGITS:
            raise OverflowError
        size = max(abs(N(given)), abs(N(wanted)))
        return bool(abs(N(gap, 15, maxn=digits + DIGITS)) <= Rational(1, Integer(10) ** digits) * size)

    for warm in WARMING:
        compare(*warm)
    gc.collect()
    gc.freeze()
    return compare


def in_a_fork(compare: Compare, answer: str, gold: str, settings: dict[str, object]) -> bool | str:
    """Return the result of `compare`, run in a separate process, or an error if it takes too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        result: bool | str | None = None
        try:
            _confine(settings)
            result = compare(answer, gold)
        finally:
            # Catch every exception: this process replies and exits.
            reply = json.dumps(_reason(sys.exc_info()[0]) if result is None else result)
            os.write(writing, reply.encode()[:READ_BYTES])
            os._exit(0)
    os.close(writing)
    seconds = float(str(settings["seconds"]))
    try:
        in_time, _, _ = select.select([reading], [], [], seconds)
        if not in_time:
            return TIME_LIMIT
        reply_bytes = os.read(reading, READ_BYTES)
        value = json.loads(reply_bytes) if reply_bytes else DIED
        return value if isinstance(value, bool | str) else DIED
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _reason(raised: type[BaseException] | None) -> str:
    if raised is None:
        return DIED
    return MEMORY_LIMIT if issubclass(raised, MemoryError) else f"ungradable: {raised.__name__} in the comparison"


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


def _answer(value: bool | str) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
