"""The generated problems: the same for a seed, never shared between train and held-out, and right."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.errors import SourceError
from skyassets.core.sources import Generated
from skyassets.recipes.embedded import FAMILIES as EMBEDDED
from skyassets.stages.equivalence.scorers import is_scored, right_answer, score
from skyassets.stages.problems.generated.registry import FAMILIES, generate

ORIGINAL = ("times", "largest", "smallest", "bags", "first_word", "last_word", "repeated", "plus", "product", "greater")
SOLUTIONS = {
    "plus": "def {name}(n):\n    return n + {number}",
    "product": "def {name}(n):\n    return n * {number}",
    "greater": "def {name}(n):\n    return n > {number}",
}


def generated(held_out: bool, seed: int = 1, per_family: int = 20) -> list[dict[str, object]]:
    return list(generate(Generated(tuple(FAMILIES), per_family, seed, held_out)))


@settings(deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 10**6), st.integers(0, 10**6))
def test_train_and_held_out_never_share_a_question(family: str, seed: int, other: int) -> None:
    train = {row["question"] for row in generate(Generated((family,), 5, seed, held_out=False))}
    held_out = {row["question"] for row in generate(Generated((family,), 5, other, held_out=True))}
    assert not train & held_out


def test_the_same_seed_makes_the_same_problems() -> None:
    assert generated(False) == generated(False)
    assert generated(False) != generated(False, seed=2)


def test_every_family_makes_the_requested_number_without_repetition() -> None:
    rows = generated(True)
    assert len(rows) == 20 * len(FAMILIES)
    assert len({row["question"] for row in rows}) == len(rows)


def test_a_family_with_too_few_questions_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"the family 'times' has .* 500 are wanted"):
        list(generate(Generated(("times",), 500, 1, held_out=False)))


def test_an_unknown_family_lists_the_known_ones() -> None:
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


def test_the_embedded_recipe_keeps_the_families_it_was_measured_with() -> None:
    assert EMBEDDED == ORIGINAL


def test_a_puzzle_with_many_right_answers_counts_its_own_example_as_one() -> None:
    scored = [row for row in generated(False) if is_scored(str(row.get("ground_truth")))]
    assert {row["family"] for row in scored} == {"countdown", "make_24", "subset_sum", "ordering"}
    for row in scored:
        truth = str(row["ground_truth"])
        assert score(truth, right_answer(truth) or "") is True, row


def test_every_code_problem_has_a_reference_that_passes_its_own_tests() -> None:
    for row in generated(True):
        if row["domain"] != "code":
            continue
        tests = json.loads(str(row["tests"]))
        (reference,) = row["references"]  # type: ignore[misc]
        for given_, wanted in zip(tests["inputs"], tests["outputs"], strict=True):
            if "fn_name" in tests:
                scope: dict[str, object] = {}
                exec(reference, scope)
                assert scope[tests["fn_name"]](*given_) == wanted  # type: ignore[operator]
            else:
                run = subprocess.run([sys.executable, "-c", reference], input=given_, capture_output=True, text=True)
                assert run.stdout == wanted
