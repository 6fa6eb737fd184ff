"""The tests of a code problem, in one format for all data sets.

A JSON object, in which each part is optional:

- `fn_name`, `inputs`, `outputs`: calls of that function (or method of `Solution`); each input is a list of arguments.
  Without `fn_name`, inputs and outputs are texts, and each input is the standard input of a run.
- `check`, `names`: Python source that raises unless the program passes it, or a list of such sources, each a separate
  test; `names` are the program's functions that they call.
- `prelude`, `epilogue`: source inserted before and after the program (what a problem's starter code relies on; test
  cases that can only be built from the program's own classes).
- `floats`, `any_case`, `blank_lines`, `wrapped`: the deviations that the problem allows (see `Rules`).
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from skyassets.stages.grading.assertions import asserts_nothing
from skyassets.stages.grading.outputs import PLAIN, Rules, same_output, same_value

_UNREAD = "the tests cannot be read"
_TEXTS = ("fn_name", "prelude", "epilogue")
_FLAGS = ("any_case", "blank_lines", "wrapped")


@dataclass(frozen=True)
class Cases:
    """Pairs of inputs and expected outputs, and checks. With a `function`, the pairs are JSON, otherwise plain text."""

    function: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    prelude: str = ""
    epilogue: str = ""
    rules: Rules = PLAIN

    def __len__(self) -> int:
        return len(self.inputs) + len(self.checks)


def read_cases(text: str | None) -> Cases | str:
    """Parse the tests in `text`; if that is impossible, return the reason."""
    if text is None or not text.strip():
        return "no tests"
    try:
        return _cases(json.loads(text))
    except (ValueError, RecursionError):
        return f"{_UNREAD}: they are no JSON"


def _cases(read: object) -> Cases | str:
    if not isinstance(read, dict):
        return f"{_UNREAD}: they are no object"
    values = {name: read.get(name) or "" for name in _TEXTS} | {name: read.get(name, False) for name in _FLAGS}
    inputs, outputs, names = (read.get(name, []) for name in ("inputs", "outputs", "names"))
    checks = read.get("check") or []
    checks = [checks] if isinstance(checks, str) else checks
    if not all(isinstance(each, list) for each in (inputs, outputs, checks, names)):
        return f"{_UNREAD}: inputs, outputs, check and names are lists"
    wrong = [name for name in _TEXTS if not isinstance(values[name], str)]
    wrong += [name for name in _FLAGS if not isinstance(values[name], bool)]
    wrong += [name for name, texts in (("check", checks), ("names", names)) if not _are_texts(texts)]
    floats = read.get("floats")
    if floats is not None and not (type(floats) in {int, float} and floats >= 0 and math.isfinite(floats)):
        wrong.append("floats")
    if wrong:
        return f"{_UNREAD}: {wrong[0]} is of the wrong kind"
    if len(inputs) != len(outputs):
        return f"{_UNREAD}: {len(inputs)} inputs for {len(outputs)} outputs"
    if checks and not names:
        return f"{_UNREAD}: a check names no function that it calls"
    if not inputs and not checks:
        return "no tests"
    if not checks and all(output is None or (isinstance(output, str) and not output.strip()) for output in outputs):
        return "no tests: every wanted output is empty, which a program that does nothing would give"
    if checks and not inputs and asserts_nothing("\n".join([str(values["prelude"]), *checks])):
        return "no tests: they assert nothing, so that every program would pass"
    if values["fn_name"]:
        if not all(isinstance(each, list) for each in inputs):
            return f"{_UNREAD}: an input of a function is no list of arguments"
        inputs, outputs = list(map(json.dumps, inputs)), list(map(json.dumps, outputs))
    elif not _are_texts([*inputs, *outputs]):
        return f"{_UNREAD}: an input or output of a script is no text"
    rules = Rules(None if floats is None else float(floats), *(bool(values[name]) for name in _FLAGS))
    if (given := _contradiction(inputs, outputs, rules, same_value if values["fn_name"] else same_output)) is not None:
        return f"the tests contradict each other: one input wants two outputs: {given[:200]}"
    return Cases(
        str(values["fn_name"]),
        tuple(inputs),
        tuple(outputs),
        tuple(checks),
        tuple(names),
        str(values["prelude"]),
        str(values["epilogue"]),
        rules,
    )


def _contradiction(
    inputs: list[str], outputs: list[str], rules: Rules, same: Callable[[str, str, Rules], bool]
) -> str | None:
    """The first input that is wanted to give two outputs, which no program can; None if there is none."""
    wanted: dict[str, str] = {}
    for given, output in zip(inputs, outputs, strict=True):
        before = wanted.setdefault(given, output)
        if before != output and not (same(before, output, rules) or same(output, before, rules)):
            return given
    return None


def _are_texts(texts: list[object]) -> bool:
    return all(isinstance(each, str) for each in texts)
