"""Epochs and the history on a whole small pipeline: fresh samples, nothing overwritten, two runs never mixed."""

import json
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from assets.pipeline import Pipeline

from skyassets.assets.graph import build_definitions
from skyassets.core.files import write_text
from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, REPORTS
from skyassets.project.evaluation.epoch import EPOCH_TAG
from skyassets.project.evaluation.history import History

SCORED = 24
"""Calls of a whole epoch: twelve items, two models, one sample."""


def history(pipeline: Pipeline) -> History:
    return History(pipeline.store.folder / "history")


def names(pipeline: Pipeline) -> list[str]:
    return [report.name for report in history(pipeline).reports()]


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return str(event.step_failure_data.error)


def test_a_new_epoch_asks_every_item_again_and_keeps_the_report_before(pipeline: Pipeline) -> None:
    before = {path.name: path.read_bytes() for path in history(pipeline).reports()[0].folder.iterdir()}
    outcome = pipeline.run({EPOCH_TAG: "2026-01-05-0600"})
    assert outcome.rebuilt == {"benchmark_answers", "benchmark_reports"}
    assert outcome.calls == SCORED
    first, second = history(pipeline).reports()
    assert (first.epoch, second.epoch) == ("first", "2026-01-05-0600")
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == before
    assert second.name == f"2026-01-05-0600-{pipeline.store.data_version(REPORTS)[:12]}"
    assert pipeline.store.read(ANSWERS)["epoch_name"].unique().to_list() == ["2026-01-05-0600"]


def test_the_prompts_of_an_epoch_are_the_same_and_only_the_seeds_differ(pipeline: Pipeline) -> None:
    log = pipeline.deployment.data / "logs" / "tiny-server.jsonl"

    def latest() -> tuple[list[str], set[int]]:
        requests = [json.loads(line) for line in log.read_text().splitlines()][-SCORED:]
        return sorted(json.dumps([one["model"], one["messages"]]) for one in requests), {
            one["seed"] for one in requests
        }

    prompts, seeds = latest()
    pipeline.run({EPOCH_TAG: "e2"})
    again, others = latest()
    assert again == prompts
    assert not seeds & others


def test_a_run_without_a_tag_stays_in_the_latest_epoch_and_keeps_nothing_twice(pipeline: Pipeline) -> None:
    pipeline.run({EPOCH_TAG: "e2"})
    reports = names(pipeline)
    assert pipeline.run().rebuilt == frozenset()
    assert pipeline.run({EPOCH_TAG: "e2"}).rebuilt == frozenset()
    assert names(pipeline) == reports


def test_an_identical_report_is_not_kept_twice(pipeline: Pipeline) -> None:
    reports = names(pipeline)
    (pipeline.store.folder / "report.md").unlink()
    assert pipeline.run().rebuilt == {"benchmark_reports"}
    assert names(pipeline) == reports


def test_the_history_has_the_report_its_items_its_manifest_and_its_files(pipeline: Pipeline) -> None:
    (report,) = history(pipeline).reports()
    assert {path.name for path in report.folder.iterdir()} == {
        "benchmark_reports.parquet",
        "items.parquet",
        "manifest.json",
        "report.html",
        "report.md",
    }
    assert report.rows.sort("report_id").equals(pipeline.store.read(REPORTS))
    assert json.loads(pipeline.store.read(REPORTS)["made_with"][0]) == report.made_with
    assert report.past().items.select("role", "problem_id").n_unique() == SCORED
    assert not [path for path in history(pipeline).folder.iterdir() if path.name.startswith(".")]


def test_a_report_removed_from_the_history_is_kept_again(pipeline: Pipeline) -> None:
    (report,) = history(pipeline).reports()
    (report.folder / "manifest.json").unlink()
    for path in report.folder.iterdir():
        path.unlink()
    report.folder.rmdir()
    outcome = pipeline.run()
    assert (outcome.rebuilt, outcome.calls) == ({"benchmark_reports"}, 0)
    assert names(pipeline) == [report.name]


