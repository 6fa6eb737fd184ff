import pytest
from engines.sandbox_cheats import CHEATS
from engines.sandboxed import BRIEF, examined

from skyassets.core.ports import RunKind

DOUBLE = "def f(x):\n    return x * 2"


def passes(source: str, check: str, *names: str) -> bool:
    run = examined(source, check, *names)
    assert run.kind is RunKind.FINISHED, run
    return run.output == "passed"


# Features that right programs may use.


def test_a_right_program_passes_and_a_wrong_one_fails_with_the_assertion() -> None:
    assert passes(DOUBLE, "assert f(2) == 4\nassert f('a') == 'aa'")
    run = examined(DOUBLE, "assert f(2) == 4\nassert f(2) == 5\nassert f(0) == 0")
    assert (run.kind, run.output) == (RunKind.FINISHED, "failed")
    assert "line 2 of the tests: assert f(2) == 5" in run.detail


def test_tests_in_the_shape_of_human_eval_are_called_at_their_end() -> None:
    check = "METADATA = {}\n\ndef check(candidate):\n    assert candidate([1, 2]) == [1, 2, 1, 2]\n\ncheck(f)\n"
    assert passes(DOUBLE, check)


@pytest.mark.parametrize(
    "value",
    [
        "None", "True", "-0.0", "10**4000", "1.5", "2+3j", "'\\ud800\\x00ä'", "b'\\xff'", "[[], ()]", "(1, (2.0,))",
        "{1, 'a'}", "frozenset({1})", "{(1, 2): [3], None: {4}}", "__import__('decimal').Decimal('1.10')",
        "__import__('fractions').Fraction(1, 3)", "__import__('datetime').datetime(2024, 2, 29, 1, 2, 3)",
        "__import__('datetime').timedelta(1, 2, 3)", "range(1, 9, 2)", "bytearray(b'x')", "int",
    ],
)  # fmt: skip
def test_plain_data_crosses_as_it_is(value: str) -> None:
    check = f"value = {value}\ngot = f(value)\nassert (got, type(got), repr(got)) == (value, type(value), repr(value))"
    assert passes("def f(x):\n    return x", check)


def test_infinities_and_nan_cross() -> None:
    assert passes("def f():\n    return float('inf'), float('nan')", "a, b = f()\nassert a == float('inf') and b != b")


def test_the_plain_value_of_a_subclass_crosses() -> None:
    source = """
        from collections import Counter, namedtuple
        P = namedtuple('P', 'a b')
        def f(): return Counter('aab'), P(1, 2)
    """
    assert passes(source, "assert f() == ({'a': 2, 'b': 1}, (1, 2))")


def test_an_argument_that_was_changed_in_place_is_changed() -> None:
    source = "def f(a, b):\n    a.sort()\n    b['x'] = 1"
    assert passes(source, "a, b = [3, 1], {}\nassert f(a, b) is None\nassert (a, b) == ([1, 3], {'x': 1})")


def test_an_expected_exception_arrives_as_its_built_in_kind() -> None:
    source = "class Mine(ValueError): pass\ndef f(x):\n    if x: raise Mine('no', 3)\n    return [][0]"
    check = """
        try: f(1)
        except ValueError as error: assert error.args == ('no', 3)
        else: assert False
        try: f(0)
        except IndexError: pass
        else: assert False
    """
    assert passes(source, check)


def test_an_unexpected_exception_is_a_runtime_error() -> None:
    run = examined("def f(x):\n    return 1 / x", "assert f(0) == 0")
    assert run.kind is RunKind.RUNTIME_ERROR
    assert "ZeroDivisionError" in run.detail


def test_generators_closures_and_objects_stay_with_the_program_and_can_be_used() -> None:
    source = """
        def f():
            n = 0
            while True:
                yield n
                n += 1
        def adder(n): return lambda x: x + n
        class Node:
            def __init__(self, data): self.data, self.left = data, None
        def height(node): return 0 if node is None else 1 + height(node.left)
    """
    check = """
        numbers = f()
        assert next(numbers) == 0 and next(numbers) == 1
        assert [n for n, _ in zip(numbers, 'ab')] == [2, 3]
        assert adder(2)(3) == 5
        root = Node(1)
        root.left = Node(2)
        assert height(root) == 2 and root.left.data == 2
    """
    assert passes(source, check, "f", "adder", "Node", "height")


def test_several_functions_of_the_program_are_at_hand() -> None:
    assert passes(DOUBLE + "\ndef g(x):\n    return x / 2", "assert g(f(3)) == 3", "f", "g")


# Outcomes that are not a pass.


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(:", RunKind.DOES_NOT_COMPILE),
        ("def g(x):\n    return x", RunKind.RUNTIME_ERROR),
        ("1 / 0", RunKind.RUNTIME_ERROR),
        ("import sys\ndef f(x): return 4\nsys.exit()", RunKind.RUNTIME_ERROR),
        ("import os\ndef f(x): return 4\nos._exit(0)", RunKind.RUNTIME_ERROR),
        ("import os\ndef f(x): os._exit(0)", RunKind.RUNTIME_ERROR),
        ("def f(x):\n    while True: pass", RunKind.TIME_LIMIT),
        ("while True: pass", RunKind.TIME_LIMIT),
        ("def f(x): return bytearray(b'x' * 10**9)", RunKind.RUNTIME_ERROR),
        ("def f(x):\n    while True: print('x' * 999)", RunKind.OUTPUT_LIMIT),
        ("import sys\ndef f(x): return f(x + 1)", RunKind.RUNTIME_ERROR),
    ],
)
def test_a_program_that_gives_no_answer_does_not_pass(source: str, kind: RunKind) -> None:
    run = examined(source, "assert f(2) == 4", limits=BRIEF)
    assert run.kind in {kind, RunKind.MEMORY_LIMIT if "10**9" in source else kind}
    assert run.output == ""


def test_tests_that_catch_everything_do_not_pass_a_program_that_died() -> None:
    check = "try:\n    f(2)\nexcept BaseException:\n    pass"
    assert examined("import os\ndef f(x): os._exit(0)", check).kind is RunKind.RUNTIME_ERROR


@pytest.mark.parametrize("check", ["def f(:", "assert f(lambda: 1) == 4"])
def test_tests_that_cannot_run_are_a_sandbox_error(check: str) -> None:
    assert examined(DOUBLE, check).kind is RunKind.SANDBOX_ERROR


# Cheats that do not pass.


@pytest.mark.parametrize("cheat", CHEATS, ids=CHEATS.keys())
def test_a_cheating_program_does_not_pass(cheat: str) -> None:
    check = "'secret-of-the-tests'\nassert f(2) == 4\nassert f(3) == 6\nassert f('x') == 'xx'"
    run = examined(CHEATS[cheat], check)
    assert run.output != "passed", run
    assert passes(DOUBLE, check)


def test_a_hidden_message_is_gone_for_the_next_program() -> None:
    for _ in range(3):
        assert examined(DOUBLE, "'secret-of-the-tests'\nassert f(2) == 4").output == "passed"
    assert examined(CHEATS["reading the tests in memory"], "assert f(2) == 4").output == "failed"


def test_the_two_processes_do_not_see_each_other() -> None:
    source = "import os\ndef f():\n    return sorted(int(n) for n in os.listdir('/proc') if n.isdigit())"
    assert passes(source, "assert f() == [1, 2]")
