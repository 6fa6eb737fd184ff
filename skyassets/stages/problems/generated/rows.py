"""Helpers for the families of generated problems: random numbers, words, and a row constructor per domain."""

import json
import random
from collections.abc import Callable, Sequence

from skyassets.stages.equivalence.scorers import scored
from skyassets.stages.problems.row_types import Problem

Dice = random.Random
Family = Callable[[Dice], Problem]

WORDS = (
    "apple", "river", "stone", "cloud", "tiger", "piano", "chair", "bread", "window", "garden", "lemon", "horse",
    "candle", "bridge", "pencil", "mountain", "rabbit", "silver", "yellow", "orange", "kitchen", "market", "winter",
    "summer", "button", "carpet", "dragon", "engine", "flower", "guitar", "hammer", "island", "jacket", "kettle",
    "ladder", "mirror", "needle", "ocean", "pepper", "queen", "rocket", "spider", "table", "umbrella", "violin",
    "wagon", "zebra", "anchor", "basket", "camera", "desert", "eagle", "forest", "glove", "honey", "insect", "jungle",
    "king", "lion", "monkey", "nest", "owl", "pearl", "robot", "sugar", "tree", "uncle", "valley", "whale", "yard",
)  # fmt: skip


def maths(question: str, answer: object) -> Problem:
    """A problem with a number as answer."""
    return {"domain": "maths", "question": question, "ground_truth": str(answer)}


def puzzle(question: str, answer: str) -> Problem:
    """A problem with one correct word or list of words."""
    return {"domain": "puzzle", "question": question, "ground_truth": answer}


def scored_puzzle(question: str, scorer: str, parameters: dict[str, object], example: str) -> Problem:
    """A problem with many correct answers, which `scorer` judges by `parameters`; `example` is one of them."""
    return {"domain": "puzzle", "question": question, "ground_truth": scored(scorer, parameters, example)}


def function(
    question: str, name: str, inputs: Sequence[Sequence[object]], outputs: Sequence[object], body: str
) -> Problem:
    """A problem that asks for a function: the arguments and results of its tests, and a correct body."""
    return _code(question, {"fn_name": name, "inputs": inputs, "outputs": outputs}, body)


def script(question: str, inputs: Sequence[str], outputs: Sequence[str], program: str) -> Problem:
    """A problem that asks for a program that reads input and prints output, with a correct one."""
    return _code(question, {"inputs": inputs, "outputs": outputs}, program)


def _code(question: str, tests: dict[str, object], reference: str) -> Problem:
    return {"domain": "code", "question": question, "tests": json.dumps(tests), "references": [reference]}
