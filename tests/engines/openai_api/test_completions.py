"""How the client handles every fault of a model server. The server is real, and misbehaves as each row says."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from engines.faulty import MODEL, Faulty, faulty, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyassets.core.errors import ServerError
from skyassets.core.ports import Message, Reply, Request, Sampling
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    with faulty() as running:
        yield running


def ask_one(server: Faulty, script: str, **changed: object) -> tuple[Reply, int]:
    """The reply to a script, and how many calls it took."""
    (reply,) = server.ask(script, **changed).values()
    return reply, server.seen()["calls"][reply.id]


def pause(server: Faulty, name: str) -> float:
    first, second = server.seen()["at"][name]
    return float(second - first)


def test_a_good_answer_is_a_reply_with_its_counts(server: Faulty) -> None:
    reply, calls = ask_one(server, "good: ok", served_by="faulty 1.0")
    assert (reply.text, reply.finish_reason, reply.error, calls) == ("answer to good", "stop", None, 1)
    assert (reply.prompt_tokens, reply.completion_tokens, reply.served_by) == (7, 3, "faulty 1.0")
    assert 0 < reply.seconds < 5


def test_a_429_with_retry_after_is_retried_once_and_not_earlier(server: Faulty) -> None:
    reply, calls = ask_one(server, "limited: 429=1")
    assert (reply.error, calls) == (None, 2)
    assert pause(server, "limited") >= 1.0


def test_a_retry_after_may_be_a_date(server: Faulty) -> None:
    reply, calls = ask_one(server, "dated: 429=date")
    assert (reply.error, calls) == (None, 2)
    assert pause(server, "dated") >= 0.9


def test_a_429_without_retry_after_is_retried(server: Faulty) -> None:
    assert ask_one(server, "hurried: 429 429")[1] == 3


@pytest.mark.parametrize("word", ["500", "503", "reset", "reset-in-body", "noise", "cut-json", "not-json"])
def test_a_transient_error_is_retried(server: Faulty, word: str) -> None:
    reply, calls = ask_one(server, f"passing-{word}: {word}")
    assert (reply.error, calls) == (None, 2)


@pytest.mark.parametrize("word", ["500", "503", "reset", "reset-in-body", "noise", "cut-json"])
def test_an_error_that_persists_is_the_rows_error_after_the_last_attempt(server: Faulty, word: str) -> None:
    reply, calls = ask_one(server, f"lasting-{word}: {word}...")
    assert (reply.text, reply.finish_reason, calls) == ("", "error", 4)
    assert reply.error
    assert "attempt 4, the last" in reply.error


def test_a_row_that_only_gets_429_is_tried_four_times_as_often(server: Faulty) -> None:
    reply, calls = ask_one(server, "lasting-429: 429...", attempts=2)
    assert (reply.finish_reason, calls) == ("error", 8)


def test_a_missing_answer_is_requested_again(server: Faulty) -> None:
    reply, calls = ask_one(server, "hung: hang", timeout=0.5)
    assert (reply.error, calls) == (None, 2)


def test_a_missing_answer_is_given_up_after_two_attempts(server: Faulty) -> None:
    reply, calls = ask_one(server, "for-ever: hang...", timeout=0.5)
    assert (reply.finish_reason, calls) == ("error", 2)


@pytest.mark.parametrize("word", ["400", "422", "no-choices", "a-list"])
def test_a_permanent_error_is_the_rows_error_at_once(server: Faulty, word: str) -> None:
    reply, calls = ask_one(server, f"once-{word}: {word}...")
    assert (reply.text, reply.finish_reason, calls) == ("", "error", 1)
    assert reply.error


def test_an_error_quotes_the_servers_message(server: Faulty) -> None:
    assert ask_one(server, "too-long: 400")[0].error == "400: This model's maximum context length is 1024 tokens"


def test_a_bad_row_affects_no_other(server: Faulty) -> None:
    replies = server.ask("bad: 400", "worse: 500...", "fine: ok", "well: ok")
    assert [name for name, reply in sorted(replies.items()) if reply.error] == ["bad", "worse"]


@pytest.mark.parametrize(
    ("word", "saying"),
    [
        ("401", "it wants an API key"),
        ("402", "no credit left"),
        ("403", "access is forbidden"),
        ("404", "the server has alpha, beta"),
        ("429=quota", "quota is used up"),
    ],
)
def test_an_error_that_affects_every_row_raises_at_once(server: Faulty, word: str, saying: str) -> None:
    with pytest.raises(ServerError, match=saying) as raised:
        server.ask(f"fatal-{word}: {word}...")
    assert server.url in str(raised.value)
    assert server.seen()["calls"][f"fatal-{word}"] == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1", "no-scheme/v1"])
def test_an_unreachable_server_raises_at_once(url: str) -> None:
    began = time.monotonic()
    with pytest.raises(ServerError, match="no server responds"):
        OpenAIClientPool((Endpoint(url, "alpha"),)).ask([request("a: ok")], lambda _: None)
    assert time.monotonic() - began < 10


def test_a_server_that_dies_midway_raises_and_what_it_answered_is_kept() -> None:
    replies: list[Reply] = []
    rows = [request(f"r{i}: {'die' if i == 20 else 'ok'}") for i in range(500)]
    with faulty() as mortal, pytest.raises(ServerError, match="every request failed for"):
        mortal.client(concurrency=4, patience=1.0).ask(rows, replies.append)
    assert 15 <= len(replies) <= 30
    assert not [reply for reply in replies if reply.error]


def test_a_server_that_only_fails_ends_the_ask_instead_of_spoiling_every_row(server: Faulty) -> None:
    replies: list[Reply] = []
    rows = [request(f"down-{i}: 503...") for i in range(250)]
    with pytest.raises(ServerError, match="every request failed for"):
        server.client(attempts=2, patience=1.0).ask(rows, replies.append)
    assert len(replies) < 50


def test_a_success_among_the_failures_keeps_the_ask_alive(server: Faulty) -> None:
    rows = [f"mixed-{i}: {'ok' if i % 8 == 0 else '503...'}" for i in range(80)]
    assert len(server.ask(*rows, attempts=1, backoff=0.001)) == 80


def test_every_sampling_parameter_is_sent(server: Faulty) -> None:
    sampling = Sampling(temperature=0.25, max_tokens=33, top_p=0.5, stop=("END", "\n\n"))
    wanted = Request("sent", MODEL, (Message("system", "be brief"), Message("user", "sent: ok")), sampling, seed=2**40)
    server.client().ask([wanted], lambda _: None)
    assert server.seen()["bodies"]["sent"] == {
        "model": "alpha",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "sent: ok"}],
        "temperature": 0.25,
        "top_p": 0.5,
        "max_tokens": 33,
        "seed": 2**40,
        "stop": ["END", "\n\n"],
    }


def test_openai_itself_is_sent_the_limit_by_its_new_name() -> None:
    assert Dialect.of("https://api.openai.com/v1").body(request("a: ok"), "gpt")["max_completion_tokens"] == 10
    assert Dialect.of("https://api.example.com/v1").body(request("a: ok"), "gpt")["max_tokens"] == 10


def test_separate_reasoning_is_put_before_the_answer(server: Faulty) -> None:
    assert ask_one(server, "thinking: reasoning")[0].text == "<think>\nhm\n</think>\n42"


def test_reasoning_cut_by_the_limit_stays_unclosed(server: Faulty) -> None:
    reply, _ = ask_one(server, "cut-thinking: only-reasoning")
    assert (reply.text, reply.finish_reason) == ("<think>\nhm", "length")


def test_a_text_of_five_megabytes_arrives_whole(server: Faulty) -> None:
    assert len(ask_one(server, "long-winded: big=5000000")[0].text) == 5_000_000


def test_a_filtered_answer_is_a_reply_with_that_reason(server: Faulty) -> None:
    reply, calls = ask_one(server, "filtered: filtered")
    assert (reply.text, reply.finish_reason, reply.error, calls) == ("", "content_filter", None, 1)


def test_a_filtered_prompt_is_that_rows_error(server: Faulty) -> None:
    reply, calls = ask_one(server, "flagged: refused-by-filter...")
    assert (reply.error, calls) == ("400: flagged by the content filter", 1)


def test_bytes_that_are_not_utf_8_are_requested_again_and_then_the_rows_error(server: Faulty) -> None:
    assert ask_one(server, "latin-once: latin")[0].error is None
    reply, calls = ask_one(server, "latin-always: latin...")
    assert calls == 4
    assert "not JSON" in str(reply.error)


def test_half_a_character_is_kept_as_received(server: Faulty) -> None:
    assert ask_one(server, "half: surrogate")[0].text == "half \ud83d"


def test_an_answer_without_counts_counts_zero(server: Faulty) -> None:
    reply, _ = ask_one(server, "countless: no-usage")
    assert (reply.error, reply.prompt_tokens, reply.completion_tokens) == (None, 0, 0)


def test_no_more_are_in_flight_than_allowed_and_no_fewer() -> None:
    with faulty() as fresh:
        fresh.ask(*[f"w{i}: slow=0.05" for i in range(60)], concurrency=6)
        assert fresh.seen()["most_in_flight"] == 6


def test_one_slow_row_holds_up_no_other(server: Faulty) -> None:
    order: list[str] = []
    rows = [request("slowest: slow=1.5"), *[request(f"quick-{i}: slow=0.02") for i in range(15)]]
    server.client(concurrency=2).ask(rows, lambda reply: order.append(reply.id))
    assert order[-1] == "slowest"


def test_a_reply_is_kept_as_soon_as_it_arrives(server: Faulty) -> None:
    began, kept_after = time.monotonic(), {}
    rows = [request("late: slow=1.0"), request("early: ok")]
    server.client().ask(rows, lambda reply: kept_after.update({reply.id: time.monotonic() - began}))
    assert kept_after["early"] < 0.8 < kept_after["late"]


def test_when_keep_raises_the_ask_ends_with_that_error(server: Faulty) -> None:
    def keep(_: Reply) -> None:
        raise OSError("disk full")

    began = time.monotonic()
    with pytest.raises(OSError, match="disk full"):
        server.client().ask([request("kept-badly: ok"), *[request(f"waiting-{i}: slow=5") for i in range(4)]], keep)
    assert time.monotonic() - began < 3


def test_no_requests_are_no_error() -> None:
    OpenAIClientPool((Endpoint("http://127.0.0.1:9/v1", "alpha"),)).ask([], lambda _: None)


def test_it_can_be_called_while_a_loop_runs(server: Faulty) -> None:
    async def inside_a_notebook() -> dict[str, Reply]:
        return server.ask("in-a-loop: ok")

    assert asyncio.run(inside_a_notebook())["in-a-loop"].text == "answer to in-a-loop"


def test_the_key_is_shown_nowhere() -> None:
    assert "secret" not in repr(OpenAIClientPool((Endpoint("http://127.0.0.1:9/v1", "alpha", "sk-secret"),)))


PASSING = ["ok", "429", "500", "503", "reset", "reset-in-body", "noise", "cut-json"]
FINAL = ["400", "no-choices", "no-content", "length", "500...", "400...", "reset..."]
WORDS = st.sampled_from(PASSING + FINAL)
# Ten rows that bring nothing would stop the run.
scripts = st.lists(st.lists(WORDS, max_size=3).map(" ".join), min_size=1, max_size=9)
runs = iter(range(10_000))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts=scripts, concurrency=st.integers(1, 20))
def test_every_row_has_one_reply_whatever_fails(server: Faulty, scripts: list[str], concurrency: int) -> None:
    run = next(runs)
    rows = [f"run{run}-row{i}: {script}" for i, script in enumerate(scripts)]
    replies = server.ask(*rows, attempts=3, backoff=0.001, concurrency=concurrency)
    for reply in replies.values():
        assert (reply.finish_reason == "error") == (reply.error is not None)
        assert reply.error is None or not reply.text
