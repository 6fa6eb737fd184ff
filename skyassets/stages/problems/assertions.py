"""Splits Python assertions, the tests of HumanEval and MBPP, into those that run beside the program and those that have
to run inside it. The code is parsed, never run.
"""

import ast
import builtins
import json
import sys

Tests = dict[str, object]

CASE = "_test_case"
"""The function appended to the program to build test cases that only it can build, such as from its own classes."""


def humaneval_check(prompt: str, test: str, entry_point: str) -> Tests:
    """The single test of a HumanEval row. Its imports and helpers are the part of the prompt before the function.

    Raises:
        SyntaxError: when the prompt or the test is not valid Python.
        ValueError: when the prompt does not define the function.
    """
    ast.parse(test)
    defined = [node for node in ast.parse(f"{prompt}\n    pass\n").body if _defines(node, entry_point)]
    if not defined:
        raise ValueError(f"the prompt does not define {entry_point}")
    prelude = "\n".join(prompt.split("\n")[: defined[0].lineno - 1]).strip()
    return {"prelude": prelude, "check": f"{test}\n\ncheck({entry_point})\n", "names": [entry_point]}


def asserted(setup: str, assertions: list[str]) -> Tests:
    """Turn each assertion into a test. If more than plain data is exchanged, the program builds the cases itself.

    Raises:
        SyntaxError: when they are not valid Python.
        ValueError: when they call no function, or cannot be split although they have to be.
    """
    free = _free("\n".join([setup, *assertions]))
    called = {name for each in assertions for name in _called(each)}
    modules = free & set(sys.stdlib_module_names) - called
    imports = "".join(f"import {name}\n" for name in sorted(modules))
    # A function of the program may share its name with a built-in; assume so if nothing else can be the function.
    names = (free & called) - modules or (set() if free - modules else called)
    handed = {name for each in assertions for name in _handed_on(each, names)}
    if free - modules - names or handed or _free(setup) - modules:
        return _within(imports + setup, assertions)
    if not names:
        raise ValueError("they call no function of the program")
    return {"check": [f"{imports}{setup}\n{each}\n" for each in assertions], "names": sorted(names)}


def _within(setup: str, assertions: list[str]) -> Tests:
    """Evaluate the left side of each assertion inside the program and compare its value with the right side."""
    sides = [_sides(each) for each in assertions]
    cases = "".join(f"        lambda: {left},\n" for left, _ in sides)
    behind = f"{setup}\ndef {CASE}(number):\n    return [\n{cases}    ][number]()\n"
    ast.parse(behind)
    return {
        "epilogue": behind,
        "fn_name": CASE,
        "inputs": [[number] for number in range(len(sides))],
        "outputs": [wanted for _, wanted in sides],
    }


def _sides(assertion: str) -> tuple[str, object]:
    match ast.parse(assertion.strip()).body:
        case [ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]))] if _is_json(right):
            return ast.unparse(left), ast.literal_eval(right)
    raise ValueError("they give the program more than plain data, and are no comparison with a plain value")


def _is_json(expression: ast.expr) -> bool:
    try:
        value = ast.literal_eval(expression)
        return bool(json.loads(json.dumps(value)) == value)
    except (ValueError, TypeError):
        return False


def _free(source: str) -> set[str]:
    """The names that `source` uses, other than those that it binds and built-in names."""
    tree = ast.parse(source.replace("\r\n", "\n"))
    used, bound = set[str](), set(dir(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound.update((each.asname or each.name).partition(".")[0] for each in names)
    return used - bound


def _called(assertion: str) -> set[str]:
    """The functions that `assertion` calls by plain name."""
    calls = (node.func for node in ast.walk(ast.parse(assertion.strip())) if isinstance(node, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}


def _handed_on(assertion: str, names: set[str]) -> set[str]:
    """Arguments of the functions in `names` that may not be plain data: built-in types, and each other's results."""
    calls = [node for node in ast.walk(ast.parse(assertion.strip())) if isinstance(node, ast.Call)]
    outer = (each for each in calls if isinstance(each.func, ast.Name) and each.func.id in names)
    given = (argument for each in outer for argument in (*each.args, *each.keywords))
    inside = [node for each in given for node in ast.walk(each) if isinstance(node, ast.Name)]
    types = {node.id for node in inside if isinstance(getattr(builtins, node.id, None), type)}
    makers = {each.func.id for each in calls if isinstance(each.func, ast.Name)}
    return {node.id for node in inside} & (names | types - makers)


def _defines(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
