"""Near-duplicates by sketches: `python minhash_dedup.py datasketch|rensa THRESHOLD < texts`, in the peer's environment.

Three-word shingles of lower-case alphanumeric words, 128 permutations, the library's own choice of bands: each text is
looked up, and joins the index if nothing is found. `datasketch==2.0.0` or `rensa==0.5.0`.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from timed import timed

WORD = re.compile(r"[^\W_]+")
SHINGLE = 3
PERMUTATIONS = 128


def shingles(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return [" ".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))]


def datasketch(texts: list[str], threshold: float) -> list[int]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    sets = ([shingle.encode() for shingle in set(shingles(text))] for text in texts)
    duplicates = []
    for at, sketch in enumerate(MinHash.generator(sets, num_perm=PERMUTATIONS)):
        if index.query(sketch):
            duplicates.append(at)
        else:
            index.insert(at, sketch, check_duplication=False)
    return duplicates


def rensa(texts: list[str], threshold: float) -> list[int]:
    from rensa import RMinHashDeduplicator

    index = RMinHashDeduplicator(threshold=threshold, num_perm=PERMUTATIONS, use_lsh=True)
    is_new = index.add_pairs((str(at), shingles(text)) for at, text in enumerate(texts))
    return [at for at, new in enumerate(is_new) if not new]


def main() -> None:
    library, threshold, texts = globals()[sys.argv[1]], float(sys.argv[2]), json.load(sys.stdin)["texts"]
    timed(lambda: library(texts[:100], threshold), lambda: library(texts, threshold))


if __name__ == "__main__":
    main()
