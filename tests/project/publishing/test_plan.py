"""What forbids publishing a recipe's data set and student: every reason, on a pipeline that has really run."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from assets.pipeline import Pipeline

from skyassets.core.publication import Publication, RepoType
from skyassets.project.project import Project
from skyassets.project.publishing.cards import Names
from skyassets.project.publishing.plan import PublicationRequest, publication
from skyassets.stages.curation.gates import Gates

BOTH = (RepoType.DATA, RepoType.MODEL)
ALL_RIGHT = ("CC-BY-NC-4.0", "unknown")
"""The licences of this pipeline's rows and of its fake base."""
TOKEN = "hf_" + "aB3" * 12


@pytest.fixture(scope="module")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pipeline = under_nc(tmp_path_factory.mktemp("publishing"))
    assert pipeline.materialize().success
    return pipeline.folder


@pytest.fixture
def pipeline(finished_folder: Path, tmp_path: Path) -> Pipeline:
    """A copy of a finished pipeline, to be damaged."""
    shutil.copytree(finished_folder / "data", tmp_path / "data")
    return under_nc(tmp_path)


def under_nc(folder: Path) -> Pipeline:
    """A pipeline whose problems may not be used commercially."""
    pipeline = Pipeline(folder)
    (source,) = pipeline.recipe.sources
    pipeline.recipe = replace(pipeline.recipe, sources=(replace(source, licence="CC-BY-NC-4.0"),))
    return pipeline


def publication_of(
    pipeline: Pipeline, *accepted: str, kinds: tuple[RepoType, ...] = BOTH, report: str = "", has_pages: bool = True
) -> Publication:
    names = Names("ada/sums", "ada/sums-1b", accepted)
    return publication(
        Project(pipeline.recipe, pipeline.deployment), PublicationRequest(kinds, names, report, has_pages)
    )


def test_a_finished_pipeline_can_be_published(pipeline: Pipeline) -> None:
    result = publication_of(pipeline, *ALL_RIGHT)
    assert result.problems == ()
    assert [(parcel.repo_type, len(parcel.files)) for parcel in result.uploads] == [
        (RepoType.DATA, 4),
        (RepoType.MODEL, 7),
    ]


def test_missing_tables_are_not_published(tmp_path: Path) -> None:
    result = publication_of(Pipeline(tmp_path))
    assert result.uploads == ()
    assert [line.split()[0] for line in result.problems] == ["sft_dataset", "checkpoint", "benchmark_reports"]


def test_each_licence_that_forbids_is_refused_with_its_rows(pipeline: Pipeline) -> None:
    rows = publication_of(pipeline).problems
    assert len(rows) == 2
    assert rows[0].startswith("CC-BY-NC-4.0 forbids commercial use: ")
    assert rows[0].endswith("rows of the data set; if you may publish it, pass --accept-licence CC-BY-NC-4.0")
    assert rows[1].startswith("the licence of the base, tiny is unknown")
    assert len(publication_of(pipeline, "cc-by-nc-4.0").problems) == 1
    assert publication_of(pipeline, "CC-BY-NC-4.0", kinds=(RepoType.DATA,)).problems == ()


def test_a_broken_gate_refuses(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, gates=Gates(minimum=1_000))
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert "minimum_rows (kept: " in reason


def test_the_report_must_be_on_these_weights(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, training=replace(pipeline.recipe.training, learning_rate=5e-4))
    assert pipeline.materialize(only="checkpoint").success
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert "the report is on the checkpoint" in reason
    alone = publication_of(pipeline, *ALL_RIGHT, kinds=(RepoType.DATA,))
    assert alone.problems == ()
    assert any("published without a report: the report is on the checkpoint" in line for line in alone.warnings)
    assert len(alone.uploads[0].files) == 4


def test_the_weights_must_be_of_this_data_set(pipeline: Pipeline) -> None:
    prompts = replace(pipeline.recipe.student_prompts, system="Think first.")
    pipeline.recipe = replace(pipeline.recipe, student_prompts=prompts)
    assert pipeline.materialize(only="sft_dataset").success
    result = publication_of(pipeline, *ALL_RIGHT)
    assert any("the weights were trained on sft_dataset" in line for line in result.problems)


def test_a_stale_table_is_only_a_warning(pipeline: Pipeline) -> None:
    pipeline.write([])
    pipeline.file.write_text('{"question": "What is 2 times 2?", "answer": "4"}\n')
    result = publication_of(pipeline, *ALL_RIGHT)
    assert result.problems == ()
    assert any(line.startswith("a run would rebuild: raw_problems") for line in result.warnings)


def changed(path: Path) -> None:
    """Another file of the same size."""
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


@pytest.mark.parametrize("harm", [changed, Path.unlink])
@pytest.mark.parametrize("deployment", ["weights/*/tiny.json", "sft/train.parquet"])
def test_damaged_files_are_refused(pipeline: Pipeline, deployment: str, harm: Callable[[Path], None]) -> None:
    (path,) = pipeline.store.folder.glob(deployment)
    harm(path)
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert path.name in reason


def test_a_damaged_table_of_the_history_is_refused(pipeline: Pipeline) -> None:
    (path,) = pipeline.store.folder.glob("history/*/items.parquet")
    path.write_text("junk")
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert "items.parquet cannot be read" in reason


def test_weights_without_their_record_are_refused(pipeline: Pipeline) -> None:
    next(pipeline.store.folder.glob("weights/*.json")).unlink()
    assert any("missing or unfinished" in line for line in publication_of(pipeline, *ALL_RIGHT).problems)


def test_a_missing_page_is_taken_from_the_history_or_refused(pipeline: Pipeline) -> None:
    (pipeline.store.folder / "report.html").unlink()
    assert publication_of(pipeline, *ALL_RIGHT).problems == ()
    next(pipeline.store.folder.glob("history/*/report.html")).unlink()
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert "report.html is missing" in reason
    assert publication_of(pipeline, *ALL_RIGHT, has_pages=False).problems == ()


def test_a_report_of_the_history_can_be_named_and_an_unknown_one_is_refused(pipeline: Pipeline) -> None:
    (stored,) = (pipeline.store.folder / "history").iterdir()
    result = publication_of(pipeline, *ALL_RIGHT, report=stored.name)
    assert result.problems == ()
    sources = {item.content for item in result.uploads[1].files if item.path.startswith("report/")}
    assert {path.parent for path in sources if isinstance(path, Path)} == {stored}
    (reason,) = publication_of(pipeline, *ALL_RIGHT, report="../x").problems
    assert reason == f"the history has no report '../x'; it has: {stored.name}"


@pytest.mark.parametrize("secret", [TOKEN, "correct-horse-battery"])
def test_a_secret_in_a_file_is_refused_and_not_repeated(pipeline: Pipeline, secret: str) -> None:
    pipeline.deployment = replace(pipeline.deployment, keys={"teacher": ("correct-horse-battery",)})
    with (pipeline.store.folder / "report.md").open("a") as page:
        page.write(secret)
    (reason,) = publication_of(pipeline, *ALL_RIGHT).problems
    assert reason.startswith("model: report/report.md contains ")
    assert secret not in reason


def test_a_path_of_this_machine_in_a_card_is_refused(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, description="Made of /home/eve/problems.jsonl")
    refused = publication_of(pipeline, *ALL_RIGHT).problems
    assert [line.split(" contains ")[0] for line in refused] == ["dataset: README.md", "model: README.md"]
