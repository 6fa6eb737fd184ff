"""The evaluation: answers of base and student to the benchmarks, and the report on them."""

from dataclasses import replace

import dagster as dg
import polars as pl

from skyassets.assets.builder import asset
from skyassets.assets.drift_check import drift_check
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, PROBLEMS, REPORTS
from skyassets.core.tables.store import StageResult
from skyassets.project.completions import completer
from skyassets.project.deployment import student_name
from skyassets.project.evaluation import report_files
from skyassets.project.evaluation.answer_manifest import answered_with
from skyassets.project.evaluation.epoch import enter, hold
from skyassets.project.evaluation.history import history_of
from skyassets.project.evaluation.report_manifest import made_with
from skyassets.project.graders import grading
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.project.publishing.student_card import write_card
from skyassets.project.training_runs import run_of
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.deduplication.contamination import contaminated_items
from skyassets.stages.evaluation.answers import EvaluatedModel, answer
from skyassets.stages.evaluation.item_scores import item_scores
from skyassets.stages.evaluation.manifest import MADE_WITH
from skyassets.stages.evaluation.scores import report
from skyassets.stages.plots import figures
from skyassets.stages.sampling.sample import usable


def evaluation_assets(
    project: Project, declared: dict[str, AssetDeclaration]
) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`benchmark_answers`, `benchmark_reports`, and the check for drift."""
    recipe = project.recipe

    def make_answers(work: BuildContext) -> StageResult:
        base = recipe.training.base
        ident = str(project.store.read(CHECKPOINT)["checkpoint_id"][0])
        student = Model(student_name(base.name), revision=ident)
        by_student = replace(completer(project, "student", student, work), weights=run_of(project).folder)
        evaluated_models = [
            EvaluatedModel("base", base, completer(project, "base", base, work)),
            EvaluatedModel("student", student, by_student, ident),
            *(
                EvaluatedModel(one.role, one.model, completer(project, one.role, one.model, work))
                for one in recipe.contenders
            ),
        ]
        epoch = enter(project, work.run)
        with grading(project, work) as judges:
            made = answer(
                project.store.read(BENCHMARK_PROBLEMS),
                recipe.benchmarks,
                recipe.evaluation,
                evaluated_models,
                judges,
                epoch,
            )
        told = answered_with(project, {each.role: each.model for each in evaluated_models}, made, epoch)
        return replace(made, facts={**made.facts, MADE_WITH: told})

    def make_reports(work: BuildContext) -> StageResult:
        scores = item_scores(project.store.scan(ANSWERS))
        hold(work.run, str(scores["epoch_name"][0]))
        told = made_with(project)
        leaked = leaked_items(project)
        made = report(scores, recipe.benchmarks, told, leaked)
        text = report_files.write_reports(project, made.frame, leaked)
        files = [project.store.folder / name for name in report_files.FILES]
        history_of(project).append(made.frame, scores, told, files)
        write_card(project, run_of(project), made.frame)
        return replace(made, facts={**made.facts, "scores": text})

    return [
        asset(project, declared[ANSWERS.name], make_answers, figures.answers),
        asset(project, declared[REPORTS.name], make_reports, figures.scores),
        drift_check(project),
    ]


def leaked_items(project: Project) -> dict[str, str]:
    """The benchmark items found in the questions of the kept examples, by the recipe's rule, with the evidence.

    Items that are set aside are not asked and do not count in a report; the gate before training sees them.

    Both tables are read without being parents: the parents' ids determine everything that is read here.
    """
    kept_problems = kept_examples(project.store.scan(EXAMPLES).select("problem_id", "dropped_by").collect())[
        "problem_id"
    ]
    learned = project.store.scan(PROBLEMS).filter(pl.col("problem_id").is_in(kept_problems.unique().to_list()))
    items = usable(project.store.scan(BENCHMARK_PROBLEMS).select("problem_id", "question", "set_aside").collect())
    return contaminated_items(
        dict(learned.select("problem_id", "question").collect().iter_rows()),
        dict(items.select("problem_id", "question").iter_rows()),
        project.recipe.curation.decontamination,
    )
