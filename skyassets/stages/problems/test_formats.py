"""Converts the formats in which data sets store tests and solutions to the one of `test_cases`.

The behaviour of a data set's own runner or checker is expressed here, in how the tests are written; comparison stays
exact. Nothing in a row is executed, including pickles.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from skyassets.core.errors import RecipeError
from skyassets.stages.problems.assertions import asserted, humaneval_check
from skyassets.stages.problems.checker_rules import any_case, tolerance
from skyassets.stages.problems.pickled_tests import unpacked

Row = Mapping[str, object]
Tests = dict[str, object]

PYTHON3 = 3
"""CodeContests' number for Python 3."""

LIBRARY = "\n".join(
    [
        *(f"from {name} import *" for name in ("bisect", "collections", "copy", "datetime", "functools", "heapq")),
        *(f"from {name} import *" for name in ("itertools", "math", "random", "re", "string", "typing", "builtins")),
        # After the star imports: by `time` and `random` a program means the modules, not `datetime.time`.
        *(
            f"import {name}"
            for name in ("bisect", "collections", "copy", "datetime", "functools", "heapq", "itertools")
        ),
        *(f"import {name}" for name in ("io", "json", "math", "operator", "os", "random", "re", "statistics")),
        *(f"import {name}" for name in ("string", "sys", "time", "typing")),
    ]
)
"""What the websites of call-based problems, and these data sets' runners, import before a solution."""
DEEP = "sys.setrecursionlimit(50_000)"
"""The recursion limit of LiveCodeBench's runner."""


class MalformedRowError(ValueError):
    """A row with unusable tests: the kind of fault, a colon and the details."""


def canonical_tests(layout: str, row: Row) -> str:
    """The tests of `row` in the format of `test_cases`. Checks that parsing them makes are not repeated here.

    Raises:
        MalformedRowError: when they are not in the format `layout`.
        RecipeError: when the layout is unknown.
    """
    _check_layout(layout)
    return json.dumps(TESTS[layout](row))


def reference_solutions(layout: str, row: Row) -> list[str]:
    """The reference programs of `row`; empty if there are none or they cannot be parsed.

    Raises:
        RecipeError: when the layout is unknown.
    """
    _check_layout(layout)
    return [program for program in SOLUTIONS[layout](row) if program.strip()]


def _apps(row: Row) -> Tests:
    """APPS and TACO: a JSON text with the names of `test_cases`; lines, and returned values, may be in lists."""
    read = _object(row, "input_output")
    inputs, outputs = _list(read, "inputs"), _list(read, "outputs")
    forgiven = _forgiven(str(row.get("question") or ""))
    if read.get("fn_name"):
        return {"prelude": LIBRARY} | _calls(_name(read["fn_name"]), inputs, outputs) | forgiven
    return forgiven | {"inputs": list(map(_lines, inputs)), "outputs": list(map(_lines, outputs))}


def _calls(name: str, inputs: list[object], outputs: list[object]) -> Tests:
    """Their runner converts an object's keys back to whole numbers, which JSON cannot express."""
    for each in inputs:
        if isinstance(each, list) and any(_has_number_keys(argument) for argument in each):
            raise MalformedRowError("the tests cannot be said in JSON: an argument maps whole numbers")
    wrapped = bool(outputs) and all(isinstance(each, list) and len(each) == 1 for each in outputs)
    return {"fn_name": name, "inputs": inputs, "outputs": outputs, "wrapped": wrapped}


def _livecodebench(row: Row) -> Tests:
    """LiveCodeBench: public tests as JSON, private ones packed; in its first version, all of them packed."""
    shared: Tests = {"prelude": f"{LIBRARY}\n{DEEP}", "floats": 0, "blank_lines": True}
    if "public_test_cases" not in row and "test" in row:
        read = _loaded(_unpacked(row, "test"), "test")
        if not isinstance(read, dict):
            raise _misshapen("test", "no object")
        tests = [(_text(given), _text(wanted)) for given, wanted in _pairs(read, "inputs", "outputs")]
        name = _name(read.get("fn_name"))
    else:
        cases = [*_listed(row, "public_test_cases"), *_listed(row, "private_test_cases")]
        if not all(isinstance(each, dict) for each in cases):
            raise _misshapen("public_test_cases", "a test is no object")
        tests = [(_text(each.get("input")), _text(each.get("output"))) for each in cases if isinstance(each, dict)]
        kinds = {str(each.get("testtype")) for each in cases if isinstance(each, dict)}
        if len(kinds) > 1 or not kinds <= {"stdin", "functional"}:
            raise _misshapen("public_test_cases", f"tests of the types {sorted(kinds)}")
        name = _name(_object(row, "metadata").get("func_name")) if kinds == {"functional"} else ""
        if kinds == {"functional"} and not name:
            raise _misshapen("metadata", "no func_name for functional tests")
    if not name:
        return shared | {"inputs": [given for given, _ in tests], "outputs": [wanted for _, wanted in tests]}
    inputs = [[_loaded(line, "input") for line in given.split("\n") if line.strip()] for given, _ in tests]
    return shared | {"fn_name": name, "inputs": inputs, "outputs": [_loaded(wanted, "output") for _, wanted in tests]}


