"""Finds a recipe by its name, or a user's recipe by `module:function`."""

import importlib

from skyassets.core.errors import RecipeError
from skyassets.recipes.recipe import Recipe, check

RECIPES = ("embedded", "smoke", "sky_t1_preview", "sky_t1_train_splits")
DEFAULT = "embedded"


def find_recipe(name: str) -> Recipe:
    """The checked recipe called `name`, or made by the function at `module:function`.

    Raises:
        RecipeError: when it does not exist, cannot be imported, or is invalid.
    """
    module, colon, function = name.partition(":")
    if not colon:
        if name not in RECIPES:
            raise RecipeError(
                f"there is no recipe {name!r}; set SKYASSETS_RECIPE to one of {', '.join(RECIPES)}, or to "
                "module:function for your own"
            )
        module, function = f"skyassets.recipes.{name}", name
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise RecipeError(f"the recipe {name!r} cannot be imported: {error}; is it on the Python path?") from error
    try:
        recipe = make()
    except (TypeError, ValueError, LookupError, AttributeError, NameError) as error:
        raise RecipeError(
            f"{name} cannot create a recipe: {type(error).__name__}: {error}; it must be a function without arguments "
            "that returns a Recipe"
        ) from error
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"{name} returned {type(recipe).__name__}; it must return a skyassets.recipes.recipe.Recipe")
    return check(recipe)
