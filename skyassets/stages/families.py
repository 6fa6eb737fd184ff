"""Small families of problems, made by seed: maths, puzzles and code a very small model sometimes gets right.

Train and held-out problems are told apart by a digest of the question, so the two can never share one, whatever the
seeds and counts.
"""

import json
import random
from collections.abc import Callable, Iterator

from skyassets.core.errors import SourceError
from skyassets.core.identity import digest
from skyassets.core.sources import Generated

Dice = random.Random
Row = dict[str, object]

TRIES_A_PROBLEM = 400
"""Draws before a family is taken to have no further problem."""

WORDS = (
    "apple", "river", "stone", "cloud", "tiger", "piano", "chair", "bread", "window", "garden", "lemon", "horse",
    "candle", "bridge", "pencil", "mountain", "rabbit", "silver", "yellow", "orange", "kitchen", "market", "winter",
    "summer", "button", "carpet", "dragon", "engine", "flower", "guitar", "hammer", "island", "jacket", "kettle",
    "ladder", "mirror", "needle", "ocean", "pepper", "queen", "rocket", "spider", "table", "umbrella", "violin",
    "wagon", "zebra", "anchor", "basket", "camera", "desert", "eagle", "forest", "glove", "honey", "insect", "jungle",
    "king", "lion", "monkey", "nest", "owl", "pearl", "robot", "sugar", "tree", "uncle", "valley", "whale", "yard",
)  # fmt: skip


def times(dice: Dice) -> Row:
    """A product from the times tables."""
    first, second = dice.randint(2, 12), dice.randint(2, 12)
    return _maths(f"What is {first} times {second}?", first * second)


def largest(dice: Dice) -> Row:
    """The largest of three numbers."""
    numbers = dice.sample(range(2, 99), 3)
    return _maths(f"Which number is the largest: {numbers[0]}, {numbers[1]} or {numbers[2]}?", max(numbers))


def smallest(dice: Dice) -> Row:
    """The smallest of three numbers."""
    numbers = dice.sample(range(2, 99), 3)
    return _maths(f"Which number is the smallest: {numbers[0]}, {numbers[1]} or {numbers[2]}?", min(numbers))


def bags(dice: Dice) -> Row:
    """A product told as a story."""
    holders, each = dice.randint(2, 9), dice.randint(2, 9)
    thing = dice.choice(["apples", "books", "coins", "pens", "eggs", "toys"])
    holder = dice.choice(["boxes", "bags", "baskets"])
    question = f"There are {holders} {holder} with {each} {thing} in each. How many {thing} are there in total?"
    return _maths(question, holders * each)


def last_word(dice: Dice) -> Row:
    """The last word of a list."""
    words = dice.sample(WORDS, dice.randint(3, 5))
    return _puzzle(f"What is the last word in this list: {', '.join(words)}?", words[-1])


def first_word(dice: Dice) -> Row:
    """The first word of a list."""
    words = dice.sample(WORDS, dice.randint(3, 5))
    return _puzzle(f"What is the first word in this list: {', '.join(words)}?", words[0])


def repeated(dice: Dice) -> Row:
    """The one word that is in a list twice."""
    words = dice.sample(WORDS, 3)
    twice = dice.choice(words)
    words.insert(dice.randint(0, 3), twice)
    return _puzzle(f"Which word appears twice in this list: {', '.join(words)}?", twice)


def plus(dice: Dice) -> Row:
    """A function that adds a constant."""
    constant, name = dice.randint(2, 99), dice.choice(["add_number", "plus", "shift", "increase", "raise_by"])
    question = f"Write a Python function `{name}(n)` that returns n plus {constant}."
    return _code(question, name, [0, 5, -3], [constant, 5 + constant, constant - 3])


def product(dice: Dice) -> Row:
    """A function that multiplies by a constant."""
    constant, name = dice.randint(2, 99), dice.choice(["multiply", "scale", "grow", "times", "enlarge"])
    question = f"Write a Python function `{name}(n)` that returns n times {constant}."
    return _code(question, name, [0, 5, -3], [0, 5 * constant, -3 * constant])


def greater(dice: Dice) -> Row:
    """A function that compares with a constant."""
    bound, name = dice.randint(2, 99), dice.choice(["is_big", "check", "above", "exceeds", "is_more"])
    question = (
        f"Write a Python function `{name}(n)` that returns True if n is greater than {bound}, and False otherwise."
    )
    return _code(question, name, [bound - 1, bound, bound + 1], [False, False, True])


FAMILIES: dict[str, Callable[[Dice], Row]] = {
    family.__name__: family
    for family in (times, largest, smallest, bags, first_word, last_word, repeated, plus, product, greater)
}


def generate(origin: Generated) -> Iterator[Row]:
    """The problems of `origin`, each question once, named family-number.

    Raises:
        SourceError: for an unknown family, or one that has fewer problems than are wanted.
    """
    for family in origin.families:
        if family not in FAMILIES:
            raise SourceError(f"no family of problems is called {family!r}; there are {sorted(FAMILIES)}")
        dice = random.Random(f"{origin.seed}:{family}")
        made: set[str] = set()
        for _ in range(origin.per_family * TRIES_A_PROBLEM):
            if len(made) == origin.per_family:
                break
            row = FAMILIES[family](dice)
            question = str(row["question"])
            if question in made or is_held_out(question) != origin.held_out:
                continue
            made.add(question)
            yield {"name": f"{family}-{len(made):04d}", "family": family, **row}
        if len(made) < origin.per_family:
            side = "held-out" if origin.held_out else "train"
            raise SourceError(f"the family {family!r} has {len(made)} {side} problems, {origin.per_family} are wanted")


def is_held_out(question: str) -> bool:
    """Which side a generated question is on, for good: about two in five are held out."""
    return int(digest("held out", question)[:8], 16) % 5 < 2


def _maths(question: str, answer: int) -> Row:
    return {"domain": "maths", "question": question, "ground_truth": str(answer)}


def _puzzle(question: str, answer: str) -> Row:
    return {"domain": "puzzle", "question": question, "ground_truth": answer}


def _code(question: str, name: str, inputs: list[int], outputs: list[int] | list[bool]) -> Row:
    tests = {"fn_name": name, "inputs": [[value] for value in inputs], "outputs": outputs}
    return {"domain": "code", "question": question, "tests": json.dumps(tests)}
