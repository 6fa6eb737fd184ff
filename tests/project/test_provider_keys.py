"""A provider's own key variable is used for its host and for no other."""

import pytest

from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Model
from skyassets.project.deployment import is_hosted
from skyassets.project.provider_keys import provider_key
from skyassets.project.settings import from_environment

KEYS = {"OPENAI_API_KEY": "o", "MISTRAL_API_KEY": "m", "AZURE_OPENAI_API_KEY": "a"}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://api.openai.com/v1", "o"),
        ("https://api.mistral.ai/v1", "m"),
        ("https://mine.openai.azure.com/openai/v1", "a"),
        ("https://api.mistral.ai.example.com/v1", ""),
        ("https://example.com/api.openai.com/v1", ""),
        ("http://api.openai.com/v1", ""),
        ("https://openrouter.ai/api/v1", ""),
    ],
)
def test_the_host_decides(url: str, key: str) -> None:
    assert provider_key(url, KEYS) == key


def test_a_role_has_the_key_of_each_of_its_servers() -> None:
    urls = "https://api.mistral.ai/v1,http://gpu-box:8000/v1"
    deployment = from_environment(KEYS | {"SKYASSETS_TEACHER_URL": urls})
    assert deployment.keys["teacher"] == ("m", "none")
    assert deployment.keys["rewriter"] == ("o",)
    own = from_environment(KEYS | {"SKYASSETS_TEACHER_URL": urls, "SKYASSETS_TEACHER_API_KEY": "mine"})
    assert own.keys["teacher"] == ("mine",)


@pytest.mark.parametrize(
    ("role", "name", "hosted"),
    [
        ("teacher", "gpt-6-luna", True), ("rewriter", "gpt-4o-mini", True), ("contender", "o3", True),
        ("base", "gpt2", False), ("student", "gpt2", False), ("teacher", "Qwen/QwQ-32B-Preview", False),
        ("teacher", "tiny", False), ("teacher", "package:x/y.gguf", False),
    ],
)  # fmt: skip
def test_a_name_without_an_owner_is_a_hosted_model(role: str, name: str, hosted: bool) -> None:
    assert is_hosted(role, Model(name, "1")) is hosted


@pytest.mark.parametrize("key", ["\u201csk-1\u201d", "sk-1\nsk-2", "sk-\x00"])
def test_a_key_that_no_header_can_hold_is_refused_by_its_variable_and_not_shown(key: str) -> None:
    with pytest.raises(SkyassetsError, match="OPENAI_API_KEY has a character") as raised:
        provider_key("https://api.openai.com/v1", {"OPENAI_API_KEY": key})
    assert "sk-" not in str(raised.value)


def test_space_around_a_key_is_left_out() -> None:
    assert provider_key("https://api.openai.com/v1", {"OPENAI_API_KEY": " sk-1\n"}) == "sk-1"
