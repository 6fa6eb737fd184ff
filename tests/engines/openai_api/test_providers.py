"""Providers that speak differently: each row is kept or has its reason, and only what was answered is paid for."""

from collections.abc import Iterator
from typing import Any

import pytest
from engines.provider import Provider, provider
from engines.provider_server import is_third

from skyassets.core.errors import ServerError
from skyassets.core.money import Budget, Price
from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint

MODEL = Model("tiny", "1")
PRICE = Price(1.0, 1.0, as_of="2026-11-30", source="this test")
ROWS = 24


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


def requests(count: int = ROWS, system: str = "", **sampling: Any) -> list[Request]:
    drawn = Sampling(**({"temperature": 0.7, "max_tokens": 64} | sampling))
    turns = (Message("system", system),) if system else ()
    return [
        Request(f"r{n}", MODEL, (*turns, Message("user", f"What is {n} times 3?")), drawn, seed=n) for n in range(count)
    ]


def thirds() -> set[str]:
    """The rows that a mode treats differently from the others."""
    chosen = {request.id for request in requests() if is_third(request.messages[-1].content)}
    assert 0 < len(chosen) < ROWS
    return chosen


def ask(
    urls: str | tuple[str, ...], wanted: list[Request], budget: Budget | None = None, **endpoint: Any
) -> list[Reply]:
    replies: list[Reply] = []
    ask_into(replies, urls, wanted, budget, **endpoint)
    assert sorted(reply.id for reply in replies) == sorted(request.id for request in wanted)
    return replies


def ask_into(
    replies: list[Reply],
    urls: str | tuple[str, ...],
    wanted: list[Request],
    budget: Budget | None = None,
    **endpoint: Any,
) -> None:
    """As `ask`, with the replies in a list, for a run that fails."""
    every = (urls,) if isinstance(urls, str) else urls
    places = tuple(Endpoint(url, "tiny", **({"concurrency": 8, "served_by": url} | endpoint)) for url in every)
    pool = OpenAIClientPool(places, backoff=0.01, price=PRICE, run_budget=budget or Budget(), attempts=6)
    pool.ask(wanted, replies.append)


def paid(replies: list[Reply]) -> float:
    return sum(PRICE.dollars(reply.prompt_tokens, reply.completion_tokens) for reply in replies)


@pytest.mark.parametrize(
    "mode",
    ["plain", "together", "tgi", "end", "anthropic-words", "null", "gemini", "o-series", "claude", "mistral", "no-seed",
     "no-temperature", "out-of-order", "magistral", "reasoning-details", "rate-limit-in-200", "bad-gateway-in-200",
     "error-in-choice", "empty-at-times", "digits", "relay", "hidden-thought", "broken-off-at-times",
     "only-thought-at-times", "busy-in-words", "one-row-refused", "names-temperature",
     "web-page-at-times"],
)  # fmt: skip
def test_every_row_is_answered_and_paid_for_once(server: Provider, mode: str) -> None:
    budget = Budget(100.0)
    replies = ask(server.url(mode), requests(top_p=0.9), budget)
    assert {(reply.finish_reason, reply.error) for reply in replies} == {("stop", None)}
    assert all("is" in reply.text for reply in replies)
    if not mode.endswith("-at-times"):  # what could not be used is paid for too
        assert budget.spent == pytest.approx(paid(replies))
    assert budget.reserved == 0


@pytest.mark.parametrize(
    ("mode", "lacks", "has", "changes"),
    [
        ("o-series", ["temperature", "max_tokens"], {"max_completion_tokens": 64}, '{"not sent": ["temperature"]}'),
        ("claude", ["top_p"], {"temperature": 0.7}, '{"not sent": ["top_p"]}'),
        ("mistral", ["seed"], {"random_seed": 5}, ""),
        ("no-seed", ["seed", "random_seed"], {}, '{"not sent": ["seed"]}'),
        ("gemini", ["seed"], {"random_seed": 5}, ""),
        ("relay", ["temperature", "max_tokens"], {"max_completion_tokens": 64}, '{"not sent": ["temperature"]}'),
    ],
)
def test_a_refused_parameter_is_adapted_once_and_recorded(
    server: Provider, mode: str, lacks: list[str], has: dict[str, object], changes: str
) -> None:
    before = server.seen(mode)["calls"]
    replies = ask(server.url(mode), requests(top_p=0.9), concurrency=1)
    extra = server.seen(mode)["calls"] - before - ROWS
    assert 1 <= extra <= 2
    ask(server.url(mode), requests(top_p=0.9)[5:6])
    body = server.seen(mode)["last"]
    assert not set(lacks) & set(body)
    assert has.items() <= body.items()
    assert {reply.sent for reply in replies} == {changes}


@pytest.mark.parametrize("mode", ["no-system", "jinja"])
def test_a_model_without_a_system_role_gets_it_in_the_users_turn(server: Provider, mode: str) -> None:
    replies = ask(server.url(mode), requests(system="Be brief."))
    assert [reply.error for reply in replies] == [None] * ROWS
    assert server.seen(mode)["last"]["messages"][0]["content"].startswith("Be brief.\n\nWhat is ")
    assert {reply.sent for reply in replies} == {'{"system prompt": "in front of the user message"}'}


