import pytest

from skyassets.stages.problems.assertions import CASE, asserted, humaneval_check


@pytest.mark.parametrize(
    ("setup", "assertion", "names"),
    [
        ("", "assert f(1) == 2", ["f"]),
        ("", "assert sorted(f(1)) == g(2)", ["f", "g"]),
        ("", "assert sum(1, 2) == 3", ["sum"]),
        ("", "assert f([n for n in range(9)]) == set(list('ab'))", ["f"]),
        ("size = 3", "assert f(size) == 3", ["f"]),
        ("def near(a, b): return abs(a - b) < 1", "assert near(f(1), 2)", ["f"]),
        ("", "assert f(1) == sys.maxsize", ["f"]),
        ("from math import pi", "assert f(pi) == {1: 'x'}", ["f"]),
    ],
)
def test_the_functions_of_the_program_are_found(setup: str, assertion: str, names: list[str]) -> None:
    tests = asserted(setup, [assertion])
    assert tests["names"] == names
    (check,) = tests["check"]  # type: ignore[misc]
    compile(check, "check", "exec")
    assert assertion in check


def test_a_missing_import_is_added() -> None:
    (check,) = asserted("", ["assert f(1) == sys.maxsize"])["check"]  # type: ignore[misc]
    assert check.startswith("import sys\n")


@pytest.mark.parametrize(
    ("setup", "assertion", "left"),
    [
        ("", "assert longest([Pair(1, 2)], 1) == 3", "longest([Pair(1, 2)], 1)"),
        ("root = Node(1)\nroot.left = Node(2)", "assert (height(root)) == 3", "height(root)"),
        ("", "assert only((1, 'a'), int) == 3", "only((1, 'a'), int)"),
    ],
)
def test_arguments_that_are_not_plain_data_are_built_by_the_program(setup: str, assertion: str, left: str) -> None:
    tests = asserted(setup, [assertion])
    assert tests == {"fn_name": CASE, "inputs": [[0]], "outputs": [3], "epilogue": tests["epilogue"]}
    behind = str(tests["epilogue"])
    assert f"lambda: {left}," in behind
    assert "== 3" not in behind


def test_cases_after_a_program_give_the_expected_values() -> None:
    tests = asserted("b = Box(2)", ["assert f(b) == 4", "assert f(Box(3)) == 9"])
    module: dict[str, object] = {}
    exec(
        "class Box:\n  def __init__(self, x): self.x = x\ndef f(b): return b.x ** 2\n" + str(tests["epilogue"]), module
    )
    assert [module[CASE](*given) for given in tests["inputs"]] == tests["outputs"] == [4, 9]  # type: ignore


@pytest.mark.parametrize(
    "assertion", ["assert f(Pair(1, 2)) == g(Pair(1, 2))", "assert f(x)", "assert f(Pair(1, g(2))) == (1, 2)"]
)
def test_an_assertion_without_a_plain_comparison_is_refused(assertion: str) -> None:
    with pytest.raises(ValueError, match="no comparison with a plain value"):
        asserted("", [assertion])


def test_assertions_without_a_function_are_refused() -> None:
    with pytest.raises(ValueError, match="no function of the program"):
        asserted("", ["assert 1 == 1"])


def test_a_prompt_has_to_define_its_function() -> None:
    with pytest.raises(ValueError, match="does not define f"):
        humaneval_check("def g():\n", "def check(candidate): pass", "f")
