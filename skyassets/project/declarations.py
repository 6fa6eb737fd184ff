"""What decides whether a table is made again: its parents, code, part of the recipe, and outside versions."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl

from skyassets.core.code_version import code_version
from skyassets.core.sources import Generated, HubDataset, LocalFile, Source
from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
)
from skyassets.engines.sources.reader import ProblemReader
from skyassets.engines.training.checkpoint_folder import WeightsFile
from skyassets.project.evaluation import epoch, report_files
from skyassets.project.evaluation.history import history_of, name_of
from skyassets.project.graders import GRADERS
from skyassets.project.project import Declared, House, Outside, Run, Spec
from skyassets.project.sft_files import FILES, FOLDER, PARENTS, is_intact, provenance
from skyassets.project.training_runs import TRAINER, run_in, runs_of

STAGES = "skyassets.stages"
PROBLEM_CODE = (
    f"{STAGES}.problems.table",
    f"{STAGES}.problems.reference_check",
    "skyassets.engines.sources",
    *GRADERS,
)
RATED_PROBLEM_CODE = (*PROBLEM_CODE, f"{STAGES}.problems.difficulty")


def declarations(house: House) -> dict[str, Declared]:
    """Each asset's declaration by the name of its table, in the order of a run."""
    declared = (
        _problems(house),
        _benchmark_problems(house),
        _traces(house),
        _rewrites(house),
        _verdicts(house),
        _examples(house),
        _checkpoint(house),
        _answers(house),
        _reports(house),
    )
    return {each.spec.table.name: each for each in declared}


def _problems(house: House) -> Declared:
    recipe = house.recipe
    used = (_anywhere(recipe.sources), recipe.limits)
    if recipe.rating is None:
        spec = Spec(PROBLEMS, (), PROBLEM_CODE, used, "problems", frozenset({"parquet"}))
    else:
        kinds = frozenset({"parquet", "llm"})
        spec = Spec(PROBLEMS, (), RATED_PROBLEM_CODE, (*used, recipe.rating), "problems", kinds)
    return Declared(spec, outside=_files(recipe.sources))


def _benchmark_problems(house: House) -> Declared:
    benchmarks = house.recipe.benchmarks
    used = (tuple((one.name, *_anywhere([one.source])) for one in benchmarks), house.recipe.limits)
    spec = Spec(BENCHMARK_PROBLEMS, (), PROBLEM_CODE, used, "problems", frozenset({"parquet"}))
    return Declared(spec, outside=_files([one.source for one in benchmarks]))


def _traces(house: House) -> Declared:
    code = (f"{STAGES}.sampling.sample",)
    return Declared(Spec(TRACES, (PROBLEMS,), code, house.recipe.teacher, "generation", frozenset({"llm"})))


def _rewrites(house: House) -> Declared:
    code = (f"{STAGES}.rewriting.rewrite",)
    used = house.recipe.rewriting
    return Declared(Spec(REWRITES, (TRACES, PROBLEMS), code, used, "generation", frozenset({"llm"})))


def _verdicts(house: House) -> Declared:
    judge = house.recipe.judge
    kinds = frozenset({"parquet", "bubblewrap"} | ({"llm"} if judge else set()))
    code = (f"{STAGES}.grading.verdicts", *GRADERS)
    used = (house.recipe.limits, judge)
    return Declared(Spec(VERDICTS, (TRACES, REWRITES, PROBLEMS), code, used, "curation", kinds))


