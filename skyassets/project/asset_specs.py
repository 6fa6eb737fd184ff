"""What decides whether an asset is rebuilt: its parents, code, part of the recipe, and external versions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from skyassets.core.code.version import code_version
from skyassets.core.identity import digest
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
    Table,
)
from skyassets.core.tables.manifest import Inputs
from skyassets.engines.sources.reader import ProblemReader
from skyassets.engines.training.checkpoint_folder import WeightsFile
from skyassets.project.evaluation import report_files
from skyassets.project.evaluation.epoch import enter_epoch
from skyassets.project.evaluation.history import history_of, report_name
from skyassets.project.graders import GRADERS
from skyassets.project.project import PipelineRun, Project
from skyassets.project.sft_files import FILES, FOLDER, PARENTS, is_intact, provenance
from skyassets.project.training_runs import TRAINER, run_name_in, training_runs

STAGES = "skyassets.stages"
PROBLEM_CODE = (
    f"{STAGES}.problems.table",
    f"{STAGES}.problems.reference_check",
    "skyassets.engines.sources",
    *GRADERS,
)
RATED_PROBLEM_CODE = (*PROBLEM_CODE, f"{STAGES}.problems.difficulty")


@dataclass(frozen=True)
class AssetSpec:
    """What defines an asset: its table, its parents, the code, and the part of the recipe it uses."""

    table: Table
    parents: tuple[Table, ...]
    code: tuple[str, ...]
    """Modules whose code determines the rows; the stages they import are included."""
    recipe: object
    group: str
    kinds: frozenset[str]
    damage: Callable[[pl.DataFrame], str] | None = None
    """Checks a stored table for damage outside its file and describes it; returns an empty string if there is none."""
    external: Callable[[PipelineRun | None], dict[str, str]] = lambda run: {}
    """Versions of external inputs (a source's file, the epoch), for a run or, with None, as of now."""

    @property
    def version(self) -> str:
        """The asset's code version for Dagster: one digest of code, recipe part and table schema."""
        return digest(self._code_digest, self.recipe)

    def inputs(self, versions: dict[str, str]) -> Inputs:
        """What the table is made from, given the versions of its parents and its external inputs."""
        return Inputs(code=self._code_digest, parents=versions, recipe=self.recipe)

    @property
    def _code_digest(self) -> str:
        # The recipe is left out, so that a change of either can be reported by name.
        return digest(code_version(*self.code), [(name, str(kind)) for name, kind in self.table.schema.items()])


def asset_specs(project: Project) -> dict[str, AssetSpec]:
    """Each asset's spec by table name, in execution order."""
    specs = (
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
    return {spec.table.name: spec for spec in specs}


def _problems(project: Project) -> AssetSpec:
    recipe = project.recipe
    is_rated = recipe.rating is not None
    code = RATED_PROBLEM_CODE if is_rated else PROBLEM_CODE
    used = (_anywhere(recipe.sources), recipe.limits, *((recipe.rating,) if is_rated else ()))
    kinds = frozenset({"parquet", "llm"} if is_rated else {"parquet"})
    return AssetSpec(PROBLEMS, (), code, used, "problems", kinds, external=_file_versions(recipe.sources))


def _benchmark_problems(project: Project) -> AssetSpec:
    benchmarks = project.recipe.benchmarks
    used = (tuple((one.name, *_anywhere([one.source])) for one in benchmarks), project.recipe.limits)
    external = _file_versions([one.source for one in benchmarks])
    kinds = frozenset({"parquet"})
    return AssetSpec(BENCHMARK_PROBLEMS, (), PROBLEM_CODE, used, "problems", kinds, external=external)


def _traces(project: Project) -> AssetSpec:
    code = (f"{STAGES}.sampling.sample",)
    return AssetSpec(TRACES, (PROBLEMS,), code, project.recipe.teacher, "generation", frozenset({"llm"}))


def _rewrites(project: Project) -> AssetSpec:
    code = (f"{STAGES}.rewriting.rewrite",)
    return AssetSpec(REWRITES, (TRACES, PROBLEMS), code, project.recipe.rewriting, "generation", frozenset({"llm"}))


def _verdicts(project: Project) -> AssetSpec:
    judge = project.recipe.judge
    kinds = frozenset({"parquet", "bubblewrap"} | ({"llm"} if judge else set()))
    code = (f"{STAGES}.grading.verdicts", *GRADERS)
    return AssetSpec(VERDICTS, (TRACES, REWRITES, PROBLEMS), code, (project.recipe.limits, judge), "curation", kinds)


def _examples(project: Project) -> AssetSpec:
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
        changed = [name for name, known in files.items() if not is_intact(project.store.folder / FOLDER / name, known)]
        return f"missing or modified: {', '.join(f'{FOLDER}/{name}' for name in changed)}" if changed else ""

    return AssetSpec(EXAMPLES, PARENTS, code, used, "curation", frozenset({"parquet"}), damage)


def _checkpoint(project: Project) -> AssetSpec:
    def damage(rows: pl.DataFrame) -> str:
        files = rows.filter(pl.col("kind") == "file").select("path", "bytes", "sha256")
        return training_runs(project).damage(run_name_in(rows), [WeightsFile(*row) for row in files.iter_rows()])

    code = (f"{STAGES}.training.checkpoint_table", *TRAINER)
    kinds = frozenset({"deepspeed", "torch"})
    return AssetSpec(CHECKPOINT, (EXAMPLES,), code, project.recipe.training, "training", kinds, damage)


# Every descendant of sft_dataset is also its direct child, because `--select sft_dataset+` follows one hop only.


def _answers(project: Project) -> AssetSpec:
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
    return AssetSpec(
        ANSWERS,
        (EXAMPLES, CHECKPOINT, BENCHMARK_PROBLEMS),
        code,
        used,
        "evaluation",
        frozenset({"llm"}),
        external=lambda run: {"epoch": enter_epoch(project, run)},
    )


def _reports(project: Project) -> AssetSpec:
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
        if missing := report_files.missing(project):
            return missing
        return "" if history_of(project).holds(report_name(project, rows)) else "not in the history"

    kinds = frozenset({"parquet"})
    return AssetSpec(REPORTS, (EXAMPLES, CHECKPOINT, ANSWERS), code, used, "evaluation", kinds, damage)


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


def _file_versions(sources: Iterable[Source]) -> Callable[[PipelineRun | None], dict[str, str]]:
    """The versions of the sources' files, which may change independently of the recipe."""
    files = [source for source in sources if not isinstance(source.origin, Generated)]

    def versions(run: PipelineRun | None) -> dict[str, str]:
        reader = ProblemReader()
        return {f"source {source.name}": reader.fingerprint(source) for source in files}

    return versions