@pytest.mark.parametrize("name", ["../../etc", "a b", "-x", "x" * 65, "first", "e\n", "é", ".", "a/b"])
def test_a_tag_that_is_not_a_valid_name_is_refused(pipeline: Pipeline, name: str) -> None:
    result = pipeline.materialize({EPOCH_TAG: name}, only="benchmark_answers")
    assert not result.success
    assert f"EpochError: the run's tag {EPOCH_TAG} is {name!r}" in failure(result)
    assert not (pipeline.store.folder / "epoch.txt").exists()


def test_a_run_continues_in_its_own_epoch_when_another_one_begins(pipeline: Pipeline) -> None:
    """The second tick writes its epoch down between two steps of the first run."""
    job = build_definitions(pipeline.recipe, pipeline.deployment).resolve_job_def("re_evaluate")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, tags={EPOCH_TAG: "e2"}, asset_selection=[dg.AssetKey(ANSWERS.name)]
        )
        assert result.success
        write_text(pipeline.store.folder / "epoch.txt", "e3")
        reported = job.execute_in_process(
            instance=instance, tags={EPOCH_TAG: "e2"}, asset_selection=[dg.AssetKey(REPORTS.name)]
        )
    assert reported.success
    assert pipeline.store.read(REPORTS)["epoch_name"].unique().to_list() == ["e2"]
    assert names(pipeline)[-1].startswith("e2-")


def test_a_report_on_another_runs_epoch_is_refused(pipeline: Pipeline) -> None:
    pipeline.run({EPOCH_TAG: "e2"})
    pipeline.materialize({EPOCH_TAG: "e3"}, only="benchmark_answers")
    crossed = pipeline.materialize({EPOCH_TAG: "e2"}, only="benchmark_reports")
    assert not crossed.success
    assert "replaced benchmark_answers with the answers of epoch 'e3'" in failure(crossed)
    calls = pipeline.calls()
    assert pipeline.materialize({EPOCH_TAG: "e3"}, only="benchmark_reports").success
    assert pipeline.materialize({EPOCH_TAG: "e2"}).success
    assert pipeline.calls() == calls, "an epoch that is asked for again costs nothing"
    assert [name.partition("-")[0] for name in names(pipeline)] == ["first", "e2", "e3"]


def test_two_recipes_in_one_data_folder_have_separate_epochs(pipeline: Pipeline) -> None:
    from dataclasses import replace

    pipeline.run({EPOCH_TAG: "e2"})
    other = replace(pipeline.recipe, name="other")
    pipeline.recipe = other
    assert pipeline.run().calls == 0, "the rows of the first epoch are there"
    assert [name.partition("-")[0] for name in names(pipeline)] == ["first"]


class TestTheManifest:
    def manifest(self, pipeline: Pipeline) -> dict[str, object]:
        return dict(history(pipeline).reports()[-1].made_with)

    def test_is_flat_and_has_every_required_entry(self, pipeline: Pipeline) -> None:
        manifest = self.manifest(pipeline)
        assert all(value is None or isinstance(value, str | int | float | bool) for value in manifest.values())
        for role in ("base", "student"):
            for fact in ("model", "revision", "engine", "dtype", "chat template", "tokenizer", "gpu", "cpu"):
                assert f"{role}.{fact}" in manifest
        assert manifest["student.engine"] == "tiny 1"
        assert manifest["graders.math-verify"]
        assert manifest["graders.programs judged by"].startswith(("bubblewrap", "landlock"))
        assert manifest["benchmark.held-out.sampling"] == "temperature 0, top_p 1, max_tokens 64"
        assert manifest["data.benchmark_answers"] == pipeline.store.data_version(ANSWERS)
        assert (
            manifest["checkpoint.id"]
            == manifest["student.revision"]
            == pipeline.store.read(CHECKPOINT)["checkpoint_id"][0]
        )
        assert manifest["data.training set"] == manifest["data.sft_dataset"]

    def test_names_no_folder_user_or_host(self, pipeline: Pipeline) -> None:
        import getpass
        import socket

        text = json.dumps(self.manifest(pipeline))
        assert str(pipeline.folder) not in text
        assert str(Path.home()) not in text
        assert str(Path(__file__).parents[2]) not in text
        assert socket.gethostname() not in text
        assert f'"{getpass.getuser()}"' not in text

    def test_rows_reused_from_another_recipe_keep_the_record_of_their_server(self, pipeline: Pipeline) -> None:
        from dataclasses import replace

        first = self.manifest(pipeline)
        pipeline.recipe = replace(pipeline.recipe, name="other")
        assert pipeline.run().calls == 0
        second = self.manifest(pipeline)
        assert second["base.cpu"] == first["base.cpu"] != "not known"
        assert second["base.torch"] == first["base.torch"]

    def test_the_server_of_rows_without_a_record_is_not_known(self, pipeline: Pipeline) -> None:
        from dataclasses import replace

        for note in (pipeline.deployment.data / "rows" / "served_with").iterdir():
            note.unlink()
        pipeline.recipe = replace(pipeline.recipe, name="other")
        pipeline.run()
        manifest = self.manifest(pipeline)
        assert manifest["base.engine"] == "tiny 1"
        assert manifest["base.cpu"] == "not known"


