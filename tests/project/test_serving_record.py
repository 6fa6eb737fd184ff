"""What is noted of a server: of our own all that can be seen, of one elsewhere nothing, and of nobody a path."""

import json
import re
from pathlib import Path

import pytest

from skyassets.core.ports import Model
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import VllmOptions
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.project.deployment import Deployment
from skyassets.project.serving_record import serving_told

MODEL = Model("org/model", "main")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """Weights as the hub's cache has them."""
    folder = tmp_path / "snapshots" / "abc123"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"dtype": "bfloat16"}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_of_vllm_the_format_the_spread_and_the_flags_are_noted(snapshot: Path) -> None:
    extra = ("--speculative-config", "/home/anna/draft.json", "--seats=2")
    options = VllmOptions(tensor_parallel=4, dtype="float16", extra=extra)
    server = VllmServer(resolve=lambda model: snapshot, options=options)
    told = serving_told(Deployment(data=snapshot), server, MODEL, snapshot)
    assert (told["dtype"], told["weights dtype"], told["tensor parallel"]) == ("float16", "bfloat16", "4")
    assert told["weights revision"] == "abc123"
    assert re.fullmatch(r"--speculative-config digest:[0-9a-f]{8} --seats=2", told["flags"])
    assert " cores of " in told["cpu"]
    assert "anna" not in json.dumps(told)
    assert str(snapshot) not in json.dumps(told)


def test_of_transformers_the_same(snapshot: Path) -> None:
    told = serving_told(Deployment(data=snapshot), TransformersServer(resolve=lambda model: snapshot), MODEL, snapshot)
    assert told["dtype"] == "auto"
    assert len(told["tokenizer"]) == 32
    assert told["python"]


def test_nobody_looks_into_a_server_elsewhere(tmp_path: Path) -> None:
    deployment = Deployment(data=tmp_path, urls={"teacher": ("http://gpu-box:8000/v1",)})
    serving = deployment.serving("teacher", MODEL, lambda line: None)
    assert serving_told(deployment, serving, MODEL, None) == {}
