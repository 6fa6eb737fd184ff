"""LiveCodeBench: dated contest problems, so that a model can be tested on problems newer than its training data."""

from skyassets.core.errors import RecipeError
from skyassets.core.sources import HubDataset, Source, Window
from skyassets.stages.evaluation.benchmark import Benchmark

RELEASES = tuple(f"release_v{number}" for number in range(1, 7))
"""Each release contains all problems of the earlier ones: 400, 511, 612, 713, 880 and 1,055."""
PUBLISHED = "release_v2"
"""The release that Sky-T1 was evaluated on."""


def livecodebench(release: str = PUBLISHED, since: str | None = None, until: str | None = None) -> Benchmark:
    """The problems of a release, from contests between `since` and `until` (ISO dates, inclusive).

    Raises:
        RecipeError: for an unknown release.
    """
    if release not in RELEASES:
        raise RecipeError(f"LiveCodeBench has no release {release!r}; it has {', '.join(RELEASES)}")
    window = Window("contest_date", since or "", until or "") if since or until else None
    source = Source(
        name="livecodebench",
        origin=HubDataset(
            "livecodebench/code_generation_lite",
            revision="0fe84c3912ea0c4d4a78037083943e8f0c4dd505",
            files=_files(release),
        ),
        licence="CC",
        domain="code",
        question="question_content",
        layout="livecodebench",
        starter_code="starter_code",
        family="platform",
        level="difficulty",
        window=window,
    )
    return Benchmark(_name(release, since, until), source)


def _files(release: str) -> tuple[str, ...]:
    """The data files, read directly because the data set's loading script is no longer supported."""
    count = RELEASES.index(release) + 1
    return ("test.jsonl", *(f"test{number}.jsonl" for number in range(2, count + 1)))


def _name(release: str, since: str | None, until: str | None) -> str:
    """A different selection is a different benchmark, so that its scores never share a column with the default's."""
    chosen = [] if release == PUBLISHED else [release]
    chosen += [f"from {since}"] if since else []
    chosen += [f"to {until}"] if until else []
    return f"LiveCodeBench ({', '.join(chosen)})" if chosen else "LiveCodeBench"
