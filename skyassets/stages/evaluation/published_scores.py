"""Published scores of the recipe's models: quoted, not measured here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SYSTEMS = ("Sky-T1-32B-Preview", "Qwen2.5-32B-Instruct", "QwQ-32B-Preview", "o1-preview")
SOURCE = (
    "Quoted figures are percent as NovaSky published them for Sky-T1-32B-Preview (January 2025) and in the SkyThought "
    "repository. They were not measured here, carry no interval, and were made with other prompts and engines."
)


@dataclass(frozen=True)
class PublishedScores:
    """One benchmark's published scores in percent, in the order of SYSTEMS; `notes` say how reliable they are."""

    scores: tuple[float | None, float | None, float | None, float | None]
    notes: tuple[str, ...] = ()


SINGLE = "Published from a single sample of each item."
_PUBLISHED: dict[tuple[str, str], PublishedScores] = {
    ("math500", ""): PublishedScores(
        (86.4, 81.4, 92.2, 81.4),
        (
            "Sky-T1-32B-Preview had 82.4 at its release and 88.6 in a later post; Qwen2.5-32B-Instruct is also given "
            "as 76.2, QwQ-32B-Preview as 85.4.",
        ),
    ),
    ("aime2024", ""): PublishedScores(
        (43.3, 16.7, 50.0, 40.0), (SINGLE, "One problem is 3.3 points. Third parties re-ran Sky-T1 at 30.0 to 36.7.")
    ),
    ("livecodebench", "easy"): PublishedScores(
        (86.3, 84.6, 90.7, 92.9), ("Sky-T1-32B-Preview has 87.4 in a later post.",)
    ),
    ("livecodebench", "medium"): PublishedScores((56.8, 40.8, 56.3, 54.9), ("A third party re-ran Sky-T1 at 48.5.",)),
    ("livecodebench", "hard"): PublishedScores((17.9, 9.8, 17.1, 16.3), ("A third party re-ran Sky-T1 at 13.8.",)),
    ("gpqadiamond", ""): PublishedScores(
        (56.8, 45.5, 52.5, 75.2), (SINGLE, "Third parties re-ran Sky-T1 at 50.0 to 53.5.")
    ),
    ("olympiadbenchmathsen", ""): PublishedScores((59.79, 46.74, 62.17, 59.2)),
    ("gsm8k", ""): PublishedScores((95.3, 93.56, 95.53, 94.09)),
    ("amc23", ""): PublishedScores((77.5, 67.5, 82.5, None)),
}
_ALSO: Mapping[str, str] = {"aime24": "aime2024", "amc2023": "amc23"}


def published_scores(benchmark: str, level: str = "") -> PublishedScores | None:
    """The published scores of `benchmark`, or of its items of one `level`; None if there are none.

    The name is compared ignoring case, spaces and punctuation.
    """
    name = re.sub(r"[\W_]+", "", benchmark.casefold())
    return _PUBLISHED.get((_ALSO.get(name, name), level.casefold()))
