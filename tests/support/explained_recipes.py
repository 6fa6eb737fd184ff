"""Variants of the smoke recipe for the commands that explain and compare."""

from dataclasses import replace

from skyassets.core.ports import Sampling
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import TINY, smoke
from skyassets.stages.rewriting.rewrite import ModelRewriting

REWRITING = ModelRewriting(
    TINY,
    system="You rewrite.",
    prompt="{question} Structure it: <|begin_of_thought|>. {trace}",
    sampling=Sampling(0.7, 64),
    seed=5,
)


def hotter() -> Recipe:
    """As `smoke`, with another temperature and one sample more."""
    base = smoke()
    teacher = replace(base.teacher, samples=3, sampling=replace(base.teacher.sampling, temperature=0.9))
    return replace(base, teacher=teacher)


def reworded() -> Recipe:
    """As `smoke`, with a word more in the teacher's prompt for puzzles."""
    base = smoke()
    prompts = replace(base.teacher.prompts, puzzle="{question} Put the final answer within \\boxed{}.")
    return replace(base, teacher=replace(base.teacher, prompts=prompts))


def rewritten() -> Recipe:
    """As `smoke`, with the tiny model to rewrite; tables of its own."""
    return replace(smoke(), name="rewritten", rewriting=REWRITING)


def rewritten_plainly() -> Recipe:
    """As `rewritten`, with a prompt that asks for no structure."""
    return replace(rewritten(), rewriting=replace(REWRITING, prompt="{question} {trace}"))


def rewritten_dearly() -> Recipe:
    """As `rewritten`, by a hosted model that nobody has a key for."""
    model = replace(TINY, name="gpt-4o-mini")
    return replace(rewritten(), rewriting=replace(REWRITING, model=model))


def elsewhere() -> Recipe:
    """As `hotter`, with tables of its own: some of its calls are those of no other recipe."""
    return replace(hotter(), name="elsewhere")


def twin() -> Recipe:
    """As `smoke`, with tables of its own: all its calls are those of `smoke`."""
    return replace(smoke(), name="twin")
