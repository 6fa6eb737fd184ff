"""What is checked when a recipe is loaded: what would cost money and make nothing is refused by its name."""

from dataclasses import replace

import pytest

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits
from skyassets.recipes.recipe import RESERVED, Recipe, check
from skyassets.recipes.smoke import smoke

BLIND = replace(smoke().teacher.prompts, maths="Solve it.")


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (replace(smoke(), teacher=replace(smoke().teacher, prompts=BLIND)), "teacher.prompts.maths = 'Solve it.'"),
        (replace(smoke(), student_prompts=BLIND), "student_prompts.maths"),
        (replace(smoke(), limits=Limits(seconds=0)), "limits.seconds = 0"),
        *((replace(smoke(), name=name), f"name = '{name}'") for name in RESERVED),
    ],
)
def test_a_wrong_value_is_named_with_what_it_must_be(recipe: Recipe, told: str) -> None:
    with pytest.raises(RecipeError, match=told.replace(".", r"\.")):
        check(recipe)


def test_the_shipped_recipe_is_fine() -> None:
    assert check(smoke()) == smoke()
