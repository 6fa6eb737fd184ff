"""Rewriting: the rules use the trace's own words, and a model's rewrite that changed something is not believed."""

import pytest

from skyassets.core.ports import Model, Sampling
from skyassets.stages.rewrite import ModelRewriting, RuleRewriting, by_rules, fault
from skyassets.stages.structure import Structured, join, parse

TRACE = "First I multiply 6 by 7. The answer is 42."
REWRITING = ModelRewriting(Model("m", "1"), "s", "{question} {trace}", Sampling(0.7, 64), seed=1)
CODE_TRACE = "It doubles.\n\n```python\ndef f(n):\n    return 2 * n\n```"


def test_the_rules_keep_the_trace_and_box_what_it_states() -> None:
    made = by_rules(TRACE, "maths", RuleRewriting())
    assert made.text is not None
    assert parse(made.text) == Structured(TRACE, r"The answer is \boxed{42}.")


def test_the_rules_know_no_ground_truth() -> None:
    made = by_rules("I think it is 41.", "maths", RuleRewriting())
    assert made.text is not None
    assert r"\boxed{41}" in made.text


def test_the_rules_put_code_into_the_solution_alone() -> None:
    made = by_rules(CODE_TRACE, "code", RuleRewriting())
    assert made.text is not None
    parts = parse(made.text)
    assert parts == Structured("It doubles.", "```python\ndef f(n):\n    return 2 * n\n```")


@pytest.mark.parametrize(
    ("trace", "domain", "why"),
    [
        ("I do not know.", "maths", "states no answer"),
        ("I do not know.", "code", "no code"),
        ("```python\ndef f():\n    pass\n```", "code", "no reasoning"),
        ("The <|end_of_thought|> answer is 4.", "maths", "marker"),
    ],
)
def test_what_the_rules_cannot_rewrite_is_explained(trace: str, domain: str, why: str) -> None:
    made = by_rules(trace, domain, RuleRewriting())
    assert made.text is None
    assert why in str(made.failed)


def test_a_faithful_rewrite_is_believed() -> None:
    text = join(Structured(TRACE, r"The answer is \boxed{42}."))
    assert fault(TRACE, text, "maths", REWRITING) is None
    code = join(Structured("It doubles its argument.", "```python\ndef f(n):\n    return 2 * n\n```"))
    assert fault(CODE_TRACE, code, "code", REWRITING) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sorry, I cannot help with that.", "markers"),
        (join(Structured(TRACE, r"The answer is \boxed{43}.")), "the answer was changed"),
        (join(Structured(TRACE, "The answer is 42.")), "boxes no answer"),
        (join(Structured("42.", r"\boxed{42}")), "times as long"),
        (join(Structured(TRACE * 9, r"\boxed{42}")), "times as long"),
    ],
)
def test_an_unfaithful_rewrite_is_refused_with_the_reason(text: str, why: str) -> None:
    assert why in str(fault(TRACE, text, "maths", REWRITING))


def test_changed_code_is_refused() -> None:
    text = join(Structured("It doubles its argument.", "```python\ndef f(n):\n    return 3 * n\n```"))
    assert fault(CODE_TRACE, text, "code", REWRITING) == "the code was changed"
