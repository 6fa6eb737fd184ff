"""Converts the formats in which data sets store tests and solutions to the one of `test_cases`.

The behaviour of a data set's own runner or checker is expressed here, in how the tests are written; comparison stays
exact. Nothing in a row is executed, including pickles.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from skyassets.core.errors import RecipeError
from skyassets.stages.problems import row_fields as fields
from skyassets.stages.problems.assertions import asserted, humaneval_check
from skyassets.stages.problems.checker_rules import any_case, tolerance
from skyassets.stages.problems.row_fields import MalformedRowError
from skyassets.stages.problems.row_types import SourceRow

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


def canonical_tests(layout: str, row: SourceRow) -> str:
    """The tests of `row` in the format of `test_cases`. Checks that parsing them makes are not repeated here.

    Raises:
        MalformedRowError: when they are not in the format `layout`.
        RecipeError: when the layout is unknown.
    """
    _check_layout(layout)
    return json.dumps(TESTS[layout](row))


def reference_solutions(layout: str, row: SourceRow) -> list[str]:
    """The reference programs of `row`; empty if there are none or they cannot be parsed.

    Raises:
        RecipeError: when the layout is unknown.
    """
    _check_layout(layout)
    return [program for program in SOLUTIONS[layout](row) if program.strip()]


def _apps(row: SourceRow) -> Tests:
    """APPS and TACO: a JSON text with the names of `test_cases`; lines, and returned values, may be in lists."""
    read = fields.mapping(row, "input_output")
    inputs, outputs = fields.sequence(read, "inputs"), fields.sequence(read, "outputs")
    forgiven = _forgiven(str(row.get("question") or ""))
    if read.get("fn_name"):
        return {"prelude": LIBRARY} | _calls(fields.function_name(read["fn_name"]), inputs, outputs) | forgiven
    return forgiven | {"inputs": list(map(fields.lines, inputs)), "outputs": list(map(fields.lines, outputs))}


def _calls(name: str, inputs: list[object], outputs: list[object]) -> Tests:
    """Their runner converts an object's keys back to whole numbers, which JSON cannot express."""
    for each in inputs:
        if isinstance(each, list) and any(_has_number_keys(argument) for argument in each):
            raise MalformedRowError("the tests cannot be said in JSON: an argument maps whole numbers")
    wrapped = bool(outputs) and all(isinstance(each, list) and len(each) == 1 for each in outputs)
    return {"fn_name": name, "inputs": inputs, "outputs": outputs, "wrapped": wrapped}


def _livecodebench(row: SourceRow) -> Tests:
    """LiveCodeBench: public tests as JSON, private ones packed; in its first version, all of them packed."""
    shared: Tests = {"prelude": f"{LIBRARY}\n{DEEP}", "floats": 0, "blank_lines": True}
    if "public_test_cases" not in row and "test" in row:
        read = fields.parsed(fields.unpacked_text(row, "test"), "test")
        if not isinstance(read, dict):
            raise fields.malformed("test", "no object")
        tests = fields.pairs(read, "inputs", "outputs")
        name = fields.function_name(read.get("fn_name"))
    else:
        cases = [*fields.optional_list(row, "public_test_cases"), *fields.optional_list(row, "private_test_cases")]
        objects = [each for each in cases if isinstance(each, dict)]
        if len(objects) < len(cases):
            raise fields.malformed("public_test_cases", "a test is no object")
        tests = [(fields.text(each.get("input")), fields.text(each.get("output"))) for each in objects]
        kinds = {str(each.get("testtype")) for each in objects}
        if len(kinds) > 1 or not kinds <= {"stdin", "functional"}:
            raise fields.malformed("public_test_cases", f"tests of the types {sorted(kinds)}")
        name = fields.function_name(fields.mapping(row, "metadata").get("func_name")) if kinds == {"functional"} else ""
        if kinds == {"functional"} and not name:
            raise fields.malformed("metadata", "no func_name for functional tests")
    if not name:
        return shared | {"inputs": [given for given, _ in tests], "outputs": [wanted for _, wanted in tests]}
    inputs = [[fields.parsed(line, "input") for line in given.split("\n") if line.strip()] for given, _ in tests]
    outputs = [fields.parsed(wanted, "output") for _, wanted in tests]
    return shared | {"fn_name": name, "inputs": inputs, "outputs": outputs}


