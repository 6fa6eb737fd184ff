"""The key of a completion: a stored key can be parsed again, and the nearest one is the one that shares most."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.stages.sampling.completions import completion_row, request
from skyassets.stages.sampling.request_key import as_stored, differences, key_of, longest_words, nearest, stored_key

QUESTION = 'What is "6" times 7?'
BASE = request(Model("m", "1"), (Message("system", "Think."), Message("user", QUESTION)), Sampling(0.7, 64), 1)


def changed(**parts: object) -> Request:
    altered = replace(BASE, **parts)  # type: ignore[arg-type]
    return request(altered.model, altered.messages, altered.sampling, altered.seed)


def test_every_part_of_the_key_is_named() -> None:
    parts = key_of(BASE).parts
    assert parts["model"] == "m"
    assert parts["system prompt"] == "Think."
    assert parts["user message"] == QUESTION
    assert {"revision", "temperature", "max_tokens", "top_p", "stop", "seed"} <= parts.keys()


@given(st.text(), st.text(), st.integers(0, 9), st.floats(0, 2))
def test_a_stored_request_reads_as_the_request_sent(system: str, user: str, seed: int, temperature: float) -> None:
    messages = (Message("system", system), Message("user", user))
    sent = request(BASE.model, messages, Sampling(temperature, 64), seed)
    row = completion_row(sent, Reply(sent.id, "text", "stop", 1, 1, 0.1, "test"))
    assert as_stored(user) in str(row["request"])
    assert differences(stored_key(sent.id, str(row["request"])), key_of(sent)) == []


def test_each_change_is_the_only_difference() -> None:
    cases = {
        "model": changed(model=Model("n", "1")),
        "revision": changed(model=Model("m", "2")),
        "system prompt": changed(messages=(Message("system", "Do."), BASE.messages[1])),
        "user message": changed(messages=(BASE.messages[0], Message("user", f"{QUESTION}!"))),
        "temperature": changed(sampling=Sampling(0.8, 64)),
        "max_tokens": changed(sampling=Sampling(0.7, 65)),
        "top_p": changed(sampling=Sampling(0.7, 64, top_p=0.9)),
        "stop": changed(sampling=Sampling(0.7, 64, stop=("end",))),
        "seed": changed(seed=2),
    }
    for part, one in cases.items():
        assert [gap.part for gap in differences(key_of(BASE), key_of(one))] == [part]


def test_a_part_that_only_one_has_is_a_difference() -> None:
    (gap,) = differences(key_of(BASE), key_of(changed(messages=BASE.messages[1:])))
    assert (gap.part, gap.stored, gap.wanted) == ("system prompt", "Think.", None)


def test_the_same_question_is_nearer_than_fewer_differences() -> None:
    other_question = changed(messages=(BASE.messages[0], Message("user", "What is 5 times 7?")))
    same_question = changed(seed=9, sampling=Sampling(0.1, 8), model=Model("n", "2"))
    near = nearest(key_of(BASE), [key_of(other_question), key_of(same_question)], QUESTION)
    assert near == key_of(same_question)


def test_among_the_same_question_the_fewest_differences_are_nearest() -> None:
    far, near = changed(seed=9, sampling=Sampling(0.1, 8)), changed(seed=3)
    assert nearest(key_of(BASE), [key_of(far), key_of(near)], QUESTION) == key_of(near)
    assert nearest(key_of(BASE), [], QUESTION) is None


def test_the_longest_words_come_first() -> None:
    assert longest_words("a bb a ccc") == ["ccc", "bb", "a"]