def test_a_stop_string_that_is_refused_cuts_the_text_here(server: Provider) -> None:
    (reply,) = ask(server.url("no-stop"), requests(1, stop=("product",)))
    assert reply.text.endswith("The ")


def test_a_recipes_own_parameters_are_sent_as_they_are(server: Provider) -> None:
    own = {"top_k": 20, "min_p": 0.1, "reasoning_effort": "high", "extra": {"provider": {"order": ["x"]}}}
    ask(server.url("plain"), requests(1, temperature=None, chat_template_kwargs={"enable_thinking": False}, **own))
    body = server.seen("plain")["last"]
    assert "temperature" not in body
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["provider"] == {"order": ["x"]}
    assert (body["top_k"], body["min_p"], body["reasoning_effort"]) == (20, 0.1, "high")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("refuses-everything", "This model is retired; see https://example.com/models"),
        ("no-credit-in-200", "no credit left.*Provider returned error .upstream."),
        ("no-credit-as-400", "has no credit left: top it up .response: 400: Your credit balance is too low"),
        ("no-credit-as-429", "has no credit left: top it up .response: 429: Insufficient balance"),
        ("web-page", "a web page instead of JSON: check that the URL is that of the API"),
        ("web-page-501", "a web page instead of JSON: check that the URL is that of the API"),
        ("limit-too-large", "64 > 16, which is the maximum number of output tokens"),
        ("redirect", "redirects to http://localhost:.*/plain/v1/chat/completions, which is not followed"),
    ],
)
def test_a_server_that_refuses_everything_stops_the_run_in_its_own_words(
    server: Provider, mode: str, words: str
) -> None:
    budget = Budget(100.0)
    before, plain = server.seen(mode)["calls"], server.seen("plain")["calls"]
    with pytest.raises(ServerError, match=words):
        ask(server.url(mode), requests(500), budget)
    assert server.seen(mode)["calls"] - before <= 20
    assert server.seen("plain")["calls"] == plain
    assert budget.spent == 0


def test_a_flagged_text_is_that_rows_error_and_stops_nothing(server: Provider) -> None:
    replies = ask(server.url("some-flagged"), requests())
    errors = {reply.id: (reply.error, reply.dollars) for reply in replies if reply.error}
    assert errors == dict.fromkeys(thirds(), ("403: Your input was flagged by moderation. (violence)", 0.0))


def test_a_parameter_that_is_refused_after_a_success_is_left_out_for_that_row_alone(server: Provider) -> None:
    url = server.url("one-row-refused")
    wanted = sorted(requests(), key=lambda request: request.id in thirds())
    replies = ask(url, wanted, concurrency=1)
    assert {reply.id for reply in replies if reply.sent} == thirds()


def test_tokens_of_a_hidden_thought_are_paid_for(server: Provider) -> None:
    plain, hidden = ask(server.url("plain"), requests(1)), ask(server.url("hidden-thought"), requests(1))
    assert hidden[0].completion_tokens == plain[0].completion_tokens + 100


def test_a_server_of_two_that_refuses_everything_costs_no_row(server: Provider) -> None:
    for rows in (4, 100):
        before = server.seen("refuses-everything")["calls"]
        replies = ask((server.url("refuses-everything"), server.url("plain")), requests(rows))
        assert {(reply.error, reply.served_by) for reply in replies} == {(None, server.url("plain"))}
        assert server.seen("refuses-everything")["calls"] - before <= 20


def test_a_row_that_two_good_servers_refuse_is_that_rows_error(server: Provider) -> None:
    urls = (server.url("refuses-one"), server.url("refuses-one") + "/")
    replies = ask(urls, [*requests(), bad_row()], concurrency=1)
    assert {reply.id: reply.error for reply in replies if reply.error} == {"bad": "400: not this one"}


def bad_row() -> Request:
    return Request("bad", MODEL, (Message("user", "refuse me"),), Sampling(0.7, 64), seed=1)


def test_two_servers_that_refuse_everything_stop_the_run(server: Provider) -> None:
    with pytest.raises(ServerError, match=r"This model is retired|maximum number of output tokens"):
        ask((server.url("refuses-everything"), server.url("limit-too-large")), requests(500))


def test_few_refused_rows_are_errors_with_the_servers_words(server: Provider) -> None:
    replies = ask(server.url("refuses-everything"), requests(3))
    assert {reply.error for reply in replies} == {"400: This model is retired; see https://example.com/models"}


def test_a_refused_parameter_of_the_recipe_stops_the_run(server: Provider) -> None:
    with pytest.raises(ServerError, match="Unrecognized request argument supplied: top_k"):
        ask(server.url("no-top-k"), requests(top_k=3))


@pytest.mark.parametrize(("mode", "reason"), [("refusal", "refusal"), ("tool-call", "tool_calls")])
def test_what_asking_again_would_not_change_is_a_reply_and_not_an_error(
    server: Provider, mode: str, reason: str
) -> None:
    replies = ask(server.url(mode), requests())
    assert {(reply.finish_reason, reply.error) for reply in replies} == {(reason, None)}