def _humaneval(row: SourceRow) -> Tests:
    columns = ("prompt", "test", "entry_point")
    return _asserted(lambda: humaneval_check(*(fields.required_text(row, name) for name in columns)))


def _mbpp(row: SourceRow) -> Tests:
    """MBPP: each assertion is a test; the challenge tests are not part of its score."""
    imports = row.get("test_imports") or []
    setup = [*map(str, imports if isinstance(imports, list) else [imports]), str(row.get("test_setup_code") or "")]
    assertions = row.get("test_list")
    if not isinstance(assertions, Sequence) or not all(isinstance(each, str) for each in assertions):
        raise fields.malformed("test_list", "no list of assertions")
    return _asserted(lambda: asserted("\n".join(setup), [str(each) for each in assertions]))


def _mbpp_plus(row: SourceRow) -> Tests:
    """MBPP+: one source with all its inputs, which compares numbers with numpy (see `Limits.libraries`)."""
    test = fields.required_text(row, "test")
    return _asserted(lambda: asserted("", [test]))


def _asserted(read: Callable[[], Tests]) -> Tests:
    try:
        return read()
    except (SyntaxError, ValueError, RecursionError) as error:
        raise MalformedRowError(f"the assertions cannot be used: {error}") from error


def _code_contests(row: SourceRow) -> Tests:
    """CodeContests: public, private and generated tests in separate columns, or all of them in one."""
    if isinstance(row.get("tests"), Mapping):
        tests = fields.pairs(fields.mapping(row, "tests"), "inputs", "outputs")
    else:
        columns = [name for name in ("public_tests", "private_tests", "generated_tests") if row.get(name)]
        tests = [test for name in columns for test in fields.pairs(fields.mapping(row, name), "input", "output")]
    forgiven = _forgiven(str(row.get("description") or row.get("problem") or ""))
    return {"inputs": [given for given, _ in tests], "outputs": [wanted for _, wanted in tests]} | forgiven


def _forgiven(statement: str) -> Tests:
    error = tolerance(statement)
    forgiven: Tests = {} if error is None else {"floats": error}
    return forgiven | ({"any_case": True} if any_case(statement) else {})


def _listed_solutions(row: SourceRow) -> list[str]:
    value = row.get("solutions")
    try:
        programs = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return []
    return [program for program in programs if isinstance(program, str)] if isinstance(programs, Sequence) else []


def _python3_solutions(row: SourceRow) -> list[str]:
    solutions = row.get("solutions")
    if not isinstance(solutions, Mapping):
        return []
    languages, programs = solutions.get("language") or [], solutions.get("solution") or []
    return [str(program) for language, program in zip(languages, programs, strict=False) if language == PYTHON3]


TESTS: Mapping[str, Callable[[SourceRow], Tests]] = {
    "apps": _apps,
    "taco": _apps,
    "livecodebench": _livecodebench,
    "humaneval": _humaneval,
    "mbpp": _mbpp,
    "mbpp_plus": _mbpp_plus,
    "code_contests": _code_contests,
}
SOLUTIONS: Mapping[str, Callable[[SourceRow], list[str]]] = {
    "apps": _listed_solutions,
    "taco": _listed_solutions,
    # In LiveCodeBench's first version, this column contains a placeholder.
    "livecodebench": lambda row: [],
    "humaneval": lambda row: [f"{row.get('prompt') or ''}{row.get('canonical_solution') or ''}"],
    "mbpp": lambda row: [str(row.get("code") or "")],
    "mbpp_plus": lambda row: [str(row.get("code") or "")],
    "code_contests": _python3_solutions,
}


def _check_layout(layout: str) -> None:
    if layout not in TESTS:
        raise RecipeError(f"no layout of tests is called {layout!r}; a source's layout is one of {sorted(TESTS)}")


def _has_number_keys(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(name.lstrip("-").isdecimal() for name in value)
