"""What decides whether a table is rebuilt: its parents, code, part of the recipe, and external versions."""

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
from skyassets.project.project import AssetDeclaration, AssetSpec, Outside, Project, Run
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


def declarations(project: Project) -> dict[str, AssetDeclaration]:
    """Each asset's declaration by table name, in execution order."""
    declared = (
        _problems(project),
        _benchmark_problems(project),
        _traces(project),
        _rewrites(project),
        _verdicts(project),
        _examples(project),
        _checkpoint(project),
        _answers(project),
        _reports(project),
    )
    return {each.spec.table.name: each for each in declared}


def _problems(project: Project) -> AssetDeclaration:
    recipe = project.recipe
    used = (_anywhere(recipe.sources), recipe.limits)
    if recipe.rating is None:
        spec = AssetSpec(PROBLEMS, (), PROBLEM_CODE, used, "problems", frozenset({"parquet"}))
    else:
        kinds = frozenset({"parquet", "llm"})
        spec = AssetSpec(PROBLEMS, (), RATED_PROBLEM_CODE, (*used, recipe.rating), "problems", kinds)
    return AssetDeclaration(spec, outside=_files(recipe.sources))


def _benchmark_problems(project: Project) -> AssetDeclaration:
    benchmarks = project.recipe.benchmarks
    used = (tuple((one.name, *_anywhere([one.source])) for one in benchmarks), project.recipe.limits)
    spec = AssetSpec(BENCHMARK_PROBLEMS, (), PROBLEM_CODE, used, "problems", frozenset({"parquet"}))
    return AssetDeclaration(spec, outside=_files([one.source for one in benchmarks]))


def _traces(project: Project) -> AssetDeclaration:
    code = (f"{STAGES}.sampling.sample",)
    return AssetDeclaration(
        AssetSpec(TRACES, (PROBLEMS,), code, project.recipe.teacher, "generation", frozenset({"llm"}))
    )


def _rewrites(project: Project) -> AssetDeclaration:
    code = (f"{STAGES}.rewriting.rewrite",)
    used = project.recipe.rewriting
    return AssetDeclaration(AssetSpec(REWRITES, (TRACES, PROBLEMS), code, used, "generation", frozenset({"llm"})))


def _verdicts(project: Project) -> AssetDeclaration:
    judge = project.recipe.judge
    kinds = frozenset({"parquet", "bubblewrap"} | ({"llm"} if judge else set()))
    code = (f"{STAGES}.grading.verdicts", *GRADERS)
    used = (project.recipe.limits, judge)
    return AssetDeclaration(AssetSpec(VERDICTS, (TRACES, REWRITES, PROBLEMS), code, used, "curation", kinds))


def _examples(project: Project) -> AssetDeclaration:
    recipe = project.recipe
    code = (
        f"{STAGES}.curation.curate",
        f"{STAGES}.publishing.dataset_card",
        f"{STAGES}.curation.training_files",
        "skyassets.engines.tokenizing",
    )
    used = (recipe.curation, recipe.student_prompts, recipe.training.base, provenance(recipe))

    def damage(rows: pl.DataFrame) -> str:
        manifest = project.store.manifest(EXAMPLES)
        files = manifest.metadata.get(FILES) if manifest else None
        if not isinstance(files, dict):
            return f"its folder {FOLDER} was never written"
        harmed = [name for name, digest in files.items() if not is_intact(project.store.folder / FOLDER / name, digest)]
        return f"gone or changed from outside: {', '.join(f'{FOLDER}/{name}' for name in harmed)}" if harmed else ""

    return AssetDeclaration(AssetSpec(EXAMPLES, PARENTS, code, used, "curation", frozenset({"parquet"})), damage)


def _checkpoint(project: Project) -> AssetDeclaration:
    def damage(rows: pl.DataFrame) -> str:
        found = rows.filter(pl.col("kind") == "file").select("path", "bytes", "sha256")
        return runs_of(project).damage(run_in(rows), [WeightsFile(*row) for row in found.iter_rows()])

    code = (f"{STAGES}.training.checkpoint_table", *TRAINER)
    kinds = frozenset({"deepspeed", "torch"})
    return AssetDeclaration(
        AssetSpec(CHECKPOINT, (EXAMPLES,), code, project.recipe.training, "training", kinds), damage
    )


# Every descendant of sft_dataset is also its direct child, because `--select sft_dataset+` follows one hop only.


def _answers(project: Project) -> AssetDeclaration:
    recipe = project.recipe
    code = (f"{STAGES}.evaluation.answers", f"{STAGES}.evaluation.manifest", *GRADERS)
    used = (
        recipe.evaluation,
        recipe.limits,
        recipe.training.base,
        recipe.judge,
        recipe.contenders,
        _asks(project),
    )
    spec = AssetSpec(ANSWERS, (EXAMPLES, CHECKPOINT, BENCHMARK_PROBLEMS), code, used, "evaluation", frozenset({"llm"}))
    return AssetDeclaration(spec, outside=lambda run: {"epoch": epoch.enter(project, run)})


def _reports(project: Project) -> AssetDeclaration:
    recipe = project.recipe
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
        _asks(project),
        [(one.name, one.k, one.metric) for one in recipe.benchmarks],
    )

    def damage(rows: pl.DataFrame) -> str:
        version = project.store.data_version(REPORTS)
        name = name_of(str(rows["epoch_name"][0]) if rows.height else "", version)
        return report_files.missing(project) or (
            "" if history_of(project).holds(name) else "the history does not keep it"
        )

    return AssetDeclaration(
        AssetSpec(REPORTS, (EXAMPLES, CHECKPOINT, ANSWERS), code, used, "evaluation", frozenset({"parquet"})), damage
    )


def _asks(project: Project) -> list[tuple[object, ...]]:
    """How each benchmark is asked, where it differs from the evaluation."""
    return [(one.name, one.prompt, one.sampling, one.samples) for one in project.recipe.benchmarks]


def _anywhere(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources without the paths of local files, which are identified by their content."""
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
    """The versions of the sources' files, which may change independently of the recipe."""
    read = [source for source in sources if not isinstance(source.origin, Generated)]

    def versions(run: Run | None) -> dict[str, str]:
        reader = ProblemReader()
        return {f"source {source.name}": reader.fingerprint(source) for source in read}

    return versions
