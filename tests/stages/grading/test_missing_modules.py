import pytest

from skyassets.stages.grading.missing_modules import missing_library, missing_module

NUMPY = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'numpy'"


@pytest.mark.parametrize(
    "source",
    ["import numpy", "def f():\n    from numpy.linalg import inv", "import os, numpy.fft"],
)
def test_a_library_that_is_imported_and_missing_is_named(source: str) -> None:
    assert missing_library(source, NUMPY) == "numpy"


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("import math", NUMPY),
        ("'import numpy'", NUMPY),
        ("import numpy", "ValueError"),
        ("import nowhere", NUMPY.replace("numpy", "nowhere")),
        ("from . import numpy", NUMPY),
        ("import numpy(", NUMPY),
    ],
)
def test_what_a_program_only_says_is_no_missing_library(source: str, detail: str) -> None:
    assert missing_library(source, detail) is None


def test_a_submodule_is_missing_by_its_librarys_name() -> None:
    assert missing_library("import scipy.stats", NUMPY.replace("numpy", "scipy.stats")) == "scipy"
    assert missing_module(NUMPY.replace("numpy", "nowhere.x")) == "nowhere"
    assert missing_module("AssertionError") is None