class TestTheDriftCheck:
    def check(self, pipeline: Pipeline) -> dg.AssetCheckEvaluation:
        (evaluation,) = [
            each for each in pipeline.materialize().get_asset_check_evaluations() if each.check_name == "drift"
        ]
        return evaluation

    def test_the_first_report_has_nothing_to_compare_with(self, pipeline: Pipeline) -> None:
        evaluation = self.check(pipeline)
        assert evaluation.passed
        assert evaluation.description == "There is no earlier report of the same models to compare with."

    def test_compares_an_epoch_with_the_one_before_and_finds_nothing(self, pipeline: Pipeline) -> None:
        pipeline.run({EPOCH_TAG: "e2"})
        evaluation = self.check(pipeline)
        assert evaluation.passed
        assert evaluation.metadata["comparisons"].value == 4
        assert str(evaluation.metadata["compared with"].value).startswith("first-")

    def test_an_earlier_epoch_run_again_is_not_compared_with_later_ones(self, pipeline: Pipeline) -> None:
        pipeline.run({EPOCH_TAG: "e2"})
        self.rewrite(pipeline, "e2", 0.0, {})
        pipeline.run({EPOCH_TAG: "e3"})
        assert str(self.check(pipeline).metadata["compared with"].value).startswith("e2-")
        first = history(pipeline).reports()[0].name
        pipeline.run({EPOCH_TAG: "e2"})
        assert str(self.check(pipeline).metadata["compared with"].value).startswith(first)

    def test_warns_when_a_score_moved_and_names_what_had_changed(self, pipeline: Pipeline) -> None:
        pipeline.run({EPOCH_TAG: "e2"})
        self.rewrite(pipeline, "first", 1.0, {"student.engine": "tiny 0"})
        self.rewrite(pipeline, "e2", 0.0, {})
        evaluation = self.check(pipeline)
        assert not evaluation.passed
        assert evaluation.severity is dg.AssetCheckSeverity.WARN
        assert not evaluation.blocking
        assert "Changed since: engine." in str(evaluation.description)
        assert evaluation.metadata["changed"].value == {"student.engine": ["tiny 0", "tiny 1"]}
        assert evaluation.metadata["largest move (points)"].value == -100.0

    def test_a_damaged_history_is_reported_and_stops_no_run(self, pipeline: Pipeline) -> None:
        (report,) = history(pipeline).reports()
        (report.folder / "items.parquet").write_text("junk")
        result = pipeline.materialize()
        assert result.success
        (evaluation,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "drift"]
        assert not evaluation.passed
        assert "remove that folder" in str(evaluation.description)

    def rewrite(self, pipeline: Pipeline, epoch: str, score: float, other: dict[str, str]) -> None:
        """Change a stored report: the student's score on every item, and `other` entries of its manifest."""
        (report,) = [each for each in history(pipeline).reports() if each.epoch == epoch]
        is_student = pl.col("role") == "student"
        scores = [pl.when(is_student).then(pl.lit(score)).otherwise(name).alias(name) for name in ("strict", "lenient")]
        report.past().items.with_columns(scores).write_parquet(report.folder / "items.parquet")
        manifest = json.loads((report.folder / "manifest.json").read_text())
        manifest["made_with"] |= other
        (report.folder / "manifest.json").write_text(json.dumps(manifest))
