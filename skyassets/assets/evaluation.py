"""The evaluation: answers of base and student to the benchmarks, and the report on them."""

from dataclasses import replace

import dagster as dg

from skyassets.assets.grading import GRADERS, marking
from skyassets.assets.house import EPOCH_TAG, House, Spec, Work
from skyassets.assets.model import run_of, write_card
from skyassets.assets.place import student_name
from skyassets.assets.traces import completer
from skyassets.core.code_version import code_version
from skyassets.core.files import write_text
from skyassets.core.identity import digest
from skyassets.core.ports import Model
from skyassets.core.table_store import Made
from skyassets.core.tables import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, REPORTS
from skyassets.stages import card_facts, pictures
from skyassets.stages.answer import Entrant, answer
from skyassets.stages.report import report
from skyassets.stages.report_text import report_text


def evaluation_assets(house: House) -> list[dg.AssetsDefinition]:
    """`benchmark_answers` and `benchmark_reports`."""
    recipe = house.recipe
    graders = code_version(*GRADERS)
    # Every descendant of sft_dataset is its direct child too: `--select sft_dataset+` follows one hop only.
    asked = Spec(
        ANSWERS,
        (EXAMPLES, CHECKPOINT, BENCHMARK_PROBLEMS),
        ("skyassets.stages.answer", *GRADERS),
        (recipe.evaluation, recipe.limits, recipe.training.base, recipe.judge),
        "evaluation",
        frozenset({"llm"}),
    )
    reported = Spec(
        REPORTS,
        (EXAMPLES, CHECKPOINT, ANSWERS),
        ("skyassets.stages.report", "skyassets.stages.report_text"),
        (recipe.name, recipe.description, recipe.evaluation, recipe.training.base, graders),
        "evaluation",
        frozenset({"parquet"}),
    )

    def make_answers(work: Work) -> Made:
        base = recipe.training.base
        ident = str(house.store.read(CHECKPOINT)["checkpoint_id"][0])
        student = Model(student_name(base.name), revision=ident)
        by_student = replace(completer(house, "student", student, work), weights=run_of(house).folder)
        with marking(house, work) as judges:
            return answer(
                house.store.read(BENCHMARK_PROBLEMS),
                recipe.evaluation,
                [
                    Entrant("base", base, completer(house, "base", base, work)),
                    Entrant("student", student, by_student, ident),
                ],
                judges,
                current_epoch(house),
            )

    def make_reports(work: Work) -> Made:
        answers = house.store.read(ANSWERS)
        made = report(
            answers,
            {
                "recipe": recipe.name,
                "base": str(recipe.training.base),
                "checkpoint": str(house.store.read(CHECKPOINT)["checkpoint_id"][0]),
                "served by": sorted(answers["served_by"].drop_nulls().unique()),
                "sampling": recipe.evaluation.sampling,
                "samples": recipe.evaluation.samples,
                "seed": recipe.evaluation.seed,
                "prompts": digest(recipe.evaluation.prompts),
                "graders": graders,
                "training examples": house.store.data_version(EXAMPLES),
                "benchmark answers": house.store.data_version(ANSWERS),
            },
        )
        text = report_text(recipe.name, recipe.description, made.frame)
        write_text(house.store.folder / "report.md", text)
        epoch = str(answers["epoch_name"][0]) or "first"
        write_text(house.store.folder / "reports" / f"{epoch}.md", text)
        write_card(house, run_of(house), card_facts.scores(made.frame))
        return replace(made, facts={**made.facts, "scores": text})

    return [
        house.asset(
            asked,
            make_answers,
            picture=pictures.answers,
            outside=lambda context: {"epoch": enter_epoch(house, context)},
        ),
        house.asset(
            reported,
            make_reports,
            picture=pictures.scores,
            damage=lambda rows: "" if (house.store.folder / "report.md").exists() else "its text, report.md, is gone",
        ),
    ]


def current_epoch(house: House) -> str:
    """The name of the evaluation's epoch; empty for the first."""
    file = house.store.folder / "epoch.txt"
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def enter_epoch(house: House, context: dg.AssetExecutionContext) -> str:
    """The epoch this run belongs to; a run tagged with a new one (the schedule's) begins it."""
    tagged = context.run.tags.get(EPOCH_TAG, "")
    if tagged and tagged != current_epoch(house):
        write_text(house.store.folder / "epoch.txt", tagged)
    return current_epoch(house)
