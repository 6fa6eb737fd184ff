"""Synthetic problems and traces with planted repetitions, the same for every contender; no real text."""

import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

VOCABULARY = 20_000
BOILERPLATE = "where m and n are relatively prime positive integers find m plus n"


class Writer:
    """Draws words as unevenly as real ones are, and a number now and then."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        letters = "etaoinshrdlucmfw"
        self._words = sorted(
            {"".join(self.dice.choices(letters, k=self.dice.randint(2, 9))) for _ in range(VOCABULARY)}
        )
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def word(self) -> str:
        return self._words[bisect(self._sums, self.dice.random() * self._sums[-1])]

    def text(self, shortest: int, longest: int) -> str:
        dice, last = self.dice.random, self._sums[-1]
        words = [self._words[bisect(self._sums, dice() * last)] for _ in range(self.dice.randint(shortest, longest))]
        for _ in range(len(words) // 15):
            words[self.dice.randrange(len(words))] = str(self.dice.randint(2, 99))
        if self.dice.random() < 0.1:
            words.append(BOILERPLATE)
        return " ".join(words).capitalize() + "."

    def edited(self, text: str, share: float) -> str:
        """`text` with about this share of its words, one at least, replaced by others; its numbers stay."""
        words = text.split(" ")
        for _ in range(max(1, round(share * len(words)))):
            at = self.dice.randrange(len(words))
            if not any(character.isdigit() for character in words[at]):
                words[at] = self.word()
        return " ".join(words)

    def renumbered(self, text: str) -> str:
        """`text` with one of its numbers changed, or one more of them."""
        words = text.split(" ")
        places = [at for at, word in enumerate(words) if word.isdigit()]
        if places:
            at = self.dice.choice(places)
            words[at] = str(int(words[at]) + 100)
        else:
            words.append("100")
        return " ".join(words)


@dataclass(frozen=True)
class Planted:
    """Texts, and what was done to make each: new, copy, edit or number."""

    texts: list[str]
    kinds: list[str]


def repeating(rows: int, shortest: int, longest: int, seed: int = 1) -> Planted:
    """Three quarters new texts, then copies (8%), edits of few words (12%) and other numbers (5%) of those."""
    writer = Writer(seed)
    new = [writer.text(shortest, longest) for _ in range(rows * 3 // 4)]
    pairs = [(text, "new") for text in new]
    while len(pairs) < rows:
        of, kind = writer.dice.choice(new), writer.dice.choices(["copy", "edit", "number"], [8, 12, 5])[0]
        changed = {
            "copy": lambda text: text,
            "edit": lambda text: writer.edited(text, 0.02),
            "number": writer.renumbered,
        }
        pairs.append((changed[kind](of), kind))
    return Planted([text for text, _ in pairs], [kind for _, kind in pairs])


def contaminated(rows: int, items: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Training questions and benchmark items: one question in fifty holds an item, whole or with words changed."""
    writer = Writer(seed)
    wanted = [writer.text(15, 90) for _ in range(items)]
    texts = [writer.text(15, 150) for _ in range(rows)]
    for at in range(0, rows, 50):
        texts[at] = f"{writer.text(3, 12)} {writer.edited(writer.dice.choice(wanted), 0.05)} {writer.text(3, 12)}"
    return texts, wanted
