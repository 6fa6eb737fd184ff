"""Harder problem families for reasoning models: maths, puzzles with many correct answers, and programs.

Each code problem includes a correct program, which validates its tests.
"""

import math
from fractions import Fraction
from itertools import accumulate

from skyassets.stages.problems.generated.rows import (
    WORDS,
    Dice,
    Family,
    function,
    maths,
    puzzle,
    scored_puzzle,
    script,
)
from skyassets.stages.problems.row_types import Problem


def remainder(dice: Dice) -> Problem:
    """The remainder of a large power."""
    base, power, divisor = dice.randint(2, 19), dice.randint(20, 400), dice.randint(7, 99)
    question = f"What is the remainder when ${base}^{{{power}}}$ is divided by {divisor}?"
    return maths(question, pow(base, power, divisor))


def linear_system(dice: Dice) -> Problem:
    """Two linear equations in two unknowns with a whole solution."""
    x, y = dice.randint(-12, 12), dice.randint(-12, 12)
    a, b = dice.randint(2, 9), dice.randint(2, 9)
    c, d = dice.randint(2, 9), dice.randint(2, 9)
    question = (
        f"The numbers $x$ and $y$ satisfy ${a}x + {b}y = {a * x + b * y}$ and ${c}x - {d}y = {c * x - d * y}$. "
        "What is $x \\cdot y$?"
    )
    return maths(question, x * y)


def root_squares(dice: Dice) -> Problem:
    """A symmetric function of the roots of a quadratic."""
    total, product = dice.randint(3, 40), dice.randint(1, 60)
    question = (
        f"Let $r$ and $s$ be the (real or complex) roots of $x^2 - {total}x + {product} = 0$. What is $r^2 + s^2$?"
    )
    return maths(question, total**2 - 2 * product)


def fractions(dice: Dice) -> Problem:
    """A sum of fractions in lowest terms."""
    terms = [Fraction(dice.randint(1, 19), dice.randint(2, 24)) for _ in range(3)]
    terms_text = " + ".join(f"\\frac{{{term.numerator}}}{{{term.denominator}}}" for term in terms)
    total = sum(terms, Fraction())
    answer = f"\\frac{{{total.numerator}}}{{{total.denominator}}}" if total.denominator > 1 else str(total)
    return maths(f"Write ${terms_text}$ as a fraction in lowest terms.", answer)


def divisors(dice: Dice) -> Problem:
    """How many divisors a number has."""
    number = math.prod(prime ** dice.randint(0, 3) for prime in (2, 3, 5, 7, 11))
    count = sum(1 + (n * n != number) for n in range(1, math.isqrt(number) + 1) if number % n == 0)
    return maths(f"How many positive divisors does {number} have?", count)


def committees(dice: Dice) -> Problem:
    """A count of committees under a condition."""
    women, men, seats = dice.randint(4, 9), dice.randint(4, 9), dice.randint(3, 5)
    least = dice.randint(1, seats - 1)
    count = sum(math.comb(women, chosen) * math.comb(men, seats - chosen) for chosen in range(least, seats + 1))
    question = (
        f"From {women} women and {men} men a committee of {seats} is chosen, with at least {least} of the women in it. "
        "In how many ways can it be chosen?"
    )
    return maths(question, count)


def countdown(dice: Dice) -> Problem:
    """A target that can be made from some of the given numbers, each used at most once."""
    numbers = [dice.randint(1, 25) for _ in range(dice.randint(4, 5))]
    example, target = _expression(dice, dice.sample(numbers, len(numbers) - dice.randint(0, 1)))
    question = (
        f"With the numbers {', '.join(map(str, numbers))}, each used at most once, and the operations +, -, * and / "
        f"with brackets, write an expression that equals {target}."
    )
    return scored_puzzle(question, "countdown", {"numbers": numbers, "target": target, "all": False}, example)


def make_24(dice: Dice) -> Problem:
    """Four numbers that make 24, each used exactly once."""
    while True:
        numbers = [dice.randint(1, 13) for _ in range(4)]
        example, value = _expression(dice, numbers)
        if value == 24:
            break
    question = (
        f"Use each of the numbers {', '.join(map(str, numbers))} exactly once, with the operations +, -, * and / and "
        "brackets, to write an expression that equals 24."
    )
    return scored_puzzle(question, "countdown", {"numbers": numbers, "target": 24, "all": True}, example)


def subset_sum(dice: Dice) -> Problem:
    """Some of the given numbers, with a given sum."""
    numbers = dice.sample(range(3, 99), dice.randint(7, 10))
    chosen = dice.sample(numbers, dice.randint(3, 5))
    question = (
        f"Which of the numbers {', '.join(map(str, numbers))} add up to {sum(chosen)}? Use each at most once, and "
        "separate them by commas."
    )
    parameters: dict[str, object] = {"numbers": numbers, "target": sum(chosen)}
    return scored_puzzle(question, "subset_sum", parameters, ", ".join(map(str, chosen)))


