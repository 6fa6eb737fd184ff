"""The test cases of a code problem: how they are written down, and when an output is the wanted one."""

import json
import math
from dataclasses import dataclass
from itertools import zip_longest

TOLERANCE = 1e-6
"""Relative or absolute, and only where a number is written as a decimal."""


@dataclass(frozen=True)
class Cases:
    """Inputs and wanted outputs, pairwise. With a `function` both are JSON texts, otherwise plain text."""

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_cases(text: str | None) -> Cases | str:
    """The tests of {"fn_name": name or null, "inputs": [...], "outputs": [...]}, or why there are none."""
    if text is None or not text.strip():
        return "no tests"
    try:
        read = json.loads(text)
        function, inputs, outputs = read.get("fn_name") or "", read["inputs"], read["outputs"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return "the tests cannot be read: they are no object with inputs and outputs"
    if not (isinstance(function, str) and isinstance(inputs, list) and isinstance(outputs, list)):
        return "the tests cannot be read: fn_name is no text, or inputs and outputs are no lists"
    if not inputs:
        return "no tests"
    if len(inputs) != len(outputs):
        return f"the tests cannot be read: {len(inputs)} inputs for {len(outputs)} outputs"
    if function:
        if not all(isinstance(each, list) for each in inputs):
            return "the tests cannot be read: an input of a function is no list of arguments"
        return Cases(function, tuple(map(json.dumps, inputs)), tuple(map(json.dumps, outputs)))
    if not all(isinstance(each, str) for each in (*inputs, *outputs)):
        return "the tests cannot be read: an input or output of a script is no text"
    return Cases("", tuple(inputs), tuple(outputs))


def same_value(got: str, wanted: str) -> bool:
    """Whether two JSON texts are one value. True is not 1, and 1.0 is 1."""
    try:
        return _alike(json.loads(got), json.loads(wanted))
    except (ValueError, RecursionError):
        return False


def same_output(got: str, wanted: str) -> bool:
    """Whether two texts hold the same words in the same lines; blank space at line ends and at the end is free."""
    lines, wanted_lines = got.rstrip().split("\n"), wanted.rstrip().split("\n")
    return len(lines) == len(wanted_lines) and all(
        _same_words(line.split(), wanted_line.split()) for line, wanted_line in zip(lines, wanted_lines, strict=True)
    )


def _alike(got: object, wanted: object) -> bool:
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        return _close(got, wanted) if isinstance(got, float) or isinstance(wanted, float) else got == wanted
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(_alike, got, wanted))
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(_alike(got[name], wanted[name]) for name in wanted)
    return type(got) is type(wanted) and got == wanted


def _close(got: float, wanted: float) -> bool:
    try:
        both_nan = math.isnan(got) and math.isnan(wanted)
        return both_nan or math.isclose(got, wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except OverflowError:
        return False


def _same_words(got: list[str], wanted: list[str]) -> bool:
    return all(one == other or _same_decimal(one, other) for one, other in zip_longest(got, wanted, fillvalue=""))


def _same_decimal(got: str, wanted: str) -> bool:
    if "." not in wanted:
        return False
    try:
        return math.isclose(float(got), float(wanted), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return False
