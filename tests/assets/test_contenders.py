"""Contenders: measured like base and student, and only new requests are sent."""

from dataclasses import replace

import polars as pl
import pytest
from assets.pipeline import Pipeline

from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Model, Sampling
from skyassets.core.sources import Generated, Source
from skyassets.core.tables.declarations import ANSWERS, REPORTS
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.project.deployment import OPENAI
from skyassets.project.settings import from_environment
from skyassets.recipes.recipe import check
from skyassets.stages.evaluation.config import Contender

ITEMS = 12
OTHER = Contender("rival", Model("tiny", "2"))
"""Another revision of the fake model: other requests."""


def test_adding_a_contender_calls_only_the_contender(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, contenders=(OTHER,))
    done = pipeline.run()
    assert (done.calls, done.rebuilt) == (ITEMS, {ANSWERS.name, REPORTS.name})
    assert set(pipeline.store.read(REPORTS)["role"]) == {
        "base", "student", "rival", "student - base", "student - rival", "rival - base",
    }  # fmt: skip
    assert pipeline.run().calls == 0


def test_a_contender_that_is_the_base_costs_no_call(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, contenders=(Contender("again", pipeline.recipe.training.base),))
    assert pipeline.run().calls == 0
    rows = pipeline.store.read(REPORTS).filter(pl.col("role") == "again - base")
    assert set(rows["value"]) == {0.0}


def test_adding_a_benchmark_makes_only_that_benchmarks_calls(pipeline: Pipeline) -> None:
    source = Source("more", Generated(("plus",), per_family=3, seed=9, held_out=True), "Apache-2.0")
    more = replace(pipeline.recipe.benchmarks[0], name="more", source=source)
    pipeline.recipe = replace(pipeline.recipe, benchmarks=(*pipeline.recipe.benchmarks, more))
    assert pipeline.run().calls == 2 * 3


def test_a_benchmarks_own_settings_apply_to_every_model(pipeline: Pipeline) -> None:
    own = replace(
        pipeline.recipe.benchmarks[0], prompt="Q: {question}", sampling=Sampling(0.7, 32), samples=3, k=(1, 2)
    )
    pipeline.recipe = replace(pipeline.recipe, benchmarks=(own,), contenders=(OTHER,))
    assert pipeline.run().calls == 3 * 3 * ITEMS
    answers = pipeline.store.read(ANSWERS)
    assert answers.group_by("role").len()["len"].to_list() == [3 * ITEMS] * 3
    assert {"strict pass@2", "strict maj@3"} <= set(pipeline.store.read(REPORTS)["metric"])


def test_another_main_metric_makes_no_call(pipeline: Pipeline) -> None:
    own = replace(pipeline.recipe.benchmarks[0], metric="lenient accuracy")
    pipeline.recipe = replace(pipeline.recipe, benchmarks=(own,))
    done = pipeline.run()
    assert (done.calls, done.rebuilt) == (0, {REPORTS.name})


def test_a_contender_has_its_own_settings() -> None:
    deployment = from_environment({"SKYASSETS_RIVAL_URL": "http://box:1/v1", "SKYASSETS_RIVAL_RPM": "7"})
    assert (deployment.urls["rival"], deployment.rpm["rival"]) == (("http://box:1/v1",), 7)
    assert isinstance(deployment.serving("rival", Model("a/b", "1"), lambda line: None), RemoteServing)


def test_settings_that_belong_to_no_role_define_no_role() -> None:
    deployment = from_environment({"SKYASSETS_HOUR_PRICE": "2", "SKYASSETS_MICRO_BATCH": "4"})
    assert (deployment.prices, deployment.batches, deployment.hour_price) == ({}, frozenset(), 2.0)


def test_a_hosted_contender_uses_openai_with_its_key_and_fails_without_one() -> None:
    hosted = Model("gpt-4o-mini", "2024-07-18")
    serving = from_environment({"OPENAI_API_KEY": "secret"}).serving("rival", hosted, lambda line: None)
    assert isinstance(serving, RemoteServing)
    assert [(each.base_url, each.api_key) for each in serving.endpoints] == [(OPENAI, "secret")]
    with pytest.raises(SkyassetsError, match=r"rival: gpt-4o-mini is a hosted model .* SKYASSETS_RIVAL_URL"):
        from_environment({}).serving("rival", hosted, lambda line: None)


@pytest.mark.parametrize("role", ["base", "student", "hour", "Rival", "a-b", ""])
def test_a_role_name_that_cannot_be_part_of_a_setting_is_refused(pipeline: Pipeline, role: str) -> None:
    with pytest.raises(SkyassetsError, match="contender's role"):
        check(replace(pipeline.recipe, contenders=(Contender(role, OTHER.model),)))
