"""Easy problem families: maths, puzzles and code that a very small model sometimes solves."""

from skyassets.stages.problems.generated.rows import WORDS, Dice, Family, function, maths, puzzle
from skyassets.stages.problems.row_types import Problem


def times(dice: Dice) -> Problem:
    """A product from the times tables."""
    first, second = dice.randint(2, 12), dice.randint(2, 12)
    return maths(f"What is {first} times {second}?", first * second)


def largest(dice: Dice) -> Problem:
    """The largest of three numbers."""
    numbers = dice.sample(range(2, 99), 3)
    return maths(f"Which number is the largest: {numbers[0]}, {numbers[1]} or {numbers[2]}?", max(numbers))


def smallest(dice: Dice) -> Problem:
    """The smallest of three numbers."""
    numbers = dice.sample(range(2, 99), 3)
    return maths(f"Which number is the smallest: {numbers[0]}, {numbers[1]} or {numbers[2]}?", min(numbers))


def bags(dice: Dice) -> Problem:
    """A word problem with a product."""
    holders, each = dice.randint(2, 9), dice.randint(2, 9)
    thing = dice.choice(["apples", "books", "coins", "pens", "eggs", "toys"])
    holder = dice.choice(["boxes", "bags", "baskets"])
    question = f"There are {holders} {holder} with {each} {thing} in each. How many {thing} are there in total?"
    return maths(question, holders * each)


def last_word(dice: Dice) -> Problem:
    """The last word of a list."""
    words = dice.sample(WORDS, dice.randint(3, 5))
    return puzzle(f"What is the last word in this list: {', '.join(words)}?", words[-1])


def first_word(dice: Dice) -> Problem:
    """The first word of a list."""
    words = dice.sample(WORDS, dice.randint(3, 5))
    return puzzle(f"What is the first word in this list: {', '.join(words)}?", words[0])


def repeated(dice: Dice) -> Problem:
    """The only word that occurs twice in a list."""
    words = dice.sample(WORDS, 3)
    twice = dice.choice(words)
    words.insert(dice.randint(0, 3), twice)
    return puzzle(f"Which word appears twice in this list: {', '.join(words)}?", twice)


def plus(dice: Dice) -> Problem:
    """A function that adds a constant."""
    constant, name = dice.randint(2, 99), dice.choice(["add_number", "plus", "shift", "increase", "raise_by"])
    question = f"Write a Python function `{name}(n)` that returns n plus {constant}."
    outputs = [constant, 5 + constant, constant - 3]
    return function(question, name, [[0], [5], [-3]], outputs, f"def {name}(n):\n    return n + {constant}")


def product(dice: Dice) -> Problem:
    """A function that multiplies by a constant."""
    constant, name = dice.randint(2, 99), dice.choice(["multiply", "scale", "grow", "times", "enlarge"])
    question = f"Write a Python function `{name}(n)` that returns n times {constant}."
    outputs = [0, 5 * constant, -3 * constant]
    return function(question, name, [[0], [5], [-3]], outputs, f"def {name}(n):\n    return n * {constant}")


def greater(dice: Dice) -> Problem:
    """A function that compares with a constant."""
    bound, name = dice.randint(2, 99), dice.choice(["is_big", "check", "above", "exceeds", "is_more"])
    question = (
        f"Write a Python function `{name}(n)` that returns True if n is greater than {bound}, and False otherwise."
    )
    inputs = [[bound - 1], [bound], [bound + 1]]
    return function(question, name, inputs, [False, False, True], f"def {name}(n):\n    return n > {bound}")


SMALL: tuple[Family, ...] = (
    times, largest, smallest, bags, first_word, last_word, repeated, plus, product, greater,
)  # fmt: skip
