"""What a recipe is expected to take: figures for a plan, and nothing else."""

from dataclasses import replace
from pathlib import Path

import dagster as dg

from skyassets.assets.graph import build_definitions
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.sky_t1_preview import EXPECTED, sky_t1_preview


def versions(recipe: Recipe, data: Path) -> dict[str, str | None]:
    graph = build_definitions(recipe, Deployment(data))
    assets = [each for each in graph.assets or () if isinstance(each, dg.AssetsDefinition)]
    return {spec.key.to_user_string(): spec.code_version for each in assets for spec in each.specs}


def test_expected_figures_are_part_of_no_fingerprint(tmp_path: Path) -> None:
    recipe = sky_t1_preview()
    before = versions(recipe, tmp_path)
    assert before["checkpoint"]
    assert versions(replace(recipe, expected=replace(EXPECTED, rows=1, published=None)), tmp_path) == before
    assert versions(replace(recipe, expected=None), tmp_path) == before


def test_every_role_has_expected_calls_once() -> None:
    assert sorted(calls.role for calls in EXPECTED.calls) == ["base", "rater", "rewriter", "student", "teacher"]
    assert "assumed" in EXPECTED.source
