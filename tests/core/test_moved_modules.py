"""Old names of modules lead to the new ones, with a warning."""

import importlib
import subprocess
import sys

import pytest

from skyassets.core.moved_modules import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_is_the_new_module_and_warns(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(FutureWarning, match=r"skyassets\.recipe"):
        module = importlib.import_module(old)
    new = importlib.import_module(MOVED[old])
    assert module is new
    assert new.__spec__ is not None
    assert new.__spec__.name == MOVED[old]


def test_a_recipe_that_imports_old_names_sees_where_it_does() -> None:
    program = "from skyassets.stages.benchmark import Benchmark\nprint(Benchmark.__name__)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout == "Benchmark\n"
    assert "skyassets.stages.benchmark is now" in run.stderr


def test_an_unknown_name_is_still_not_a_module() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("skyassets.stages.nowhere")
