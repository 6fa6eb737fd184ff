"""URLs as they are shown: no password and no value of a query gets out, and a URL without secrets stays as it is."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.provider import Provider, provider
from hypothesis import example, given
from hypothesis import strategies as st

from skyassets.core.errors import ServerError
from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.shown_url import shown_url, with_shown_urls, without_secrets_of
from skyassets.engines.openai_batch.serving import OpenAIBatch

SECRET = "0a1b2c3d4e5f60718293a4b5"
NAMES = st.sampled_from(("api-key", "key", "subscription-key", "code", "sig", "api-version", "x"))
VALUES = st.text("abcXYZ019-_.~%+/", min_size=6, max_size=30).map(lambda value: f"Q{value}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://gpu-box:8000/v1", "http://gpu-box:8000/v1"),
        ("https://me.openai.azure.com/openai?api-version=2024-10-21", None),
        ("https://gate/v1?", None),
        ("https://gate/v1?api-key=abc", "https://gate/v1?api-key=***"),
        ("https://gate/v1?api-version=1&subscription-key=a=b", "https://gate/v1?api-version=1&subscription-key=***"),
        ("https://gate/v1?api-version=1;key=abc", "https://gate/v1?api-version=***"),
        ("https://gate/v1?abc", "https://gate/v1?***"),
        ("https://gate/v1?key=&x=1", "https://gate/v1?key=&x=***"),
        ("https://me:abc@gate:80/v1", "https://***@gate:80/v1"),
        ("https://abc@gate/v1#abc", "https://***@gate/v1#***"),
        ("/login?back=abc", "/login?back=***"),
        ("another place", "another place"),
        ("http://[gate?key=abc", "***"),
    ],
)
def test_only_secrets_are_masked(url: str, shown: str | None) -> None:
    assert shown_url(url) == (url if shown is None else shown)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), VALUES, VALUES)
@example([("api-version", "2024-10-21;key=Qsecret")], "Quser", "Qpassword")
def test_no_secret_is_shown(parameters: list[tuple[str, str]], user: str, password: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in parameters)
    url = f"https://{user.replace('/', '')}:{password.replace('/', '')}@gate/v1?{query}"
    shown = shown_url(url)
    assert "Q" not in "".join(part for part in shown.split("&") if "api-version=" not in part or ";" in part)
    assert shown_url(shown) == shown
    assert with_shown_urls(f"400, url='{url}'") == f"400, url='{shown}'"


@pytest.mark.parametrize(
    "spelling", ["a/b c+d#efghijklmnop", "a%2Fb%20c%2Bd%23efghijklmnop", "a%2Fb+c%2Bd%23efghijklmnop"]
)
def test_a_secret_is_masked_in_each_spelling(spelling: str) -> None:
    url = "https://gate/v1?key=a%2Fb+c%2Bd%23efghijklmnop"
    assert without_secrets_of(url, f"<{spelling}>".encode(), 16) == b"<***>"


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


def ask(url: str, api_key: str = "none") -> str:
    """All that comes out of a run: its lines, its replies, and its error with its causes."""
    lines: list[str] = []
    replies: list[Reply] = []
    endpoint = Endpoint(url, "tiny", api_key)
    pool = OpenAIClientPool((endpoint,), timeout=5.0, attempts=2, backoff=0.01, patience=1.0, log=lines.append)
    request = Request("r", Model("tiny", "1"), (Message("user", "What is 3 times 3?"),), Sampling(0.7, 64), seed=1)
    try:
        pool.ask([request], replies.append)
    except ServerError as error:
        lines += traceback.format_exception(error)
    return "\n".join([*lines, repr(replies), repr(pool)])


@pytest.mark.parametrize(
    "mode", ["plain", "refuses-everything", "mirror", "redirect-back", "no-http", "no-temperature"]
)
@pytest.mark.parametrize("place", ["api-key={}", "api-version=2024-10-21&key={}", "{}"])
def test_a_gateways_key_comes_out_of_no_run(server: Provider, mode: str, place: str) -> None:
    out = ask(f"{server.url(mode)}?{place.format(SECRET)}")
    assert SECRET not in out
    assert mode != "redirect-back" or "***" in out


@pytest.mark.parametrize("mode", ["mirror", "redirect-back"])
def test_a_key_that_a_redirect_or_an_error_repeats_comes_out_of_no_run(server: Provider, mode: str) -> None:
    out = ask(server.url(mode), SECRET)
    assert SECRET not in out
    assert "***" in out


def test_a_server_that_is_not_there_is_named_without_its_key(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:9/v1?code={SECRET}"
    assert SECRET not in ask(url)
    batch = OpenAIBatch(Endpoint(url, "tiny"), tmp_path, patience=0.1)
    request = Request("r", Model("tiny", "1"), (Message("user", "Hi"),), Sampling(0.7, 64), seed=1)
    with pytest.raises(ServerError, match=r"127.0.0.1:9/v1\?code=\*\*\*: no server responds") as error:
        batch.ask([request], lambda reply: None)
    assert SECRET not in "".join(traceback.format_exception(error.value)) + repr(batch)
