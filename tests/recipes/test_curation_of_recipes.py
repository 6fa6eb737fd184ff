"""The recipes' curation: the published mixture, and which recipes trust unjudged traces."""

import pytest

from skyassets.recipes.registry import RECIPES, find_recipe
from skyassets.stages.curation.rules import RewriteCorrect, TraceCorrect
from skyassets.stages.curation.selection import WithinCaps


def test_the_mixture_is_the_published_one() -> None:
    (caps,) = [rule for rule in find_recipe("sky_t1_preview").curation.rules if isinstance(rule, WithinCaps)]
    assert {str(cap.of): cap.rows for cap in caps.caps} == {
        "domain code": 5_000, "domain maths": 10_000, "domain science and puzzle": 1_000,
    }  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_only_the_published_recipe_and_its_variants_train_on_unjudged_traces(name: str) -> None:
    rules = [rule for rule in find_recipe(name).curation.rules if isinstance(rule, TraceCorrect | RewriteCorrect)]
    assert len(rules) == 2
    assert all(rule.trust_imported is name.startswith("sky_t1") for rule in rules)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_refuses_duplicates_and_contamination(name: str) -> None:
    recipe = find_recipe(name)
    assert {"question repeated", "rewrite repeated", "question in a benchmark"} <= set(recipe.curation.drop_reasons)
    assert not {"no_duplicates", "verified_rate", "minimum_rows"} & set(recipe.gates.reported)
