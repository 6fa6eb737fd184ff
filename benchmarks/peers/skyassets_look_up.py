"""Contamination by skyassets: `python skyassets_look_up.py containment|one-ngram NGRAM < texts and items`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from timed import timed

from skyassets.stages.deduplication.contamination import Decontamination, ItemIndex
from skyassets.stages.deduplication.words import Split


def main() -> None:
    rule = Decontamination()
    if sys.argv[1] == "one-ngram":  # as most published recipes do
        rule = Decontamination(int(sys.argv[2]), share=0.0, split=Split.SPACED, whole_short=False, near=None)
    data = json.load(sys.stdin)
    texts, items = data["texts"], {f"item {at:06d}": item for at, item in enumerate(data["items"])}

    def look_up(some: list[str]) -> list[int]:
        return [at for at, match in enumerate(ItemIndex(items, rule).match_all(some)) if match is not None]

    timed(lambda: look_up(texts[:100]), lambda: look_up(texts))


if __name__ == "__main__":
    main()
