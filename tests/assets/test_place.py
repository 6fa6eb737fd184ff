"""The place: which server answers in which role, and whose key goes where."""

from pathlib import Path

import pytest

from skyassets.assets.environment import from_environment
from skyassets.assets.place import OPENAI, Place
from skyassets.core.errors import ServerError, SkyassetsError
from skyassets.core.ports import Model
from skyassets.engines.endpoint import Endpoint
from skyassets.engines.transformers_server import TransformersServer
from skyassets.recipes.embedded import SMOLLM2

HOSTED = Model("gpt-4o-mini", "2024-07-18")


def silent(line: str) -> None:
    """Nobody listens."""


def test_openais_key_goes_to_openai_alone() -> None:
    place = from_environment({"OPENAI_API_KEY": "secret", "SKYASSETS_TEACHER_URL": "http://gpu-box:8000/v1"})
    assert "teacher" not in place.keys
    serving = place.serving("rewriter", HOSTED, silent)
    assert isinstance(serving, Endpoint)
    assert [(one.base_url, one.api_key) for one in serving.upstreams] == [(OPENAI, "secret")]


def test_a_server_of_ones_own_gets_its_own_key() -> None:
    place = from_environment({"SKYASSETS_TEACHER_URL": "http://gpu-box/v1", "SKYASSETS_TEACHER_API_KEY": "mine"})
    serving = place.serving("teacher", SMOLLM2, silent)
    assert isinstance(serving, Endpoint)
    assert [(one.base_url, one.api_key) for one in serving.upstreams] == [("http://gpu-box/v1", "mine")]


def test_a_key_is_never_shown() -> None:
    assert "secret" not in repr(Place(data=Path("data"), keys={"teacher": ("secret",)}))


def test_a_hosted_rewriter_without_a_key_says_what_to_export() -> None:
    with pytest.raises(ServerError, match="export OPENAI_API_KEY, or SKYASSETS_REWRITER_URL"):
        Place(data=Path("data")).serving("rewriter", HOSTED, silent)


def test_transformers_serves_where_it_is_told_to() -> None:
    serving = Place(data=Path("data"), engine="transformers").serving("teacher", SMOLLM2, silent)
    assert isinstance(serving, TransformersServer)


def test_a_setting_that_is_none_is_named() -> None:
    with pytest.raises(SkyassetsError, match="SKYASSETS_RANKS is '0'"):
        from_environment({"SKYASSETS_RANKS": "0"})
