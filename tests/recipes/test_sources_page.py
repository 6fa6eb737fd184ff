"""docs/sources.md matches the code: its example runs, and it names every family and layout."""

import re
from pathlib import Path

import pytest

from skyassets.engines.sources.reader import ProblemReader
from skyassets.recipes.recipe import check
from skyassets.stages.problems.generated.registry import FAMILIES
from skyassets.stages.problems.layouts import TESTS
from skyassets.stages.problems.table import raw_problems

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()


def test_the_example_is_a_recipe_that_reads_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, program = re.findall(r"```(?:python)?\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "problems.jsonl").write_text(rows)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec(program, scope)
    recipe = check(scope["my_problems"]())  # type: ignore[operator]
    problems = raw_problems(recipe.sources, ProblemReader()).frame
    assert sorted(problems["ground_truth"]) == ["84", "Lima"]
    assert set(problems["family"]) == {"easy"}
    assert problems["set_aside"].null_count() == 2


@pytest.mark.parametrize("name", [*FAMILIES, *TESTS])
def test_every_family_and_layout_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE
