"""The module that Dagster loads, and the only one that reads the environment: which recipe, and where it runs."""

import os

from skyassets.assets.graph import build_definitions
from skyassets.project.settings import deployment_of
from skyassets.recipes.registry import DEFAULT, find_recipe

recipe = find_recipe(os.environ.get("SKYASSETS_RECIPE", DEFAULT))
deployment = deployment_of(recipe, os.environ)
defs = build_definitions(recipe, deployment)