def test_an_unknown_finish_reason_is_kept(server: Provider) -> None:
    assert {reply.finish_reason for reply in ask(server.url("new-word"), requests())} == {"satisfied"}


def test_azures_version_and_key_are_sent_as_it_wants_them(server: Provider) -> None:
    url = f"http://127.0.0.1:{server.port}/azure/openai/deployments/mine?api-version=2024-10-21"
    assert [reply.error for reply in ask(url, requests(), api_key="azure-key")] == [None] * ROWS


def test_no_part_of_the_key_is_in_an_error(server: Provider) -> None:
    key = "sk-" + "".join(f"{n:02d}" for n in range(30))
    (reply,) = ask(server.url("echo"), requests(1), api_key=key)
    assert "***" in str(reply.error)
    assert not any(key[at : at + 6] in str(reply.error) for at in range(len(key) - 5))


def test_an_answer_that_unpacks_without_end_is_given_up(server: Provider) -> None:
    (reply,) = ask(server.url("bomb"), requests(1))
    assert reply.error == "the answer is larger than 64 MB"


GONE = {"always-empty": "an empty text", "too-large": "larger than 64 MB", "no-completion": "no completion"}


@pytest.mark.parametrize("mode", [*GONE, "cut-json"])
def test_what_was_paid_for_and_cannot_succeed_is_final_and_a_passing_fault_is_not(server: Provider, mode: str) -> None:
    before, budget = server.seen(mode)["calls"], Budget(100.0)
    replies = ask(server.url(mode), requests(9), budget)
    failed = [reply for reply in replies if reply.error is not None]
    assert 0 < len(failed) < 9
    assert {reply.is_final for reply in failed} == {mode in GONE}
    assert all(GONE.get(mode, "not JSON") in str(reply.error) for reply in failed)
    calls = {"always-empty": 3, "cut-json": 6}.get(mode, 1)
    assert server.seen(mode)["calls"] - before == 9 + (calls - 1) * len(failed)
    assert budget.spent == pytest.approx(sum(reply.dollars or 0.0 for reply in replies))


@pytest.mark.parametrize(("mode", "is_final"), [("always-broken-off", False), ("no-completion-at-all", True)])
def test_only_what_no_later_run_can_bring_is_final(server: Provider, mode: str, is_final: bool) -> None:
    replies = ask(server.url(mode), requests(3))
    assert all(reply.error for reply in replies)
    assert {reply.is_final for reply in replies} == {is_final}


def test_a_server_that_refuses_everything_after_a_while_stops_the_run_or_is_left(server: Provider) -> None:
    replies: list[Reply] = []
    with pytest.raises(ServerError, match=r"20 requests were refused, since its last success.*quarterly window"):
        ask_into(replies, server.url("refuses-later"), requests(500))
    # A refusal may come before a success that was on its way.
    assert [reply.error for reply in replies].count(None) == 4
    replies = ask((server.url("refuses-later"), server.url("plain")), requests(100))
    assert {reply.error for reply in replies} == {None}


def test_an_account_that_runs_out_stops_the_run_in_the_servers_words(server: Provider) -> None:
    replies: list[Reply] = []
    with pytest.raises(ServerError, match=r"has no credit left: .* You have reached your specified API usage limits"):
        ask_into(replies, server.url("runs-out"), requests(500))
    assert [reply.error for reply in replies] == [None] * 20


def test_rows_that_a_gateway_always_ends_are_errors_and_not_the_end_of_the_run(server: Provider) -> None:
    place = Endpoint(server.url("some-always-fail"), "tiny", concurrency=8)
    replies: list[Reply] = []
    OpenAIClientPool((place,), backoff=0.01, patience=2.0).ask(requests(), replies.append)
    assert {reply.id for reply in replies if reply.error} == thirds()
    assert len(replies) == ROWS


def test_words_of_a_question_are_no_words_of_the_server(server: Provider) -> None:
    wanted = [
        Request(f"q{n}", MODEL, (Message("user", f"Ann has no credit card {n}."),), Sampling(0.7, 64), seed=n)
        for n in range(ROWS)
    ]
    replies = ask(server.url("repeats-the-question"), wanted)
    assert {reply.error for reply in replies} == {None, "422: cannot answer '...'"}


def test_paid_answers_without_a_text_stop_the_run(server: Provider) -> None:
    budget = Budget(100.0)
    replies: list[Reply] = []
    with pytest.raises(ServerError, match="the first 20 rows were paid for and brought no text"):
        ask_into(replies, server.url("only-thought"), requests(500), budget)
    assert server.seen("only-thought")["calls"] <= 120
    assert budget.spent == pytest.approx(sum(reply.dollars or 0 for reply in replies))


def test_a_top_p_of_one_is_left_out_where_it_is_refused(server: Provider) -> None:
    assert {reply.error for reply in ask(server.url("tgi-top-p"), requests(top_p=1.0))} == {None}
