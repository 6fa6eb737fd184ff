import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.extraction.trace_format import Structured, join
from skyassets.stages.grading.extract_code import lenient_code, strict_code


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    strict_code(text)
    lenient_code(text)


ONE = "Here:\n```python\nprint(1)\n```\nDone."
TWO = "```python\ndef f():\n    return 1\n```\nUse it so:\n```\nprint(f())\n```\n"


def test_strict_code_is_exactly_one_block() -> None:
    assert strict_code(ONE) == "print(1)\n"
    assert strict_code(TWO) is None
    assert strict_code("print(1)") is None
    assert strict_code("```python\nprint(1)") is None
    assert strict_code("```python\n\n```") is None


def test_strict_code_is_in_the_solution() -> None:
    assert strict_code(join(Structured("First ```x``` then\n```\n1\n```", ONE))) == "print(1)\n"
    assert strict_code(join(Structured(ONE, "It is above."))) is None
    assert strict_code(f"<think>{ONE}") is None


def test_indented_blocks_are_moved_to_the_left() -> None:
    assert strict_code("1. So:\n   ```python\n   if 1:\n       print(1)\n   ```") == "if 1:\n    print(1)\n"


def test_a_block_at_the_margin_is_left_as_it_is() -> None:
    code = "text = '''\n  \n'''\n"
    assert strict_code(f"```python\n{code}```") == code


def test_several_blocks_are_no_strict_code_unless_they_are_in_the_thought() -> None:
    assert strict_code(join(Structured(TWO, ONE))) == "print(1)\n"
    assert strict_code(f"<think>{TWO}</think>{ONE}") == "print(1)\n"
    assert strict_code(join(Structured(ONE, TWO))) is None


def test_lenient_code_is_the_last_block_that_defines_something() -> None:
    assert lenient_code(TWO) == "def f():\n    return 1\n"
    assert lenient_code("```\n1\n```\n```\n2\n```") == "2\n"
    assert lenient_code("```python\nprint(1)") == "print(1)"


def fenced(*sources: str, language: str = "python") -> str:
    return "\nThen:\n".join(f"```{language}\n{source}\n```" for source in sources)


DRAFT = "def s():\n    print(input())\ns()"


@pytest.mark.parametrize("language", ["python", ""])
@pytest.mark.parametrize(
    "final", ["print(6)", "n = int(input())\nprint(n)", "import sys\nprint(sys.stdin.read())", "s = input()\nprint(s)"]
)
def test_a_draft_that_defines_something_does_not_hide_the_final_script(final: str, language: str) -> None:
    assert lenient_code(fenced(DRAFT) + "\nThat is wrong. Final:\n" + fenced(final, language=language)) == final + "\n"


def test_a_final_program_that_is_broken_withdraws_its_draft() -> None:
    assert lenient_code(fenced(DRAFT, "def s(:\n    pass")) == "def s(:\n    pass\n"


@pytest.mark.parametrize("language", ["python", ""])
@pytest.mark.parametrize(
    "use",
    [
        "s()",
        "print(s())",
        "assert s() == 1",
        "x = 3\nresult = s(x)\nprint(result)",
        "import math\nprint(math.pi, s())",
        "from solution import s\nprint(s())",
        ">>> s()\n12",
        "12",
        "[1, 2]",
        "True",
        "n = 5",
        "1 2 3",
    ],
)
def test_an_example_or_an_output_does_not_hide_the_definition(use: str, language: str) -> None:
    assert lenient_code(fenced(DRAFT) + "\nUse:\n" + fenced(use, language=language)) == DRAFT + "\n"


def test_a_script_that_imports_a_name_of_the_draft_is_not_its_example() -> None:
    draft, final = "def gcd(a, b):\n    return 1", "from math import gcd\nprint(gcd(4, 6))"
    assert lenient_code(fenced(draft, final)) == final + "\n"


def test_lenient_code_is_python_where_a_block_is_marked_so() -> None:
    assert lenient_code("```python\nprint(1)\n```\nIt prints\n```\n1\n```") == "print(1)\n"
    assert lenient_code("```Python 3\nprint(1)\n```\n```\n1\n```") == "print(1)\n"
    assert lenient_code("```cpp\nclass A {};\n```\n```py\nprint(1)\n```\n```\n1\n```") == "print(1)\n"
    assert lenient_code("```\ndef f(): ...\n```\n```\n1\n```") == "def f(): ...\n"


def test_lenient_code_is_the_whole_text_only_when_it_is_python() -> None:
    assert lenient_code("print(1)\n") == "print(1)\n"
    assert lenient_code("Sorry, I cannot do that.") is None
    assert lenient_code("") is None


@pytest.mark.parametrize(
    "text", ["```\n" * 30_000, "`" * 100_000, "(" * 100_000, "'" * 100_000, "```python\n" + "x\n" * 50_000]
)
def test_no_text_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    strict_code(text)
    lenient_code(text)
    assert time.process_time() - before < 2
