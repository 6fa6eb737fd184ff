"""Recipes as users write them: functions in a module of their own, found by module:function."""

import os
from dataclasses import replace

from skyassets.core.sources import LocalFile, Source
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke


def mine() -> Recipe:
    """The smoke recipe on the file that MINE names."""
    source = Source("mine", LocalFile(os.environ["MINE"]), "Apache-2.0", question="question", ground_truth="answer")
    return replace(smoke(), name="mine", sources=(source,))


def no_batch() -> Recipe:
    """A recipe that cannot be run."""
    return replace(smoke(), training=replace(smoke().training, global_batch=0))


def not_a_recipe() -> str:
    """No recipe at all."""
    return "smoke"
