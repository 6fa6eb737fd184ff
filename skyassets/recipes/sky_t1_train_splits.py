"""The published recipe without problems from test splits: what APPS and TACO hold out stays held out."""

from dataclasses import replace

from skyassets.recipes.recipe import Recipe
from skyassets.recipes.sky_t1_preview import apps, sky_t1_preview

HELD_OUT = ("apps", "taco-test")
"""The published recipe's sources that are test splits."""


def sky_t1_train_splits() -> Recipe:
    """Sky-T1-32B-Preview on train splits only: APPS' train split instead of its test split, and no TACO test split."""
    base = sky_t1_preview()
    sources = tuple(source for source in base.sources if source.name not in HELD_OUT)
    return replace(
        base,
        name="sky_t1_train_splits",
        description="Sky-T1-32B-Preview without the test splits that its code problems came from",
        sources=(*sources, replace(apps("train"), name="apps-train")),
    )
