"""A contender that answers nothing: the others' answers are published and reported, and it is named with its reason."""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import polars as pl
import pytest
from assets.pipeline import Pipeline
from engines.provider import Provider, provider

from skyassets.core.money import FREE
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, REPORTS
from skyassets.stages.evaluation.answers import UNANSWERED
from skyassets.stages.evaluation.config import Contender

ITEMS = 12
GOOD, ABSENT = Contender("good", Model("a/good", "1")), Contender("rival", Model("a/rival", "1"))

REASONS = {
    "flags-everything": "400: This prompt was flagged by our safety system",  # each row has an error
    "refuses-everything": "This model is retired",  # the run of this model is stopped
    "redirect": "is not followed",
}
"""Mode of the server to the words of its reason."""


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


def evaluated(pipeline: Pipeline, **urls: str) -> dg.ExecuteInProcessResult:
    """One run with both contenders at `urls`, by role."""
    pipeline.recipe = replace(pipeline.recipe, contenders=(ABSENT, GOOD))
    pipeline.deployment = replace(
        pipeline.deployment,
        urls={role: (url,) for role, url in urls.items()},
        prices=dict.fromkeys(urls, FREE),
    )
    return pipeline.materialize()


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    return {
        name: value.value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(ANSWERS.name)
        for name, value in event.step_materialization_data.materialization.metadata.items()
    }


@pytest.mark.parametrize("mode", REASONS)
def test_the_other_models_are_published_and_the_contender_is_named(
    pipeline: Pipeline, server: Provider, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = evaluated(pipeline, rival=server.url(mode), good=server.url("plain"))
    assert result.success
    answers = pipeline.store.read(ANSWERS)
    counts = answers.group_by("role").agg(pl.len(), pl.col("error").null_count().alias("answered"))
    assert {role: numbers for role, *numbers in counts.iter_rows()} == {
        **{role: [ITEMS, ITEMS] for role in ("base", "student", "good")},
        "rival": [ITEMS, 0],
    }
    reason = REASONS[mode]
    assert reason in str(metadata(result)[UNANSWERED])
    assert "rival has no answer" in (log := capfd.readouterr().err)
    assert reason in log
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "every_model_answered"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert reason in str(check.metadata["why rival has none"].value)
    for name in ("report.md", "report.html"):
        text = (pipeline.store.folder / name).read_text(encoding="utf-8")
        assert "rival has no answer" in text
        assert reason.split(":")[0] in text
        assert "127.0.0.1" not in text
    scores = pipeline.store.read(REPORTS).filter(metric="strict accuracy", by="all")
    assert scores.filter(pl.col("role").is_in(["base", "student", "good"]))["n"].to_list() == [ITEMS] * 3
    assert scores.filter(role="rival")["n"].to_list() == [0]

    before = server.seen("plain")["calls"]
    assert evaluated(pipeline, rival=server.url("plain"), good=server.url("plain")).success
    assert server.seen("plain")["calls"] - before == ITEMS  # only the contender is asked again
    assert pipeline.store.read(ANSWERS)["error"].null_count() == 4 * ITEMS


def test_what_an_absent_contender_answered_before_is_kept(pipeline: Pipeline, server: Provider) -> None:
    assert evaluated(pipeline, rival=server.url("plain"), good=server.url("plain")).success
    more = replace(pipeline.recipe.benchmarks[0], name="more", prompt="Again: {question}")
    pipeline.recipe = replace(pipeline.recipe, benchmarks=(*pipeline.recipe.benchmarks, more))
    assert evaluated(pipeline, rival=server.url("refuses-everything"), good=server.url("plain")).success
    rival = pipeline.store.read(ANSWERS).filter(role="rival")
    assert rival.group_by("benchmark").agg(pl.col("error").null_count()).sort("benchmark").rows() == [
        ("held-out", ITEMS),
        ("more", 0),
    ]


@pytest.mark.parametrize(
    ("role", "reason"),
    [("base", f"none of the {ITEMS} answers of base can be used"), ("student", "has no model 'tiny-student'")],
)
def test_the_asset_fails_without_an_answer_of_base_or_student(
    pipeline: Pipeline, server: Provider, role: str, reason: str
) -> None:
    asked_anew = replace(pipeline.recipe.benchmarks[0], prompt="Again: {question}")
    pipeline.recipe = replace(pipeline.recipe, benchmarks=(asked_anew,))
    result = evaluated(pipeline, **{role: server.url("flags-everything")}, good=server.url("plain"))
    assert not result.success
    failures = [event.step_failure_data.error for event in result.get_step_failure_events()]
    assert reason in str(failures)
