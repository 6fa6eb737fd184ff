"""The published recipe's sources, read from folders that are laid out like their data sets."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from recipes.hub_folders import ADD, DOUBLE, FOLDERS, local

from skyassets.core.ports import Limits
from skyassets.core.sources import HubDataset
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sources.reader import ProblemReader
from skyassets.recipes.registry import find_recipe
from skyassets.stages.grading.config import Graders
from skyassets.stages.problems.reference_check import WITHOUT_REFERENCE, validated
from skyassets.stages.problems.table import raw_problems

RECIPES = [find_recipe(name) for name in ("sky_t1_preview", "sky_t1_train_splits")]
SOURCES = {source.name: source for recipe in RECIPES for source in recipe.sources}


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    with MathVerify() as equals:
        yield Graders(Bubblewrap(), equals, Limits(seconds=5.0))


EXPECTED = {
    "numina-math": {"What is 1 + 1?": ("2", None)},
    "numina-amc_aime": {"Which?": (r"\textbf{(C)}\ 7", None)},
    "numina-olympiads": {"Prove it.": (None, "no ground truth"), "How many?": (r"\frac{1}{2}", None)},
    "apps": {
        "Add.": (None, None),
        "Double.": (None, None),
        "No tests.": (
            None,
            "the tests are laid out otherwise: input_output: no JSON that can be read (JSONDecodeError)",
        ),
        "No solutions.": (None, None),
    },
    "apps-train": {"Add.": (None, None)},
    "taco-train": {"Add, MEDIUM.": (None, None)},
    "taco-test": {"Add, EASY.": (None, None), "Add, MEDIUM.": (None, None)},
    **{f"still-2-{one}": {f"A {one}?": (None, None)} for one in ("physics", "chemistry", "biology", "puzzle")},
}


def test_every_source_has_a_folder_like_its_own() -> None:
    assert set(EXPECTED) == set(SOURCES)
    assert {source.origin.repo for source in SOURCES.values() if isinstance(source.origin, HubDataset)} <= set(FOLDERS)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_source_reads_the_layout_of_its_data_set(name: str, tmp_path: Path, graders: Graders) -> None:
    problems = validated(PROBLEMS, raw_problems([local(SOURCES[name], tmp_path)], ProblemReader()), graders).frame
    rows = problems.select("question", "ground_truth", "set_aside").iter_rows()
    assert {question: (truth, aside) for question, truth, aside in rows} == EXPECTED[name]


def test_a_problem_of_apps_comes_with_its_tests_and_reference_solutions(tmp_path: Path, graders: Graders) -> None:
    result = validated(PROBLEMS, raw_problems([local(SOURCES["apps"], tmp_path)], ProblemReader()), graders)
    rows = {row["question"]: row for row in result.frame.iter_rows(named=True)}
    assert rows["Add."]["references"] == ["print('no')", ADD]
    assert json.loads(rows["Add."]["tests"])["outputs"] == ["5\n", "9\n"]
    assert rows["Double."]["references"] == [DOUBLE]
    assert json.loads(rows["Double."]["tests"])["fn_name"] == "double"
    assert (rows["Add."]["family"], rows["Add."]["level"]) == ("interview", "interview")
    assert result.metadata[WITHOUT_REFERENCE] == 1


def test_a_trace_of_still_2_is_imported(tmp_path: Path) -> None:
    problems = raw_problems([local(SOURCES["still-2-physics"], tmp_path)], ProblemReader()).frame
    assert "<|begin_of_solution|>" in problems["imported_trace"][0]