def ordering(dice: Dice) -> Problem:
    """An order that satisfies some rules; usually several do."""
    items = dice.sample(WORDS, dice.randint(5, 7))
    pairs = sorted({(first, second) for first, second in (sorted(dice.sample(range(len(items)), 2)) for _ in items)})
    before = [[items[first], items[second]] for first, second in pairs]
    listed = ", ".join(dice.sample(items, len(items)))
    rules = "; ".join(f"{first} comes before {second}" for first, second in before)
    question = f"Put these words into an order that keeps all the rules: {listed}. Rules: {rules}."
    return scored_puzzle(question, "ordering", {"items": items, "before": before}, ", ".join(items))


def weekday(dice: Dice) -> Problem:
    """The day of the week after a number of days."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    start, later = dice.randrange(7), dice.randint(15, 999)
    question = f"Today is {days[start]}. Which day of the week is it in {later} days?"
    return puzzle(question, days[(start + later) % 7])


def caesar(dice: Dice) -> Problem:
    """A function that shifts letters."""
    shift, name = dice.randint(1, 25), dice.choice(["encode", "cipher", "rotate", "shifted", "disguise"])
    texts = ["abc xyz", "Hello, World!", "", " ".join(dice.sample(WORDS, 3))]
    question = (
        f"Write a Python function `{name}(text)` that replaces each lower-case English letter by the one {shift} "
        "places further on in the alphabet, beginning again at a after z, and leaves all other characters as they are."
    )
    body = (
        f"def {name}(text):\n"
        f"    moved = lambda letter: chr((ord(letter) - 97 + {shift}) % 26 + 97)\n"
        '    return "".join(moved(letter) if "a" <= letter <= "z" else letter for letter in text)'
    )
    return function(question, name, [[text] for text in texts], [_shifted(text, shift) for text in texts], body)


def digit_sums(dice: Dice) -> Problem:
    """A function that counts numbers by their digits."""
    divisor, name = dice.randint(2, 19), dice.choice(["count_digit_sums", "tally", "matching", "how_many"])
    limits = [0, 9, 10, dice.randint(100, 999), dice.randint(1_000, 5_000)]
    question = (
        f"Write a Python function `{name}(n)` that returns how many whole numbers from 1 to n (both included) have a "
        f"sum of decimal digits that is divisible by {divisor}."
    )
    outputs = [sum(sum(map(int, str(k))) % divisor == 0 for k in range(1, limit + 1)) for limit in limits]
    body = f"def {name}(n):\n    return sum(sum(map(int, str(k))) % {divisor} == 0 for k in range(1, n + 1))"
    return function(question, name, [[limit] for limit in limits], outputs, body)


def window(dice: Dice) -> Problem:
    """A program that reads numbers and prints the largest or smallest sum of neighbours."""
    length, wanted = dice.randint(2, 60), dice.choice(["largest", "smallest"])
    rows = [[dice.randint(-50, 50) for _ in range(length + dice.randint(0, 20))] for _ in range(4)]
    question = (
        "Write a Python program that reads a whole number n from the first line of standard input and n whole numbers "
        f"from the second, n being at least {length}, and prints the {wanted} sum of {length} of them in a row."
    )
    pick = "max" if wanted == "largest" else "min"
    program = (
        "n = int(input())\n"
        "numbers = list(map(int, input().split()))\n"
        f"print({pick}(sum(numbers[start:start + {length}]) for start in range(n - {length} + 1)))"
    )
    inputs = [f"{len(row)}\n{' '.join(map(str, row))}\n" for row in rows]
    return script(question, inputs, [f"{_window(row, length, wanted)}\n" for row in rows], program)


HARDER: tuple[Family, ...] = (
    remainder, linear_system, root_squares, fractions, divisors, committees, countdown, make_24, subset_sum, ordering,
    weekday, caesar, digit_sums, window,
)  # fmt: skip


def _expression(dice: Dice, numbers: list[int]) -> tuple[str, int]:
    """A random expression of all `numbers`, whose intermediate results are all whole numbers, and its value."""
    parts = [(str(number), number) for number in dice.sample(numbers, len(numbers))]
    while len(parts) > 1:
        (left, one), (right, other) = parts.pop(dice.randrange(len(parts))), parts.pop(dice.randrange(len(parts)))
        results = [(f"({left} + {right})", one + other), (f"({left} - {right})", one - other)]
        if abs(one * other) < 1_000:
            results.append((f"({left} * {right})", one * other))
        if other and one % other == 0:
            results.append((f"({left} / {right})", one // other))
        parts.append(dice.choice(results))
    return parts[0]


def _shifted(text: str, shift: int) -> str:
    return "".join(chr((ord(letter) - 97 + shift) % 26 + 97) if "a" <= letter <= "z" else letter for letter in text)


def _window(numbers: list[int], length: int, wanted: str) -> int:
    totals = [0, *accumulate(numbers)]
    sums = [after - before for before, after in zip(totals, totals[length:], strict=False)]
    return max(sums) if wanted == "largest" else min(sums)
