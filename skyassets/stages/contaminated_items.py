"""The benchmark items whose text the training set has: what splits a score into its clean and its contaminated part."""

from collections.abc import Mapping

from skyassets.stages.contamination import Decontamination, ItemIndex


def contaminated_items(questions: Mapping[str, str], items: Mapping[str, str], rule: Decontamination) -> dict[str, str]:
    """Those of the items (id to text) that one of the questions learned from (id to text) repeats, with the evidence.

    A match tells the one item that a text is nearest to, and a text may hold several, or one that two benchmarks ask.
    So what was found is taken out, and the texts that had matched are held against the others, until nothing is found.
    """
    found: dict[str, str] = {}
    left, asked = dict(items), dict(questions)
    while left and asked:
        matches = ItemIndex(left, rule).match_all(list(asked.values()))
        asked = {
            problem: text for (problem, text), match in zip(asked.items(), matches, strict=True) if match is not None
        }
        told = [match for match in matches if match is not None]
        for problem, match in zip(asked, told, strict=True):
            found.setdefault(match.item, f"problem {problem} of the training set: {match}")
        left = {item: text for item, text in left.items() if item not in found}
    return dict(sorted(found.items()))
