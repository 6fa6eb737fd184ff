"""The generated problems: the same for a seed, never shared between train and held-out, and right."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import SourceError
from skyassets.core.sources import Generated
from skyassets.stages.families import FAMILIES, generate

SOLUTIONS = {
    "plus": "def {name}(n):\n    return n + {number}",
    "product": "def {name}(n):\n    return n * {number}",
    "greater": "def {name}(n):\n    return n > {number}",
}


def made(held_out: bool, seed: int = 1, per_family: int = 20) -> list[dict[str, object]]:
    return list(generate(Generated(tuple(FAMILIES), per_family, seed, held_out)))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_train_and_held_out_never_share_a_question(seed: int, other: int) -> None:
    train = {row["question"] for row in made(False, seed, 5)}
    held_out = {row["question"] for row in made(True, other, 5)}
    assert not train & held_out


def test_the_same_seed_makes_the_same_problems() -> None:
    assert made(False) == made(False)
    assert made(False) != made(False, seed=2)


def test_every_family_makes_as_many_as_asked_each_once() -> None:
    rows = made(True)
    assert len(rows) == 20 * len(FAMILIES)
    assert len({row["question"] for row in rows}) == len(rows)


def test_a_family_that_runs_out_says_so() -> None:
    with pytest.raises(SourceError, match=r"the family 'times' has .* 500 are wanted"):
        list(generate(Generated(("times",), 500, 1, held_out=False)))


def test_an_unknown_family_names_those_there_are() -> None:
    with pytest.raises(SourceError, match="bags"):
        list(generate(Generated(("riddles",), 1, 1, held_out=False)))


@pytest.mark.parametrize("family", SOLUTIONS)
def test_the_tests_of_a_code_problem_accept_the_program_it_asks_for(family: str) -> None:
    for row in generate(Generated((family,), 10, 1, held_out=False)):
        tests = json.loads(str(row["tests"]))
        number = next(int(word.strip(".,")) for word in str(row["question"]).split() if word.strip(".,").isdigit())
        scope: dict[str, object] = {}
        exec(SOLUTIONS[family].format(name=tests["fn_name"], number=number), scope)
        function = scope[tests["fn_name"]]
        assert callable(function)
        assert [function(*given_) for given_ in tests["inputs"]] == tests["outputs"]
