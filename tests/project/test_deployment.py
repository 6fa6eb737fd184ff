"""The deployment: which server answers in which role, and whose key is sent where."""

from pathlib import Path

import pytest

from skyassets.core.errors import BudgetError, ServerError, SkyassetsError
from skyassets.core.money import Budget
from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.project.deployment import OPENAI, Deployment, is_private
from skyassets.project.settings import from_environment
from skyassets.recipes.embedded import SMOLLM2
from skyassets.recipes.smoke import TINY

HOSTED = Model("gpt-4o-mini", "2024-07-18")


def silent(line: str) -> None:
    """Discard the line."""


def test_openais_key_goes_to_openai_alone() -> None:
    deployment = from_environment({"OPENAI_API_KEY": "secret", "SKYASSETS_TEACHER_URL": "http://gpu-box:8000/v1"})
    assert "teacher" not in deployment.keys
    serving = deployment.serving("rewriter", HOSTED, silent)
    assert isinstance(serving, RemoteServing)
    assert [(one.base_url, one.api_key) for one in serving.endpoints] == [(OPENAI, "secret")]


def test_a_private_server_gets_its_own_key() -> None:
    deployment = from_environment({"SKYASSETS_TEACHER_URL": "http://gpu-box/v1", "SKYASSETS_TEACHER_API_KEY": "mine"})
    serving = deployment.serving("teacher", SMOLLM2, silent)
    assert isinstance(serving, RemoteServing)
    assert [(one.base_url, one.api_key) for one in serving.endpoints] == [("http://gpu-box/v1", "mine")]


def test_a_key_is_never_shown() -> None:
    assert "secret" not in repr(Deployment(data=Path("data"), keys={"teacher": ("secret",)}))


def test_a_hosted_rewriter_without_a_key_says_what_to_export() -> None:
    with pytest.raises(ServerError, match="export OPENAI_API_KEY, or SKYASSETS_REWRITER_URL"):
        Deployment(data=Path("data")).serving("rewriter", HOSTED, silent)


def test_transformers_serves_where_it_is_configured() -> None:
    serving = Deployment(data=Path("data"), engine="transformers").serving("teacher", SMOLLM2, silent)
    assert isinstance(serving, TransformersServer)


def test_an_invalid_setting_is_named() -> None:
    with pytest.raises(SkyassetsError, match="SKYASSETS_RANKS is '0'"):
        from_environment({"SKYASSETS_RANKS": "0"})


def test_only_openai_is_asked_for_the_dated_snapshot() -> None:
    deployment = Deployment(data=Path("data"), keys={"rewriter": ("secret",)})
    serving = deployment.serving("rewriter", HOSTED, silent)
    assert isinstance(serving, RemoteServing)
    assert serving.endpoints[0].model_name == "gpt-4o-mini-2024-07-18"
    assert deployment.called("rewriter", HOSTED, "http://gpu-box/v1") == "gpt-4o-mini"


def test_a_public_server_without_a_price_is_refused_before_any_call() -> None:
    deployment = from_environment({"SKYASSETS_TEACHER_URL": "https://models.example.com/v1"})
    with pytest.raises(BudgetError, match="SKYASSETS_TEACHER_PRICE=INPUT,OUTPUT"):
        deployment.serving("teacher", SMOLLM2, silent)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://box.local/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_a_private_machine_is_recognised_by_its_address(url: str, own: bool) -> None:
    assert is_private(url) == own


def test_several_urls_share_the_work_each_with_its_key() -> None:
    deployment = from_environment(
        {"SKYASSETS_TEACHER_URL": "http://a/v1, http://b/v1", "SKYASSETS_TEACHER_API_KEY": "one,two"}
    )
    serving = deployment.serving("teacher", SMOLLM2, silent)
    assert isinstance(serving, RemoteServing)
    assert [(one.base_url, one.api_key) for one in serving.endpoints] == [
        ("http://a/v1", "one"),
        ("http://b/v1", "two"),
    ]


