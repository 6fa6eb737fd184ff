"""Recipes for the tests of `skyassets tokens`."""

from dataclasses import replace

from skyassets.recipes.embedded import SMOLLM2
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke


def smollm2() -> Recipe:
    """The smoke recipe's tables under a real tokenizer."""
    return replace(smoke(), training=replace(smoke().training, base=SMOLLM2))
