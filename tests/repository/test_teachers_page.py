"""The recipes on the page about hosted teachers can be loaded as they stand there."""

import re

from shell import ROOT

from skyassets.recipes.recipe import Recipe, check


def test_the_recipes_of_the_page_are_valid() -> None:
    page = (ROOT / "docs" / "teachers.md").read_text()
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)
    made = [names[name]() for name in ("luna_teaches", "sky_t1_luna")]  # type: ignore[operator]
    for recipe in made:
        assert isinstance(recipe, Recipe)
        assert check(recipe) == recipe
