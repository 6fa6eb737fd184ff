"""The checks of a rewrite: a changed answer is refused with its reason; what only a grader can decide is noted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.extraction.thoughts import split, thought_tag
from skyassets.stages.extraction.trace_format import MARKERS, Structured, join
from skyassets.stages.rewriting.checks import CHECKS, changed, checks, error_text, first_failure

TRACE = "First I multiply 6 by 7. The answer is 42."
CODE_TRACE = "It doubles.\n\n```python\ndef f(n):\n    return 2 * n\n```"
DOUBLED = "```python\ndef f(n):\n    return 2 * n\n```"


def reason(trace: str, text: str, domain: str = "maths") -> str | None:
    return first_failure(checks(trace, text, domain, 0.3, 3.0))


def structured(thought: str, solution: str) -> str:
    return join(Structured(thought, solution))


def test_a_faithful_rewrite_is_accepted() -> None:
    text = structured(TRACE, r"The answer is \boxed{42}.")
    assert reason(TRACE, text) is None
    assert changed(TRACE, text, "maths") is None
    code = structured("It doubles its argument.", DOUBLED.replace("2 * n", "2  *  n"))
    assert reason(CODE_TRACE, code, "code") is None
    assert changed(CODE_TRACE, code, "code") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Here is the rewrite.", "markers"),
        (structured(TRACE, r"The answer is \boxed{43}."), "the answer was changed: 42 became 43"),
        (structured(TRACE, "The answer is 42."), "boxes no answer"),
        (structured("42.", r"\boxed{42}"), "times as long"),
        (structured(TRACE * 9, r"\boxed{42}"), "times as long"),
        (structured(TRACE, "I'm sorry, but I can't assist with that. \\boxed{42}"), "a refusal: I'm sorry"),
        (structured("Sorry, I cannot rewrite this. The answer is 42.", r"\boxed{42}"), "a refusal: Sorry, I cannot"),
        ("Error code: 429 - {'error': {'message': 'Rate limit'}}", "an API's error text: Error code: 429"),
    ],
)
def test_an_unfaithful_rewrite_is_refused_with_the_reason(text: str, why: str) -> None:
    assert why in str(reason(TRACE, text))


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, but I can’t help with that.",
        "I am sorry, I am unable to process this.",
        "I apologize, but I cannot provide a rewrite of this text.",
        "I cannot fulfil this request.",
        "As an AI language model, I do not have access.",
    ],
)
def test_a_refusal_is_seen_in_thought_and_solution(sentence: str) -> None:
    assert "a refusal" in str(reason(TRACE, structured(f"{sentence} {TRACE}", r"\boxed{42}")))
    assert "a refusal" in str(reason(TRACE, structured(TRACE, rf"{sentence} \boxed{{42}}")))


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm sorry, that step was wrong.",
        "I can't divide by zero here.",
        "I cannot use this text as a hint, so I compute.",
        "We can't assist the induction with a weaker claim.",
        "It prints error code 2 when the file is missing.",
    ],
)
def test_text_that_only_sounds_like_a_refusal_or_an_error_is_accepted(sentence: str) -> None:
    assert reason(TRACE, structured(f"{sentence} {TRACE}", r"\boxed{42}")) is None


@pytest.mark.parametrize("sentence", ["I'm sorry, but I can't recall the formula.", "It logs Error code: 404 here."])
def test_the_rewrite_may_keep_what_the_trace_says(sentence: str) -> None:
    trace = f"{sentence} {TRACE}"
    assert reason(trace, structured(trace, r"\boxed{42}")) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o-mini'}}",
        "openai.APITimeoutError: Request timed out.",
        '{"error": {"message": "insufficient_quota"}}',
        "You exceeded your current quota, please check your plan.",
        "This model's maximum context length is 128000 tokens.",
        "Connection error.",
    ],
)
def test_an_apis_error_text_is_never_a_rewrite(sentence: str) -> None:
    assert "an API's error text" in str(error_text(sentence))
    assert "an API's error text" in str(reason(TRACE, sentence))


def test_changed_code_is_left_to_the_grader_and_reported() -> None:
    text = structured("It doubles its argument.", DOUBLED.replace("2 * n", "n + n"))
    assert reason(CODE_TRACE, text, "code") is None
    assert changed(CODE_TRACE, text, "code") == "the code"


def test_code_that_is_not_one_block_is_refused() -> None:
    text = structured("It doubles its argument.", f"{DOUBLED}\n\nor\n\n{DOUBLED}")
    assert reason(CODE_TRACE, text, "code") == "the solution is not exactly one block of code"


def test_an_answer_that_only_a_grader_can_compare_is_left_to_it() -> None:
    trace = "So I expand it. The answer is $(x+1)^2$."
    text = structured("So I expand it step by step.", r"\boxed{x^2+2x+1}")
    assert reason(trace, text) is None
    assert "the answer's spelling" in str(changed(trace, text, "maths"))


def test_an_answer_the_trace_never_stated_is_refused() -> None:
    assert reason("I do not know.", structured("I do not know.", r"\boxed{7}")) == (
        "the trace states no answer, the rewrite does"
    )


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["maths", "code", "puzzle", "science"]))
def test_every_text_has_every_check(trace: str, text: str, domain: str) -> None:
    assert tuple(checks(trace, text, domain, 0.3, 3.0)) == CHECKS


@given(st.integers(0, 10**6), st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_a_rewrite_in_the_traces_own_words_passes(value: int, words: str) -> None:
    trace = f"{words}\nThe answer is {value}."
    if any(marker in words for marker in MARKERS) or isinstance(split(trace), str) or thought_tag(trace):
        return
    assert reason(trace, structured(trace, rf"The answer is \boxed{{{value}}}.")) is None