def test_a_number_of_keys_that_does_not_match_the_urls_is_an_error() -> None:
    with pytest.raises(SkyassetsError, match="lists 2 keys for 1 URLs"):
        from_environment({"SKYASSETS_TEACHER_URL": "http://a/v1", "SKYASSETS_TEACHER_API_KEY": "one,two"})


def test_a_local_server_stops_answering_once_machine_time_has_used_up_the_budget(tmp_path: Path) -> None:
    run_budget = Budget(1.0)
    request = Request("one", TINY, (Message("user", "Hi"),), Sampling(0.7, 8), seed=1)
    replies: list[str] = []
    with Deployment(data=tmp_path).serving("teacher", TINY, silent, run_budget).serve(TINY, None) as client:
        client.ask([request], lambda reply: replies.append(reply.id))
        run_budget.book(1.5)
        with pytest.raises(BudgetError, match="SKYASSETS_BUDGET"):
            client.ask([request], lambda reply: replies.append(reply.id))
    assert replies == ["one"]


@pytest.mark.parametrize(("engine", "kind"), [("vllm", VllmServer), ("transformers", TransformersServer)])
def test_each_engine_is_given_the_runs_budget(engine: str, kind: type[VllmServer | TransformersServer]) -> None:
    run_budget = Budget(1.0)
    serving = Deployment(data=Path("data"), engine=engine).serving("teacher", SMOLLM2, silent, run_budget)
    assert isinstance(serving, kind)
    assert serving.run_budget is run_budget


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2@gpu-box/v1",
        "http://hunter2@gpu-box/v1",
        "https://me:@gpu-box/v1",
        "http://a/v1, http://me:hunter2@gpu-box:8000/v1",
        "me:hunter2@gpu-box/v1",
        "http://me:hunter2,x@gpu-box/v1",
        "http://me:hunter2@gpu-box:port/v1",
        "http://me:hunter2@[gpu-box/v1",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SkyassetsError, match="a key belongs in SKYASSETS_RATER_API_KEY") as raised:
        from_environment({"SKYASSETS_RATER_URL": url})
    assert str(raised.value).startswith("SKYASSETS_RATER_URL")
    assert "hunter2" not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["gpu-box:8000/v1", "gpu-box", "ftp://gpu-box/v1", "http:///v1", "http://", "http://box:port/v1", "//box/v1"]
)
def test_an_invalid_url_of_a_server_is_named(url: str) -> None:
    with pytest.raises(SkyassetsError, match=r"SKYASSETS_TEACHER_URL contains '.*', which is not the URL of a server"):
        from_environment({"SKYASSETS_TEACHER_URL": url})


def test_a_url_may_have_an_at_sign_in_its_path() -> None:
    assert from_environment({"SKYASSETS_TEACHER_URL": "http://box/@me/v1"}).urls["teacher"] == ("http://box/@me/v1",)


@pytest.mark.parametrize(
    "url",
    ["gate/v1?key=hunter2", "http:///v1?key=hunter2", "http://gate/v1?key=hunter1,hunter2", "http://[a?key=hunter2"],
)
def test_a_key_in_a_text_that_is_no_url_is_not_shown(url: str) -> None:
    with pytest.raises(SkyassetsError, match="is not the URL of a server") as error:
        from_environment({"SKYASSETS_TEACHER_URL": url})
    assert "hunter" not in str(error.value)


def test_a_key_in_a_url_is_shown_by_no_deployment_and_no_error() -> None:
    deployment = from_environment({"SKYASSETS_TEACHER_URL": "https://gate.example/v1?key=hunter2"})
    assert "hunter2" not in repr(deployment)
    with pytest.raises(BudgetError, match=r"at https://gate.example/v1\?key=\*\*\* is unknown") as error:
        deployment.price("teacher", Model("unknown", "1"))
    assert "hunter2" not in str(error.value)
