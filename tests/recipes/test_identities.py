"""The digests of recipes in stored ids, pinned: another digest would repeat paid calls and trainings."""

import dataclasses
import typing
from collections import Counter

import pytest

from skyassets.core.identity import digest
from skyassets.core.ports import Conversation, Limits, Message, Model, Sampling
from skyassets.core.training.spec import Lora, Training
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.registry import find_recipe
from skyassets.stages.grading.model_judge import ModelJudge
from skyassets.stages.rewriting.rewrite import ModelRewriting

NOT_IN_IDS = {"Recipe", "Expected", "Calls", "PublishedRun"}
"""Classes that determine no row."""


def classes(kind: object, seen: set[type]) -> set[type]:
    """The dataclasses that a value of `kind` may hold."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        hints = typing.get_type_hints(kind)
        for each in dataclasses.fields(kind):
            classes(hints[each.name], seen)
    for inner in typing.get_args(kind):
        classes(inner, seen)
    return seen


def held(value: object) -> set[type]:
    """The dataclasses that `value` holds."""
    if isinstance(value, tuple | list):
        return {kind for item in value for kind in held(item)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = {kind for each in dataclasses.fields(value) for kind in held(getattr(value, each.name))}
        return {type(value), *inner}
    return set()


RECIPES = ("embedded", "smoke", "sky_t1_preview", "sky_t1_train_splits")
KINDS = {
    *classes(Recipe, set()),
    *classes(Message, set()),
    *classes(Conversation, set()),
    *(kind for name in RECIPES for kind in held(find_recipe(name))),
}


def test_every_class_in_an_id_has_a_name_of_its_own() -> None:
    named = {kind: vars(kind).get("identity_name") for kind in KINDS if kind.__name__ not in NOT_IN_IDS}
    assert not [kind for kind, name in named.items() if not name]
    assert max(Counter(named.values()).values()) == 1


@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("embedded", "502a4c8ca0868b3e0378915d67c75f33"),
        ("smoke", "0fad1056cebeda1c4bf5d3534b20cf49"),  # 33d89af0cabd... in 0.1.0, whose description was another
        ("sky_t1_preview", "9e66ab52f7176a2c6702a0231a9a8182"),
        ("sky_t1_train_splits", "0d88056b9f821de3d674118ce4af3576"),
    ],
)
def test_a_shipped_recipe_keeps_its_digest(name: str, golden: str) -> None:
    recipe = find_recipe(name)
    parts = [(each.name, getattr(recipe, each.name)) for each in dataclasses.fields(recipe) if each.name != "expected"]
    assert digest(parts) == golden


MODEL = Model("m", "1")
SAMPLING = Sampling(temperature=0.5, max_tokens=10)


@pytest.mark.parametrize(
    ("value", "golden"),
    [
        (MODEL, "5b53e8d4edc6d4c5162de358c6f69bf4"),
        (SAMPLING, "a797957795cf56e6e3e1a3fb0a192cf4"),
        (Message("user", "hi"), "2c592e9343a104fdd5fbd122f5cd9bd6"),
        (Limits(), "4105e278ad5c0dceb3b26a0b2c225d80"),
        (Conversation("1", (Message("user", "hi"),)), "0b16fa4bb4d55c5acb6b45dc1e83d6b0"),
        (Lora(), "869e3cfad1a23285605de1136edbc011"),
        (Training(MODEL, 1, 0.1, 2, 3, "bf16", 4), "29f7c3b8795a7fceb31ada5b0c951069"),
        (ModelRewriting(MODEL, "s", "{question} {trace}", SAMPLING, 1), "f07ff6bad23c64d065c31b2bb42933ab"),
        (ModelJudge(MODEL, "s", "p", SAMPLING, 1), "589da0c96b9dd28a00a777fb85ba9264"),
    ],
)
def test_values_stored_in_rows_and_runs_keep_their_digests(value: object, golden: str) -> None:
    assert digest(value) == golden
