"""`skyassets history`: what it shows of a pipeline that was evaluated twice."""

import json
from argparse import ArgumentParser

import pytest
from assets.pipeline import Pipeline

from skyassets.commands.results.history import HISTORY
from skyassets.project.evaluation.epoch import EPOCH_TAG


def history_output(pipeline: Pipeline, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    parser = ArgumentParser()
    HISTORY.add_arguments(parser)
    capsys.readouterr()
    code = HISTORY.run(pipeline.recipe, pipeline.deployment, parser.parse_args(words))
    return code, capsys.readouterr().out


def test_each_report_has_its_scores_and_the_latest_is_compared_with_the_one_before(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pipeline.run({EPOCH_TAG: "e2"})
    code, text = history_output(pipeline, capsys, "--json")
    assert code == 0
    first, second = json.loads(text)
    assert (first["epoch"], second["epoch"]) == ("first", "e2")
    assert set(first["scores"]["held-out"]) == {"base", "student"}
    assert first["drift"].startswith("There is no earlier report")
    assert second["drift"].startswith("No score moved beyond noise")
    code, text = history_output(pipeline, capsys)
    assert code == 0
    assert first["name"] in text
    assert second["name"] in text
    assert max(map(len, text.splitlines()[:-1])) <= 80
    assert len(json.loads(history_output(pipeline, capsys, "--json", "--last", "1")[1])) == 1


def test_without_a_report_it_says_how_to_make_one(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    pipeline.recipe = replace(pipeline.recipe, name="never_run")
    code, text = history_output(pipeline, capsys)
    assert code == 1
    assert "dagster asset materialize" in text
