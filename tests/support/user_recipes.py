"""Recipes as users write them: functions in a module of their own, found by module:function."""

import os
from dataclasses import replace

from skyassets.core.ports import Model, Sampling
from skyassets.core.sources import Generated, LocalFile, Source
from skyassets.recipes.embedded import SMOLLM2, embedded
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting


def mine() -> Recipe:
    """The smoke recipe on the file that MINE names."""
    source = Source("mine", LocalFile(os.environ["MINE"]), "Apache-2.0", question="question", ground_truth="answer")
    return replace(smoke(), name="mine", sources=(source,))


def long_teacher() -> Recipe:
    """The smoke recipe with a teacher that may think for long."""
    teacher = smoke().teacher
    return replace(smoke(), teacher=replace(teacher, sampling=replace(teacher.sampling, max_tokens=32_768)))


def no_batch() -> Recipe:
    """A recipe that cannot be run."""
    return replace(smoke(), training=replace(smoke().training, global_batch=0))


def not_a_recipe() -> str:
    """No recipe at all."""
    return "smoke"


def tiny_embedded() -> Recipe:
    """The embedded recipe with everything real and as little as possible of it."""
    base = embedded()
    few = Generated(("times", "first_word", "plus"), per_family=4, seed=1, held_out=False)
    held_out = Generated(("times", "first_word", "plus"), per_family=2, seed=2, held_out=True)
    benchmark = replace(base.benchmarks[0], source=replace(base.benchmarks[0].source, origin=held_out))
    return replace(
        base,
        name="tiny_embedded",
        sources=(replace(base.sources[0], origin=few),),
        benchmarks=(benchmark,),
        gates=replace(base.gates, minimum=1),
        training=replace(base.training, epochs=1, global_batch=4),
    )


def rewritten_by_model() -> Recipe:
    """As `tiny_embedded`, with the model that taught asked to rewrite as well."""
    prompt = "{question}\n{trace}\nPut this between <|begin_of_thought|> and <|end_of_thought|>."
    rewriting = ModelRewriting(
        SMOLLM2, "You rewrite.", prompt, Sampling(temperature=0.7, max_tokens=48), seed=1, tries=1
    )
    return replace(tiny_embedded(), name="rewritten_by_model", rewriting=rewriting)


def small_student() -> Recipe:
    """The smoke recipe with a real student, the one in the folder that STUDENT names, trained for EPOCHS epochs."""
    base = smoke()
    student = replace(
        base.training,
        base=Model(os.environ["STUDENT"], "as it is"),
        epochs=int(os.environ.get("EPOCHS", "2")),
        learning_rate=0.01,
    )
    return replace(base, name="small_student", training=student)


def other_words() -> Recipe:
    """The smoke recipe with other rules of rewriting."""
    return replace(smoke(), name="other_words", rewriting=RuleRewriting("So it is \\boxed{{answer}}."))


def every_minute() -> Recipe:
    """The smoke recipe, re-evaluated every minute."""
    return replace(smoke(), name="every_minute", reevaluate_at="* * * * *")
