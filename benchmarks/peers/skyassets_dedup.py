"""Near-duplicates by skyassets: `python skyassets_dedup.py same-numbers|any-numbers THRESHOLD < texts (and groups)`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from timed import timed

from skyassets.stages.deduplication.near_duplicates import NearDuplicates, near_duplicates


def main() -> None:
    rule = NearDuplicates(threshold=float(sys.argv[2]), same_numbers=sys.argv[1] == "same-numbers")
    data = json.load(sys.stdin)
    texts, groups = data["texts"], data.get("groups")

    def duplicates() -> list[int]:
        return [at for at, twin in enumerate(near_duplicates(texts, rule, groups)) if twin is not None]

    timed(lambda: near_duplicates(texts[:100], rule), duplicates)


if __name__ == "__main__":
    main()
