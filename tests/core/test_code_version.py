"""Code versions: blind to comments, docstrings and layout, and to nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.code_version import code_version, meaning
from skyassets.core.errors import IdentityError

CODE = '''
"""What it is."""
LIMIT = 3
"""How many."""

def double(x: int) -> int:
    """Twice x."""
    # plainly
    return x * 2
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# plainly", "# otherwise"),
        ('"""Twice x."""', '"""Two times x."""'),
        ('"""How many."""', '"""The number."""'),
        ("\nLIMIT = 3", "\n\n\nLIMIT = (3)"),
    ],
)
def test_what_changes_no_behaviour_changes_no_version(old: str, new: str) -> None:
    assert meaning(CODE) == meaning(CODE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("x * 2", "x + x"), ("LIMIT = 3", "LIMIT = 4"), ("def double", "def twice")])
def test_what_changes_behaviour_changes_the_version(old: str, new: str) -> None:
    assert meaning(CODE) != meaning(CODE.replace(old, new))


def test_a_function_of_a_docstring_alone_still_parses() -> None:
    assert "pass" in meaning('def f():\n    """Nothing."""\n')


def test_a_stage_carries_the_stages_it_imports() -> None:
    assert code_version("skyassets.stages.curate") != code_version("skyassets.stages.contamination")


def test_no_code_is_run_to_tell_its_version() -> None:
    program = (
        "import sys; from skyassets.core.code_version import code_version; "
        "code_version('skyassets.stages.near_duplicates'); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(IdentityError, match="no Python source"):
        code_version("skyassets.stages.nowhere")


def test_how_a_version_is_made_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another digest of the same code would train every student again.
    (tmp_path / "doubling.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert code_version("doubling") == "cc129808ea409b089632baa78b5714ed"