def _examples(house: House) -> Declared:
    recipe = house.recipe
    code = (
        f"{STAGES}.curation.curate",
        f"{STAGES}.publishing.dataset_card",
        f"{STAGES}.curation.training_files",
        "skyassets.engines.tokenizing",
    )
    used = (recipe.curation, recipe.student_prompts, recipe.training.base, provenance(recipe))

    def damage(rows: pl.DataFrame) -> str:
        manifest = house.store.manifest(EXAMPLES)
        files = manifest.facts.get(FILES) if manifest else None
        if not isinstance(files, dict):
            return f"its folder {FOLDER} was never written"
        harmed = [name for name, digest in files.items() if not is_intact(house.store.folder / FOLDER / name, digest)]
        return f"gone or changed from outside: {', '.join(f'{FOLDER}/{name}' for name in harmed)}" if harmed else ""

    return Declared(Spec(EXAMPLES, PARENTS, code, used, "curation", frozenset({"parquet"})), damage)


def _checkpoint(house: House) -> Declared:
    def damage(rows: pl.DataFrame) -> str:
        found = rows.filter(pl.col("kind") == "file").select("path", "bytes", "sha256")
        return runs_of(house).damage(run_in(rows), [WeightsFile(*row) for row in found.iter_rows()])

    code = (f"{STAGES}.training.checkpoint_table", *TRAINER)
    kinds = frozenset({"deepspeed", "torch"})
    return Declared(Spec(CHECKPOINT, (EXAMPLES,), code, house.recipe.training, "training", kinds), damage)


# Every descendant of sft_dataset is its direct child too: `--select sft_dataset+` follows one hop only.


def _answers(house: House) -> Declared:
    recipe = house.recipe
    code = (f"{STAGES}.evaluation.answers", f"{STAGES}.evaluation.manifest", *GRADERS)
    used = (
        recipe.evaluation,
        recipe.limits,
        recipe.training.base,
        recipe.judge,
        recipe.contenders,
        _asks(house),
    )
    spec = Spec(ANSWERS, (EXAMPLES, CHECKPOINT, BENCHMARK_PROBLEMS), code, used, "evaluation", frozenset({"llm"}))
    return Declared(spec, outside=lambda run: {"epoch": epoch.enter(house, run)})


def _reports(house: House) -> Declared:
    recipe = house.recipe
    code = (
        f"{STAGES}.evaluation.scores",
        f"{STAGES}.deduplication.contamination",
        f"{STAGES}.evaluation.manifest",
        *report_files.CODE,
    )
    used = (
        recipe.name,
        recipe.description,
        recipe.evaluation,
        recipe.training.base,
        code_version(*GRADERS),
        recipe.contenders,
        recipe.curation.decontamination,
        _asks(house),
        [(one.name, one.k, one.metric) for one in recipe.benchmarks],
    )

    def damage(rows: pl.DataFrame) -> str:
        version = house.store.data_version(REPORTS)
        name = name_of(str(rows["epoch_name"][0]) if rows.height else "", version)
        return report_files.missing(house) or ("" if history_of(house).holds(name) else "the history does not keep it")

    return Declared(
        Spec(REPORTS, (EXAMPLES, CHECKPOINT, ANSWERS), code, used, "evaluation", frozenset({"parquet"})), damage
    )


def _asks(house: House) -> list[tuple[object, ...]]:
    """How each benchmark is asked where it differs from the evaluation."""
    return [(one.name, one.prompt, one.sampling, one.samples) for one in house.recipe.benchmarks]


def _anywhere(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources without the places of local files: what lies on the disk is known by its content."""
    return tuple(replace(source, origin=_origin(source)) for source in sources)


def _origin(source: Source) -> Generated | LocalFile | HubDataset:
    match source.origin:
        case LocalFile():
            return LocalFile("")
        case HubDataset(repo) if Path(repo).is_dir():
            return replace(source.origin, repo="", revision="")
        case _:
            return source.origin


def _files(sources: Iterable[Source]) -> Outside:
    """The versions of the files that `sources` name, which may change under the recipe."""
    read = [source for source in sources if not isinstance(source.origin, Generated)]

    def versions(run: Run | None) -> dict[str, str]:
        reader = ProblemReader()
        return {f"source {source.name}": reader.fingerprint(source) for source in read}

    return versions
