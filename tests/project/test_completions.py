"""The record of a local server is complete and contains no path; a remote server has no record."""

import json
import re
from pathlib import Path

import pytest

from skyassets.core.ports import Model
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import VllmOptions
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.project.completions import server_record
from skyassets.project.deployment import Deployment

MODEL = Model("org/model", "main")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Weights as the hub's cache has them."""
    folder = tmp_path / "snapshots" / "abc123"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"dtype": "bfloat16"}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_vllm_is_recorded_with_its_format_parallelism_and_flags(snapshot: Path) -> None:
    extra = ("--speculative-config", "/home/anna/draft.json", "--seats=2")
    options = VllmOptions(tensor_parallel=4, dtype="float16", extra=extra)
    server = VllmServer(resolve=lambda model: snapshot, options=options)
    record = server_record(Deployment(data=snapshot), server, MODEL, snapshot)
    assert (record["dtype"], record["weights dtype"], record["tensor parallel"]) == ("float16", "bfloat16", "4")
    assert record["weights revision"] == "abc123"
    assert re.fullmatch(r"--speculative-config digest:[0-9a-f]{8} --seats=2", record["flags"])
    assert " cores of " in record["cpu"]
    assert "anna" not in json.dumps(record)
    assert str(snapshot) not in json.dumps(record)


def test_transformers_is_recorded(snapshot: Path) -> None:
    record = server_record(
        Deployment(data=snapshot), TransformersServer(resolve=lambda model: snapshot), MODEL, snapshot
    )
    assert record["dtype"] == "auto"
    assert len(record["tokenizer"]) == 32
    assert record["python"]


def test_a_remote_server_is_not_recorded(tmp_path: Path) -> None:
    deployment = Deployment(data=tmp_path, urls={"teacher": ("http://gpu-box:8000/v1",)})
    provider = deployment.serving("teacher", MODEL, lambda line: None)
    assert server_record(deployment, provider, MODEL, None) == {}
