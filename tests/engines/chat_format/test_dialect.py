"""What a refusal of a provider changes, and what it does not."""

import pytest

from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.engines.chat_format.dialect import Dialect

REQUEST = Request(
    "r", Model("m", "1"), (Message("system", "Be brief."), Message("user", "Hi")),
    Sampling(0.7, 100, top_p=0.9, stop=("END",)), seed=3,
)  # fmt: skip
PLAIN = Dialect.of("http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    ("refusal", "lacks", "has"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
         "max_tokens", "max_completion_tokens"),
        ("Unsupported value: 'temperature' does not support 0.7. Only the default (1) value is supported.",
         "temperature", "top_p"),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
         "top_p", "temperature"),
        ('{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}',
         "seed", "random_seed"),
        ('Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed", "random_seed"),
        ("property 'seed' is unsupported", "seed", "random_seed"),
        ("Argument not supported on this model: stop", "stop", "seed"),
        ("Unrecognized request argument supplied: seed", "seed", "random_seed"),
        ("invalid temperature: only 1 is allowed for this model", "temperature", "top_p"),
        ("`temperature` may only be set to 1 when thinking is enabled.", "temperature", "top_p"),
        ("`top_p` is deprecated for this model.", "top_p", "temperature"),
        ("Temperature: this model wants its own", "temperature", "top_p"),
        ("Extra inputs are not permitted (loc: body.stop)", "stop", "seed"),
        ("Please remove max_tokens, or send max_completion_tokens", "max_tokens", "max_completion_tokens"),
    ],
)  # fmt: skip
def test_the_named_parameter_is_sent_otherwise(refusal: str, lacks: str, has: str) -> None:
    adapted = PLAIN.after(refusal, PLAIN.body(REQUEST, "m"))
    assert adapted is not None
    body = adapted.body(REQUEST, "m")
    assert lacks not in body
    assert has in body


@pytest.mark.parametrize(
    "refusal",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "This model does not support system messages.",
    ],
)
def test_a_refused_system_prompt_goes_in_front_of_the_users(refusal: str) -> None:
    adapted = PLAIN.after(refusal, PLAIN.body(REQUEST, "m"))
    assert adapted is not None
    assert adapted.body(REQUEST, "m")["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]


@pytest.mark.parametrize(
    "refusal",
    [
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (1000 in the messages, "
        "8000 in the completion). Please reduce the length of the messages or completion.",
        "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum context length is 8192.",
        "max_tokens must be at least 1, got -5",
        "temperature: must be below 2",
        "The response was filtered due to the prompt triggering our content management policy.",
        "max_tokens: 100 > 16, which is the maximum number of output tokens for this model",
        "This model's maximum output is 16; max_tokens must be less than that",
        "temperature must be between 0 and 0.5",
        "top_p must be <= 0.8",
        "Your prompt was flagged: how do I set the temperature of a bomb",
        "prompt is too long: 9000 tokens; lower max_tokens or the prompt",
        "This model is retired",
        "please stop; this model is retired",
        "Unrecognized request argument supplied: top_k",
        "",
    ],
)
def test_a_refusal_of_something_else_changes_nothing(refusal: str) -> None:
    assert PLAIN.after(refusal, PLAIN.body(REQUEST, "m")) is None


def test_a_limit_that_is_refused_under_both_names_is_given_up() -> None:
    say = "Unsupported parameter: '{}' is not supported."
    once = PLAIN.after(say.format("max_tokens"), PLAIN.body(REQUEST, "m"))
    assert once is not None
    assert once.after(say.format("max_completion_tokens"), once.body(REQUEST, "m")) is None


def test_a_host_that_wants_the_new_name_of_the_limit_may_still_have_a_model_that_refuses_it() -> None:
    azure = Dialect.of("https://mine.openai.azure.us/openai/v1")
    assert azure.body(REQUEST, "m")["max_completion_tokens"] == 100
    adapted = azure.after("Unrecognized request argument supplied: max_completion_tokens", azure.body(REQUEST, "m"))
    assert adapted is not None
    assert adapted.body(REQUEST, "m")["max_tokens"] == 100
    assert adapted.difference(azure) == "with max_tokens instead of max_completion_tokens"
    assert adapted.changes(REQUEST) == ""


@pytest.mark.parametrize(("value", "is_sent"), [(0, True), (3, True), (None, False)])
def test_a_chosen_parameter_is_sent_even_if_it_is_zero(value: int | None, is_sent: bool) -> None:
    request = Request("r", Model("m", "1"), (Message("user", "Hi"),), Sampling(1.0, 5, top_k=value), seed=0)
    assert ("top_k" in PLAIN.body(request, "m")) is is_sent


def test_adapting_ends_whatever_a_server_refuses() -> None:
    dialect, steps = PLAIN, 0
    everything = "unsupported: temperature, top_p, 'stop', seed, random_seed, max_tokens, max_completion_tokens"
    while (adapted := dialect.after(everything, dialect.body(REQUEST, "m"))) is not None:
        dialect, steps = adapted, steps + 1
    assert steps == 6
    assert set(dialect.body(REQUEST, "m")) == {"model", "messages", "max_completion_tokens"}


def test_a_providers_defaults_are_not_sent_and_ours_are() -> None:
    plain = Request("r", Model("m", "1"), (Message("user", "Hi"),), Sampling(1.0, 5), seed=0)
    assert {"temperature", "top_p"} <= set(PLAIN.body(plain, "m"))
    assert not {"temperature", "top_p"} & set(Dialect.of("https://api.openai.com/v1").body(plain, "m"))
    assert {"temperature", "top_p"} <= set(Dialect.of("https://gpu-box.example.com/v1").body(plain, "m"))
    hosted = Dialect.of("https://api.mistral.ai/v1").body(plain, "m")
    assert "temperature" in hosted
    assert "top_p" not in hosted
