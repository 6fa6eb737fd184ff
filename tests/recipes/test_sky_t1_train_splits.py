"""The variant on train splits: the published recipe, without a row of a test split."""

from skyassets.core.sources import HubDataset
from skyassets.recipes.registry import find_recipe

RECIPE, PUBLISHED = find_recipe("sky_t1_train_splits"), find_recipe("sky_t1_preview")


def test_no_source_is_a_test_split() -> None:
    for source in RECIPE.sources:
        assert isinstance(source.origin, HubDataset)
        assert source.origin.split in ("train", "")
        assert all("train" in name for name in source.origin.files)


def test_all_else_is_the_published_recipe() -> None:
    assert RECIPE.teacher == PUBLISHED.teacher
    assert RECIPE.training == PUBLISHED.training
    assert RECIPE.benchmarks == PUBLISHED.benchmarks
    assert {source for source in PUBLISHED.sources if source.domain != "code"} <= set(RECIPE.sources)
