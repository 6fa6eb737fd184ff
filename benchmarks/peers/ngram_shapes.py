"""The shape of published n-gram decontamination, written anew: `python ngram_shapes.py NGRAM < texts and items`.

`sets` looks each question's joined n-grams up in a dict of the items', as open-r1's script does; `lookups` makes such a
dict of both sides and walks the n-grams they share, as s1's does. Both: lower case, split at spaces, one hit is enough.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from timed import timed


def joined(text: str, ngram: int) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[at : at + ngram]) for at in range(len(words) - ngram + 1)]


def holders(texts: list[str], ngram: int) -> dict[str, set[int]]:
    positions: dict[str, set[int]] = defaultdict(set)
    for at, text in enumerate(texts):
        for gram in joined(text, ngram):
            positions[gram].add(at)
    return positions


def sets(texts: list[str], items: list[str], ngram: int) -> list[int]:
    known = holders(items, ngram)
    return [at for at, text in enumerate(texts) if any(gram in known for gram in set(joined(text, ngram)))]


def lookups(texts: list[str], items: list[str], ngram: int) -> list[int]:
    known, queries = holders(items, ngram), holders(texts, ngram)
    hits: set[int] = set()
    for gram in known.keys() & queries.keys():
        hits |= queries[gram]
    return sorted(hits)


def main() -> None:
    shape, ngram, data = globals()[sys.argv[1]], int(sys.argv[2]), json.load(sys.stdin)
    texts, items = data["texts"], data["items"]
    timed(lambda: shape(texts[:100], items[:100], ngram), lambda: shape(texts, items, ngram))


if __name__ == "__main__":
    main()
