"""What is checked when a recipe is loaded: a value that would only waste money is refused and named."""

import re
from dataclasses import replace

import pytest

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Window
from skyassets.recipes.recipe import SHARED_FOLDERS, Recipe, check
from skyassets.recipes.smoke import smoke
from skyassets.stages.evaluation.config import Contender

BLIND = replace(smoke().teacher.prompts, maths="Solve it.")
(HELD_OUT,) = smoke().benchmarks
WARM = Sampling(temperature=1.0, max_tokens=10)


def measured(**more: object) -> Recipe:
    return replace(smoke(), benchmarks=(replace(HELD_OUT, **more),))  # type: ignore[arg-type]


def against(*roles: str) -> Recipe:
    return replace(smoke(), contenders=tuple(Contender(role, Model("gpt-4o-mini", "1")) for role in roles))


def windowed(since: str, until: str) -> Recipe:
    return measured(source=replace(HELD_OUT.source, window=Window("day", since, until)))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(smoke(), teacher=replace(smoke().teacher, prompts=BLIND)), "teacher.prompts.maths = 'Solve it.'"),
        (replace(smoke(), student_prompts=BLIND), "student_prompts.maths"),
        (replace(smoke(), limits=Limits(seconds=0)), "limits.seconds = 0"),
        *((replace(smoke(), name=name), f"name = '{name}'") for name in SHARED_FOLDERS),
        (replace(smoke(), benchmarks=()), "benchmarks = []; it must be at least one"),
        (replace(smoke(), benchmarks=(HELD_OUT, HELD_OUT)), "benchmarks = ['held-out', 'held-out']"),
        (measured(name=" "), "a benchmark's name = ' '"),
        (measured(prompt="Solve it."), "benchmark 'held-out'.prompt = 'Solve it.'"),
        (measured(samples=0), "benchmark 'held-out'.samples = 0"),
        (measured(samples=4, k=(1, 8)), "benchmark 'held-out'.k = (1, 8); it must be numbers from 1 to"),
        (measured(k=(2,)), "benchmark 'held-out'.k = (2,)"),
        (measured(samples=4, k=(0,)), "benchmark 'held-out'.k = (0,)"),
        (measured(sampling=Sampling(temperature=-1.0, max_tokens=10)), "benchmark 'held-out'.sampling"),
        (measured(sampling=Sampling(temperature=1.0, max_tokens=0)), "benchmark 'held-out'.sampling"),
        (measured(metric="strict acuracy"), "benchmark 'held-out'.metric = 'strict acuracy'; it must be one of"),
        (measured(metric="strict pass@2"), "benchmark 'held-out'.metric = 'strict pass@2'"),
        (measured(metric="strict pass@1", k=(1,)), "benchmark 'held-out'.metric = 'strict pass@1'"),
        (measured(metric="lenient maj@1"), "benchmark 'held-out'.metric = 'lenient maj@1'"),
        (measured(metric="strict maj@4", samples=8, sampling=WARM), "benchmark 'held-out'.metric = 'strict maj@4'"),
        (
            measured(metric="strict maj@8", samples=8, sampling=WARM, source=replace(HELD_OUT.source, domain="code")),
            "benchmark 'held-out'.metric = 'strict maj@8'",
        ),
        (measured(metric="completion tokens"), "benchmark 'held-out'.metric = 'completion tokens'"),
        (measured(samples=2), "benchmark 'held-out'.sampling.temperature = 0.0; it must be above 0"),
        (measured(samples=2, sampling=Sampling(0.0, 10)), "benchmark 'held-out'.sampling.temperature = 0.0"),
        (replace(smoke(), evaluation=replace(smoke().evaluation, samples=4)), "evaluation.sampling.temperature = 0.0"),
        (windowed("2024-08-01", "2024-07-01"), "window = 'day from 2024-08-01 to 2024-07-01'"),
        (windowed("last year", ""), "window = 'day from last year to any day'"),
        *((against(role), f"a contender's role = {role!r}") for role in ("base", "student", "", "Teacher", "a - b")),
        (against("teacher", "teacher"), "contenders = ['teacher', 'teacher']"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_must_be(recipe: Recipe, message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        check(recipe)


def test_the_shipped_recipe_is_valid() -> None:
    assert check(smoke()) == smoke()


def test_a_benchmark_may_have_its_own_settings_and_contenders_may_be_measured() -> None:
    changed = measured(prompt="So: {question}", samples=8, k=(1, 8), sampling=WARM)
    for recipe in (changed, against("teacher", "gpt_4o"), windowed("2024-07-01", "2024-07-01"), windowed("", "")):
        assert check(recipe) == recipe


@pytest.mark.parametrize("metric", ["strict pass@8", "lenient maj@8", "lenient accuracy", "finished"])
def test_any_metric_reported_as_a_share_may_be_the_main_one(metric: str) -> None:
    changed = measured(metric=metric, samples=8, k=(1, 8), sampling=WARM)
    assert check(changed) == changed
