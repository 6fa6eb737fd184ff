"""Whole runs with a rating: each problem is rated once, and only problems within the range are taught."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assets.pipeline import ALL, ROWS, Pipeline, copy_of
from rater import RATING, Rater, rater

from skyassets.core.tables.declarations import PROBLEMS, TRACES

AFTER_PROBLEMS = frozenset(ALL) - {"benchmark_problems"}
RATED = [{**row, "question": f"{row['question']} [{level}]"} for row, level in zip(ROWS, "567589", strict=True)]


@pytest.fixture
def server() -> Iterator[Rater]:
    with rater() as running:
        yield running


@pytest.fixture(scope="module")
def rated_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of a pipeline with a rating that has run once, and what its rater was asked."""
    pipeline = Pipeline(tmp_path_factory.mktemp("rated_once"))
    with rater() as running:
        with_rating(pipeline, running).run()
        return pipeline.folder, running.seen()


@pytest.fixture
def rated(rated_once: tuple[Path, list[str]], tmp_path: Path, server: Rater) -> Pipeline:
    """A pipeline with a rating that has run once, now with a rater that was asked nothing."""
    return with_rating(copy_of(rated_once[0], tmp_path / "rated"), server)


def with_rating(pipeline: Pipeline, server: Rater) -> Pipeline:
    pipeline.write(RATED)
    pipeline.recipe = replace(
        pipeline.recipe, rating=RATING, sources=(replace(pipeline.recipe.sources[0], difficulty=(5, 7)),)
    )
    pipeline.deployment = replace(pipeline.deployment, urls={"rater": (server.url,)})
    return pipeline


def asides(pipeline: Pipeline) -> dict[str, str]:
    """Question to reason, for the problems set aside."""
    rows = pipeline.store.read(PROBLEMS).filter(pl.col("set_aside").is_not_null())
    return dict(zip(rows["question"], rows["set_aside"], strict=True))


def test_each_problem_is_rated_once_and_taught_only_within_its_range(
    rated: Pipeline, rated_once: tuple[Path, list[str]]
) -> None:
    _, seen = rated_once
    assert len(seen) == len(set(seen)) == len(ROWS)
    assert asides(rated) == {
        RATED[4]["question"]: "difficulty 8 is outside 5-7",
        RATED[5]["question"]: "difficulty 9 is outside 5-7",
    }
    assert rated.store.read(TRACES)["problem_id"].n_unique() == 4


def test_a_rerun_rates_nothing(rated: Pipeline, server: Rater) -> None:
    assert rated.run().rebuilt == frozenset()
    assert server.seen() == []


def test_one_problem_added_is_one_rating(rated: Pipeline, server: Rater) -> None:
    rated.write([*RATED, {"question": "What is 83 times 2? [6]", "answer": "166"}])
    assert rated.run().rebuilt == AFTER_PROBLEMS
    assert len(server.seen()) == 1


def test_another_range_rates_nothing(rated: Pipeline, server: Rater) -> None:
    rated.recipe = replace(rated.recipe, sources=(replace(rated.recipe.sources[0], difficulty=(5, 8)),))
    assert rated.run().rebuilt == AFTER_PROBLEMS
    assert list(asides(rated).values()) == ["difficulty 9 is outside 5-8"]
    assert server.seen() == []


def test_another_scale_rates_every_problem(rated: Pipeline, server: Rater) -> None:
    rated.recipe = replace(rated.recipe, rating=replace(RATING, system="From easy 1 to hard 10."))
    assert rated.run().rebuilt == frozenset({"raw_problems"})
    assert len(server.seen()) == len(ROWS)


def test_only_failed_ratings_are_repeated_by_the_next_run(rated: Pipeline, server: Rater) -> None:
    rated.write([*RATED, {"question": "What is 83 times 2? [status 400]", "answer": "166"}])
    rated.run()
    assert asides(rated)["What is 83 times 2? [status 400]"].startswith("not rated: 400: no luck")
    before = len(server.seen())
    rated.run()
    assert len(server.seen()) == before + 1


def test_the_assets_metadata_counts_the_ratings(rated: Pipeline) -> None:
    manifest = rated.store.manifest(PROBLEMS)
    assert manifest is not None
    numbers = {name: manifest.metadata[name] for name in ("rows asked", "rows reused", "rows failed", "difficulty")}
    assert numbers == {
        "rows asked": 6, "rows reused": 0, "rows failed": 0, "difficulty": {"5": 2, "6": 1, "7": 1, "8": 1, "9": 1},
    }  # fmt: skip
