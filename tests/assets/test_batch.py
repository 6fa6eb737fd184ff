"""Batches as the environment configures them: which role, which server, and whole runs with them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from assets.pipeline import ROWS, Pipeline
from rater import RATING

from skyassets.core.errors import ServerError, SkyassetsError
from skyassets.core.money import Budget
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.project.deployment import OPENAI, Deployment
from skyassets.project.settings import from_environment

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))

from engines.batch import batch_server

HOSTED = Model("gpt-4o-mini", "2024-07-18")


def silent(line: str) -> None:
    """Discard the line."""


@pytest.mark.parametrize("role", ["rewriter", "rater"])
def test_a_hosted_role_uses_openai_and_batches_only_where_configured(role: str) -> None:
    deployment = from_environment({"OPENAI_API_KEY": "sk-secret", "SKYASSETS_RATER_BATCH": "1"})
    serving = deployment.serving(role, HOSTED, silent, Budget(5.0))
    assert isinstance(serving, OpenAIBatch if role == "rater" else RemoteServing)
    endpoint = serving.endpoint if isinstance(serving, OpenAIBatch) else serving.endpoints[0]
    assert (endpoint.base_url, endpoint.api_key, serving.price.input) == (OPENAI, "sk-secret", 0.15)
    assert "sk-" not in repr(serving)


def test_a_hosted_rater_without_a_key_says_what_to_export() -> None:
    with pytest.raises(ServerError, match="export OPENAI_API_KEY, or SKYASSETS_RATER_URL"):
        Deployment(data=Path("data")).serving("rater", HOSTED, silent)


def test_a_batch_switch_is_on_or_off() -> None:
    assert from_environment({"SKYASSETS_REWRITER_BATCH": "0"}).batches == frozenset()
    assert from_environment({"SKYASSETS_REWRITER_BATCH": "1"}).batches == {"rewriter"}
    with pytest.raises(SkyassetsError, match="SKYASSETS_REWRITER_BATCH is 'yes'; it must be 1"):
        from_environment({"SKYASSETS_REWRITER_BATCH": "yes"})


def test_batches_go_to_one_server() -> None:
    deployment = from_environment({"SKYASSETS_TEACHER_URL": "http://a/v1,http://b/v1", "SKYASSETS_TEACHER_BATCH": "1"})
    with pytest.raises(ServerError, match="SKYASSETS_TEACHER_URL lists 2"):
        deployment.serving("teacher", Model("some/model", "1"), silent)


def test_a_locally_served_model_has_no_batches() -> None:
    with pytest.raises(ServerError, match="some/model is served locally; set SKYASSETS_TEACHER_URL"):
        from_environment({"SKYASSETS_TEACHER_BATCH": "1"}).serving("teacher", Model("some/model", "1"), silent)


def test_a_whole_run_with_batch_ratings_and_a_rerun_without_calls(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--say", "5") as server:
        pipeline = Pipeline(tmp_path)
        source = replace(pipeline.recipe.sources[0], difficulty=(4, 9))
        pipeline.recipe = replace(pipeline.recipe, rating=RATING, sources=(source,))
        pipeline.deployment = replace(pipeline.deployment, urls={"rater": (server.url,)}, batches=frozenset({"rater"}))
        pipeline.run()
        assert pipeline.store.read(PROBLEMS)["difficulty"].to_list() == [5.0] * len(ROWS)
        calls = server.seen()["calls"]
        assert (calls["upload"], calls["create"], len(server.seen()["rows"])) == (1, 1, len(ROWS))
        assert pipeline.run().rebuilt == frozenset()
        pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}])
        pipeline.run()
        assert [batch["rows"] for batch in server.seen()["batches"]] == [len(ROWS), 1]


def test_live_and_batch_are_the_same_rows(tmp_path: Path) -> None:
    with batch_server(tmp_path, "--say", "5") as server:
        pipeline = Pipeline(tmp_path)
        source = replace(pipeline.recipe.sources[0], difficulty=(4, 9))
        pipeline.recipe = replace(pipeline.recipe, rating=RATING, sources=(source,))
        pipeline.deployment = replace(pipeline.deployment, urls={"rater": (server.url,)}, batches=frozenset({"rater"}))
        pipeline.run()
        pipeline.store.path(PROBLEMS).unlink()
        pipeline.deployment = replace(
            pipeline.deployment, urls={"rater": ("http://127.0.0.1:9/v1",)}, batches=frozenset()
        )
        assert pipeline.run().rebuilt == {"raw_problems"}
