"""What is checked when a recipe is loaded: a value that would only waste money is refused and named."""

import re
from dataclasses import replace

import pytest

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Window
from skyassets.recipes.recipe import SHARED_FOLDERS, Recipe, check
from skyassets.recipes.registry import RECIPES, find_recipe
from skyassets.recipes.smoke import smoke
from skyassets.stages.curation.student_form import Marks, StudentForm
from skyassets.stages.evaluation.config import Contender

BLIND = replace(smoke().teacher.prompts, maths="Solve it.")
(HELD_OUT,) = smoke().benchmarks
WARM = Sampling(temperature=1.0, max_tokens=10)


def measured(**more: object) -> Recipe:
    return replace(smoke(), benchmarks=(replace(HELD_OUT, **more),))  # type: ignore[arg-type]


def asked(**more: object) -> Recipe:
    teacher = smoke().teacher
    return replace(smoke(), teacher=replace(teacher, sampling=replace(teacher.sampling, **more)))


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
        (asked(temperature="hot"), "teacher.sampling.temperature = 'hot'; it must be a number or None"),
        (asked(max_tokens=512.5), "teacher.sampling.max_tokens = 512.5; it must be a whole number"),
        (
            asked(stop="qs"),
            "teacher.sampling.stop = 'qs'; it must be a tuple, such as (x,), each of whose items is a text",
        ),
        (asked(reasoning_effort=3), "teacher.sampling.reasoning_effort = 3; it must be a text or None"),
        (asked(top_p=7.0), "a top_p above 0 and up to 1"),
        (asked(extra={"api_key": "sk-1"}), "without secrets"),
        (replace(smoke(), budget="5"), "budget = '5'; it must be a number or None"),
        (
            replace(smoke(), sources=smoke().sources[0]),
            "it must be a tuple, such as (x,), each of whose items is a Source",
        ),
        (replace(smoke(), teacher=replace(smoke().teacher, model="gpt")), "teacher.model = 'gpt'; it must be a Model"),
        (replace(smoke(), teacher=replace(smoke().teacher, model=Model("", ""))), "the model of teacher"),
        (replace(smoke(), teacher=replace(smoke().teacher, samples=1.5)), "teacher.samples = 1.5"),
        (replace(smoke(), teacher=replace(smoke().teacher, samples=True)), "teacher.samples = True"),
        (
            replace(smoke(), sources=(replace(smoke().sources[0], origin="problems.jsonl"),)),
            "sources[0].origin = 'problems.jsonl'; it must be a Generated or a LocalFile or a HubDataset",
        ),
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


def formed(marks: Marks, system: str) -> Recipe:
    """A recipe whose student learns `marks` and is asked for by `system`."""
    curation = replace(smoke().curation, form=StudentForm(marks))
    return replace(smoke(), curation=curation, student_prompts=replace(smoke().student_prompts, system=system))


@pytest.mark.parametrize(
    ("marks", "system", "asked", "learned"),
    [
        (Marks.THINK, "Think between <|begin_of_thought|> and <|end_of_thought|>.", "<|begin_of_thought|>", "<think>"),
        (Marks.FOUR, "Think between <think> and </think>.", "<think>", "<|begin_of_thought|>"),
        (Marks.FOUR, "Think in [THINK] first.", "[THINK]", "<|begin_of_thought|>"),
        (Marks.THINK, "Reason in <reasoning> tags.", "<reasoning>", "<think>"),
    ],
)
def test_a_prompt_that_asks_for_another_form_than_the_student_learns_is_refused(
    marks: Marks, system: str, asked: str, learned: str
) -> None:
    message = f"student_prompts.system asks for = {asked!r}; it must be {learned}, which the student learns by"
    with pytest.raises(RecipeError, match=re.escape(message)):
        check(formed(marks, system))
    own = f"Think between {StudentForm(marks).opens} and its end."
    check(formed(marks, own))
    check(formed(marks, f"{own} Never write {asked}."))
    with pytest.raises(RecipeError, match=re.escape("benchmark 'held-out'.prompt asks for")):
        check(replace(formed(marks, ""), benchmarks=measured(prompt=f"{{question}} {asked}").benchmarks))


@pytest.mark.parametrize("marks", Marks)
def test_a_prompt_without_marks_fits_every_form(marks: Marks) -> None:
    for system in ("", "Think aloud, then give <answer>a number</answer>."):
        check(formed(marks, system))


@pytest.mark.parametrize("name", RECIPES)
def test_every_shipped_recipe_is_valid(name: str) -> None:
    find_recipe(name)
