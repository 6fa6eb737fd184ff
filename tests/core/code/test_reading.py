"""The text read from a source file is the same for every layout, and for every Python on this machine."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.code.reading import read

ROOT = Path(__file__).parents[3]
CODE = '''
"""What it is."""
LIMIT = 3
"""How many."""

def double(x: int) -> int:
    """Twice x."""
    # plainly
    return x * 2
'''


def spelling_of(source: str) -> str:
    return read(source, "skyassets.stages.here").text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# plainly", "# otherwise"),
        ('"""Twice x."""', '"""Two times x."""'),
        ('"""How many."""', '"""The number."""'),
        ("\nLIMIT = 3", "\n\n\nLIMIT = (3)"),
    ],
)
def test_a_change_without_effect_on_behaviour_leaves_the_text_unchanged(old: str, new: str) -> None:
    assert spelling_of(CODE) == spelling_of(CODE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("x * 2", "x + x"), ("LIMIT = 3", "LIMIT = 4"), ("def double", "def twice")])
def test_what_changes_behaviour_changes_the_text(old: str, new: str) -> None:
    assert spelling_of(CODE) != spelling_of(CODE.replace(old, new))


@pytest.mark.parametrize(
    "form",
    [
        "from skyassets.stages.leaf import f\nf()",
        "from skyassets.stages.leaf import f as g\ng()",
        "from skyassets.stages import leaf\nleaf.f()",
        "from skyassets.stages import leaf as other\nother.f()",
        "import skyassets.stages.leaf\nskyassets.stages.leaf.f()",
        "import skyassets.stages.leaf as other\nother.f()",
        "from skyassets import stages\nstages.leaf.f()",
        "from .leaf import f\nf()",
        "from . import leaf\nleaf.f()",
        "from ..stages.leaf import f\nf()",
    ],
)
def test_every_form_of_import_has_the_same_text(form: str) -> None:
    whole = read(form, "skyassets.stages.here")
    assert whole.text == spelling_of("from skyassets.stages.leaf import f\nf()")
    assert "skyassets.stages.leaf.f" in whole.paths


def test_a_star_names_the_module_and_a_string_may_name_one_too() -> None:
    assert "skyassets.stages.leaf" in read("from skyassets.stages.leaf import *", "m").paths
    assert "skyassets.stages.leaf" in read("MODULE = 'skyassets.stages.leaf'", "m").paths


def test_imports_and_docstrings_are_found_in_every_block() -> None:
    code = (
        "if A:\n    from skyassets.stages.cases import case\n"
        "try:\n    pass\nexcept E:\n    import skyassets.stages.words\n"
        "match x:\n    case 1:\n        def f():\n            '''Says.'''\n            import skyassets.stages.units\n"
    )
    assert read(code, "m").imports == (
        "skyassets.stages.cases.case",
        "skyassets.stages.units",
        "skyassets.stages.words",
    )
    assert "Says" not in spelling_of(code)


def test_imports_of_other_packages_are_part_of_the_text() -> None:
    assert spelling_of("import math") != spelling_of("import cmath")
    assert spelling_of("from math import pi") != spelling_of("from math import tau")


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13"])
def test_every_python_reads_the_whole_package_the_same_way(name: str) -> None:
    program = (
        f"import sys, pathlib, hashlib; sys.path.insert(0, {str(ROOT)!r}); sys.dont_write_bytecode = True\n"
        "from skyassets.core.code.reading import read\n"
        f"files = sorted(pathlib.Path({str(ROOT / 'skyassets')!r}).rglob('*.py'))\n"
        "print(hashlib.sha256(''.join(read(f.read_text(), 'm').text for f in files).encode()).hexdigest())"
    )
    python = shutil.which(name)
    env = {**os.environ, "PYENV_VERSION": name.removeprefix("python")}  # where pyenv keeps several
    if python is None or subprocess.run([python, "-c", ""], check=False, capture_output=True, env=env).returncode:
        pytest.skip(f"{name} is not on this machine")
    here, there = (
        subprocess.run([each, "-c", program], check=True, capture_output=True, text=True, env=env).stdout
        for each in (sys.executable, python)
    )
    assert here == there


def test_the_parts_of_an_f_string_are_spelled_as_one() -> None:
    # Python 3.12 and later cut the text around braces otherwise than 3.11.
    text = spelling_of('x = f"a{{b}}{c:>{d}}{e!r}" "f"')
    assert text.count("'a{b}'") == 1
    assert isinstance(ast.parse("f'{a}'").body[0], ast.Expr)
