"""The data set: verdicts on traces and rewrites, and the examples worth training on, with files for other trainers."""

from dataclasses import replace

from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import StageResult
from skyassets.project.accounts import cost_metadata
from skyassets.project.graders import grading
from skyassets.project.project import BuildContext
from skyassets.project.sft_files import FILES, FOLDER, data_card, write_files
from skyassets.stages.curation.curate import CurationInputs, curate
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.grading.verdicts import verify

TEMPLATE = "chat template"
"""The metadata key of what is to be known about the student's template."""


def make_verdicts(context: BuildContext) -> StageResult:
    """`verdicts`."""
    read = context.project.store.read
    with grading(context) as judges:
        return verify(read(TRACES), read(REWRITES), read(PROBLEMS), judges)


def make_examples(context: BuildContext) -> StageResult:
    """`sft_dataset`: every rewrite with the reason why it was dropped, and the files of the kept ones."""
    project, recipe, store = context.project, context.project.recipe, context.project.store
    read = store.read
    notes: list[str] = []
    result = curate(
        CurationInputs(read(REWRITES), read(TRACES), read(VERDICTS), read(PROBLEMS), read(BENCHMARK_PROBLEMS)),
        recipe.curation,
        recipe.student_prompts,
        project.deployment.count(recipe.training.base, notes.append),
        recipe.gates.minimum,
    )
    card = data_card(project, result.frame)
    files = write_files(store.folder / FOLDER, result.frame, card, recipe.name)
    cost = cost_metadata(project.accounts.accepted(kept_examples(result.frame).height), context.run_budget)
    unique = dict.fromkeys(notes)
    for note in unique:
        context.log(note)
    about = {TEMPLATE: "; ".join(unique)} if unique else {}
    return replace(result, metadata={**result.metadata, FILES: files, **about, **cost})
