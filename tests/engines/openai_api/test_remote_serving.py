"""An endpoint that runs already: what is checked before the first request, and what is not."""

from pathlib import Path

import pytest
from engines.faulty import MODEL, faulty, request

from skyassets.core.errors import ServerError
from skyassets.core.ports import Model, Reply
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing


def at(url: str, name: str = "alpha") -> RemoteServing:
    return RemoteServing((Endpoint(url, name, served_by="127.0.0.1"),))


def test_an_endpoint_is_called_with_the_models_own_name() -> None:
    replies: list[Reply] = []
    with faulty() as server, at(server.url).serve(MODEL, None) as client:
        client.ask([request("a: ok")], replies.append)
        assert server.seen()["bodies"]["a"]["model"] == "alpha"
    assert [reply.served_by for reply in replies] == ["127.0.0.1"]


def test_the_servers_name_for_the_model_may_differ() -> None:
    with faulty() as server, RemoteServing((Endpoint(server.url, "beta"),)).serve(MODEL, None) as client:
        client.ask([request("a: ok")], lambda _: None)
        assert server.seen()["bodies"]["a"]["model"] == "beta"


def test_an_unreachable_endpoint_is_reported_before_any_request() -> None:
    with (
        pytest.raises(ServerError, match="no server responds"),
        at("http://127.0.0.1:9/v1").serve(MODEL, None),
    ):
        pytest.fail("served")


def test_a_refused_key_is_reported_before_any_request() -> None:
    with (
        faulty("--key", "right") as server,
        pytest.raises(ServerError, match="key is rejected"),
        RemoteServing((Endpoint(server.url, "alpha", "wrong"),)).serve(MODEL, None),
    ):
        pytest.fail("served")


def test_the_right_key_is_accepted() -> None:
    with (
        faulty("--key", "right") as server,
        RemoteServing((Endpoint(server.url, "alpha", "right"),)).serve(MODEL, None) as client,
    ):
        client.ask([request("a: ok")], lambda _: None)


def test_a_provider_that_lists_no_models_is_used_all_the_same() -> None:
    with faulty("--no-models") as server, at(server.url, "gamma").serve(Model("gamma", "1"), None) as client:
        client.ask([request("a: ok")], lambda _: None)


def test_own_weights_must_be_loaded_by_the_server() -> None:
    with faulty() as server:
        with at(server.url).serve(MODEL, Path("made/here")):
            pass
        with (
            pytest.raises(ServerError, match="the server lists alpha, beta"),
            at(server.url, "our-student").serve(Model("our-student", "1"), Path("made/here")),
        ):
            pytest.fail("served")


def test_the_key_is_shown_nowhere() -> None:
    assert "secret" not in repr(RemoteServing((Endpoint("http://127.0.0.1:9/v1", "alpha", "sk-secret"),)))
