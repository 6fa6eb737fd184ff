"""The evaluation: answers of base and student to the benchmarks, and the report on them."""

from dataclasses import replace

from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT
from skyassets.core.tables.store import StageResult
from skyassets.project.completions import completer
from skyassets.project.deployment import student_name
from skyassets.project.evaluation import report_files
from skyassets.project.evaluation.epoch import check_epoch, enter_epoch
from skyassets.project.evaluation.history import history_of
from skyassets.project.evaluation.manifest import answered_with, made_with
from skyassets.project.gates import kept_questions
from skyassets.project.graders import grading
from skyassets.project.project import BuildContext, Project
from skyassets.project.publishing.student_card import write_card
from skyassets.project.training_runs import current_run
from skyassets.stages.deduplication.contamination import contaminated_items
from skyassets.stages.evaluation.answers import EvaluatedModel, answer
from skyassets.stages.evaluation.item_scores import item_scores
from skyassets.stages.evaluation.manifest import MADE_WITH
from skyassets.stages.evaluation.scores import report
from skyassets.stages.sampling.sample import usable
from skyassets.stages.sampling.unanswered import unanswered


def make_answers(context: BuildContext) -> StageResult:
    """`benchmark_answers`."""
    project, recipe = context.project, context.project.recipe
    base = recipe.training.base
    ident = str(project.store.read(CHECKPOINT)["checkpoint_id"][0])
    student = Model(student_name(base.name), revision=ident)
    by_student = replace(completer(context, "student", student), weights=current_run(project).folder)
    models = [
        EvaluatedModel("base", base, completer(context, "base", base)),
        EvaluatedModel("student", student, by_student, ident),
        *(
            EvaluatedModel(one.role, one.model, completer(context, one.role, one.model), is_contender=True)
            for one in recipe.contenders
        ),
    ]
    epoch = enter_epoch(project, context.run)
    with grading(context) as judges:
        items = project.store.read(BENCHMARK_PROBLEMS)
        result = answer(items, recipe.benchmarks, recipe.evaluation, models, judges, epoch)
    for role, reason in unanswered(result.frame).items():
        context.log(f"{ANSWERS.name}: {role} has no answer: {reason}")
    manifest = answered_with(project, {each.role: each.model for each in models}, result, epoch)
    return replace(result, metadata={**result.metadata, MADE_WITH: manifest})


def make_reports(context: BuildContext) -> StageResult:
    """`benchmark_reports`, with the report's files and a copy in the history."""
    project = context.project
    scores = item_scores(project.store.scan(ANSWERS))
    check_epoch(context.run, str(scores["epoch_name"][0]))
    manifest = made_with(project)
    leaked = _leaked_items(project)
    result = report(scores, project.recipe.benchmarks, manifest, leaked)
    summary = report_files.write_reports(project, result.frame, leaked)
    files = [project.store.folder / name for name in report_files.FILES]
    history_of(project).append(result.frame, scores, manifest, files)
    write_card(project, current_run(project), result.frame)
    return replace(result, metadata={**result.metadata, "scores": summary})


def _leaked_items(project: Project) -> dict[str, str]:
    """The benchmark items found in the questions of the kept examples, by the recipe's rule, with the evidence.

    Items that are set aside are not asked and do not count in a report; the gate before training sees them.

    Both tables are read without being parents: the parents' ids determine everything that is read here.
    """
    items = usable(project.store.scan(BENCHMARK_PROBLEMS).select("problem_id", "question", "set_aside").collect())
    return contaminated_items(
        kept_questions(project),
        dict(items.select("problem_id", "question").iter_rows()),
        project.recipe.curation.decontamination,
    )
