"""The evaluation: answers of base and student to the benchmarks, and the report on them."""

from dataclasses import replace

import dagster as dg
import polars as pl

from skyassets.assets.checkpoint import run_of
from skyassets.assets.drift_check import drift_check, history_of
from skyassets.assets.epochs import Epochs
from skyassets.assets.traces import completer
from skyassets.core.code_version import code_version
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, PROBLEMS, REPORTS
from skyassets.core.tables.store import Made
from skyassets.project.deployment import student_name
from skyassets.project.evaluation import report_files
from skyassets.project.evaluation.answer_manifest import answered_with
from skyassets.project.evaluation.history import name_of
from skyassets.project.evaluation.report_manifest import made_with
from skyassets.project.graders import GRADERS, marking
from skyassets.project.project import House, Spec, Work
from skyassets.project.publishing.student_card import write_card
from skyassets.stages.curation.examples import kept
from skyassets.stages.deduplication.contamination import contaminated_items
from skyassets.stages.evaluation.answers import Entrant, answer
from skyassets.stages.evaluation.item_scores import item_scores
from skyassets.stages.evaluation.manifest import MADE_WITH
from skyassets.stages.evaluation.scores import report
from skyassets.stages.plots import figures
from skyassets.stages.sampling.sample import usable


def evaluation_assets(house: House) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`benchmark_answers`, `benchmark_reports`, and the check for drift."""
    recipe = house.recipe
    epochs = Epochs(house)
    graders = code_version(*GRADERS)
    asks = [(one.name, one.prompt, one.sampling, one.samples) for one in recipe.benchmarks]
    # Every descendant of sft_dataset is its direct child too: `--select sft_dataset+` follows one hop only.
    asked = Spec(
        ANSWERS,
        (EXAMPLES, CHECKPOINT, BENCHMARK_PROBLEMS),
        ("skyassets.stages.evaluation.answers", "skyassets.stages.evaluation.manifest", *GRADERS),
        (recipe.evaluation, recipe.limits, recipe.training.base, recipe.judge, recipe.contenders, asks),
        "evaluation",
        frozenset({"llm"}),
    )
    reported = Spec(
        REPORTS,
        (EXAMPLES, CHECKPOINT, ANSWERS),
        (
            "skyassets.stages.evaluation.scores",
            "skyassets.stages.deduplication.contamination",
            "skyassets.stages.evaluation.manifest",
            *report_files.CODE,
        ),
        (
            recipe.name,
            recipe.description,
            recipe.evaluation,
            recipe.training.base,
            graders,
            recipe.contenders,
            recipe.curation.decontamination,
            asks,
            [(one.name, one.k, one.metric) for one in recipe.benchmarks],
        ),
        "evaluation",
        frozenset({"parquet"}),
    )

    def make_answers(work: Work) -> Made:
        base = recipe.training.base
        ident = str(house.store.read(CHECKPOINT)["checkpoint_id"][0])
        student = Model(student_name(base.name), revision=ident)
        by_student = replace(completer(house, "student", student, work), weights=run_of(house).folder)
        entrants = [
            Entrant("base", base, completer(house, "base", base, work)),
            Entrant("student", student, by_student, ident),
            *(Entrant(one.role, one.model, completer(house, one.role, one.model, work)) for one in recipe.contenders),
        ]
        epoch = epochs.enter(work.context)
        with marking(house, work) as judges:
            made = answer(
                house.store.read(BENCHMARK_PROBLEMS), recipe.benchmarks, recipe.evaluation, entrants, judges, epoch
            )
        told = answered_with(house, {each.role: each.model for each in entrants}, made, epoch)
        return replace(made, facts={**made.facts, MADE_WITH: told})

    def make_reports(work: Work) -> Made:
        scores = item_scores(house.store.scan(ANSWERS))
        epochs.hold(work.context, str(scores["epoch_name"][0]))
        told = made_with(house)
        leaked = leaked_items(house)
        made = report(scores, recipe.benchmarks, told, leaked)
        text = report_files.write_reports(house, made.frame, leaked)
        files = [house.store.folder / name for name in report_files.FILES]
        history_of(house).append(made.frame, scores, told, files)
        write_card(house, run_of(house), made.frame)
        return replace(made, facts={**made.facts, "scores": text})

    def damage(rows: pl.DataFrame) -> str:
        version = house.store.data_version(REPORTS)
        name = name_of(str(rows["epoch_name"][0]) if rows.height else "", version)
        return report_files.missing(house) or ("" if history_of(house).holds(name) else "the history does not keep it")

    return [
        house.asset(
            asked,
            make_answers,
            picture=figures.answers,
            outside=lambda context: {"epoch": epochs.enter(context)},
        ),
        house.asset(
            reported,
            make_reports,
            picture=figures.scores,
            damage=damage,
        ),
        drift_check(house),
    ]


def leaked_items(house: House) -> dict[str, str]:
    """The asked benchmark items that are in the questions of the kept examples, by the recipe's own rule; evidence.

    An item that is set aside is asked nobody, and counts nowhere in a report; the gate before the training sees it.

    Both tables are read without being parents: the ids in those that are hold all that is read here.
    """
    kept_problems = kept(house.store.scan(EXAMPLES).select("problem_id", "dropped_by").collect())["problem_id"]
    learned = house.store.scan(PROBLEMS).filter(pl.col("problem_id").is_in(kept_problems.unique().to_list()))
    items = usable(house.store.scan(BENCHMARK_PROBLEMS).select("problem_id", "question", "set_aside").collect())
    return contaminated_items(
        dict(learned.select("problem_id", "question").collect().iter_rows()),
        dict(items.select("problem_id", "question").iter_rows()),
        house.recipe.curation.decontamination,
    )