def _humaneval(row: Row) -> Tests:
    return _asserted(lambda: humaneval_check(*(_column(row, name) for name in ("prompt", "test", "entry_point"))))


def _mbpp(row: Row) -> Tests:
    """MBPP: each assertion is a test; the challenge tests are not part of its score."""
    imports = row.get("test_imports") or []
    setup = [*map(str, imports if isinstance(imports, list) else [imports]), str(row.get("test_setup_code") or "")]
    assertions = row.get("test_list")
    if not isinstance(assertions, Sequence) or not all(isinstance(each, str) for each in assertions):
        raise _misshapen("test_list", "no list of assertions")
    return _asserted(lambda: asserted("\n".join(setup), [str(each) for each in assertions]))


def _asserted(read: Callable[[], Tests]) -> Tests:
    try:
        return read()
    except (SyntaxError, ValueError, RecursionError) as error:
        raise MalformedRowError(f"the assertions cannot be used: {error}") from error


def _code_contests(row: Row) -> Tests:
    """CodeContests: public, private and generated tests in separate columns, or all of them in one."""
    if isinstance(row.get("tests"), Mapping):
        pairs = _pairs(_object(row, "tests"), "inputs", "outputs")
    else:
        columns = [f"{kind}_tests" for kind in ("public", "private", "generated")]
        pairs = [pair for name in columns if row.get(name) for pair in _pairs(_object(row, name), "input", "output")]
    tests: Tests = {"inputs": [_text(given) for given, _ in pairs], "outputs": [_text(wanted) for _, wanted in pairs]}
    return tests | _forgiven(str(row.get("description") or row.get("problem") or ""))


def _forgiven(statement: str) -> Tests:
    error = tolerance(statement)
    forgiven: Tests = {} if error is None else {"floats": error}
    return forgiven | ({"any_case": True} if any_case(statement) else {})


def _listed_solutions(row: Row) -> list[str]:
    value = row.get("solutions")
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return []
    return [program for program in found if isinstance(program, str)] if isinstance(found, Sequence) else []


def _python3_solutions(row: Row) -> list[str]:
    told = row.get("solutions")
    if not isinstance(told, Mapping):
        return []
    languages, programs = told.get("language") or [], told.get("solution") or []
    return [str(program) for language, program in zip(languages, programs, strict=False) if language == PYTHON3]


TESTS: Mapping[str, Callable[[Row], Tests]] = {
    "apps": _apps,
    "taco": _apps,
    "livecodebench": _livecodebench,
    "humaneval": _humaneval,
    "mbpp": _mbpp,
    "code_contests": _code_contests,
}
SOLUTIONS: Mapping[str, Callable[[Row], list[str]]] = {
    "apps": _listed_solutions,
    "taco": _listed_solutions,
    # In LiveCodeBench's first version, this column contains a placeholder.
    "livecodebench": lambda row: [],
    "humaneval": lambda row: [f"{row.get('prompt') or ''}{row.get('canonical_solution') or ''}"],
    "mbpp": lambda row: [str(row.get("code") or "")],
    "code_contests": _python3_solutions,
}


def _check_layout(layout: str) -> None:
    if layout not in TESTS:
        raise RecipeError(f"no layout of tests is called {layout!r}; a source's layout is one of {sorted(TESTS)}")


def _lines(value: object) -> str:
    """A text, or its lines; a number is converted to its printed form."""
    return "\n".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    raise MalformedRowError(f"an input or output is no text: {type(value).__name__}")


def _has_number_keys(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(name.lstrip("-").isdecimal() for name in value)


def _pairs(read: Mapping[str, object], given: str, wanted: str) -> list[tuple[object, object]]:
    inputs, outputs = _list(read, given), _list(read, wanted)
    if len(inputs) != len(outputs):
        raise MalformedRowError(f"inputs and outputs do not match: {len(inputs)} for {len(outputs)}")
    return list(zip(inputs, outputs, strict=True))


def _list(read: Mapping[str, object], name: str) -> list[object]:
    value = read.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _misshapen(name, "no list")
    return list(value)


def _name(value: object) -> str:
    if value is not None and not (isinstance(value, str) and all(map(str.isidentifier, value.split(".")))):
        raise _misshapen("the function's name", "no name")
    return value or ""


def _column(row: Row, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _misshapen(name, "no text")
    return value


def _object(row: Row, name: str) -> Mapping[str, object]:
    value = row.get(name)
    read = _loaded(value, name) if isinstance(value, str) else value
    if not isinstance(read, Mapping):
        raise _misshapen(name, "no object")
    return read


def _listed(row: Row, name: str) -> list[object]:
    value = row.get(name)
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = _unpacked(row, name)
    read = _loaded(value, name) if isinstance(value, str) else value
    if read is not None and not isinstance(read, list):
        raise _misshapen(name, "no list")
    return read or []


def _unpacked(row: Row, name: str) -> str:
    try:
        return unpacked(_column(row, name))
    except ValueError as error:
        raise _misshapen(name, str(error)) from error


def _loaded(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # This includes whole numbers of more than 4,300 digits.
        raise _misshapen(name, f"no JSON that can be read ({type(error).__name__})") from error


def _misshapen(name: str, what: str) -> MalformedRowError:
    return MalformedRowError(f"the tests are laid out otherwise: {name}: {what}")
