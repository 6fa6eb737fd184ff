"""The doctor's checks of local sources: whether their first rows can be read, and make problems."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from skyassets.commands.doctor.diagnosis import Diagnosis, diagnosis
from skyassets.core.errors import SourceError
from skyassets.core.sources import HubDataset, LocalFile, Source, Unreadable
from skyassets.engines.sources.reader import ProblemReader
from skyassets.recipes.recipe import Recipe
from skyassets.stages.problems.normalize import normalized
from skyassets.stages.problems.row_filters import LOOKED_AT, wanted_rows


def local_sources(recipe: Recipe) -> list[Source]:
    """The recipe's sources on this machine of which a few rows can be read without loading them all."""
    sources = [*recipe.sources, *(benchmark.source for benchmark in recipe.benchmarks)]
    return [source for source in sources if _is_local(source)]


def check_source(source: Source) -> Diagnosis:
    """Whether the first rows of a local source can be read, have its columns, and make at least one usable problem."""
    what, reader = f"source: {source.name}", _FirstRows()
    try:
        chosen = sum(1 for _ in wanted_rows(source, reader, Counter()))
        problems = list(normalized(source, reader, Counter())) if chosen else []
    except SourceError as error:
        seen, _, do = str(error).rpartition("; ")
        return diagnosis(what, is_fine=False, seen=seen or do, do=do if seen else "")
    looked_at = "its rows" if reader.is_whole else f"the first {reader.read:,} rows"
    if not chosen:
        seen = f"{source.location}: " + ("no rows" if not reader.read else f"its filters choose none of {looked_at}")
        return diagnosis(what, is_fine=False, seen=seen, do="look at its file and filters", is_needed=reader.is_whole)
    aside = [str(problem["set_aside"]) for problem in problems if problem["set_aside"] is not None]
    if len(aside) == len(problems):
        seen = f"{source.location}: none of {looked_at} makes a usable problem; the first: {aside[0]}"
        return diagnosis(what, is_fine=False, seen=seen, do="look at the columns", is_needed=reader.is_whole)
    seen = f"{source.location}: {len(problems) - len(aside):,} usable problems in {looked_at}"
    return diagnosis(what, is_fine=True, seen=seen)


class _FirstRows:
    """Implements the `Reader` port: the first rows of a source."""

    read = 0
    is_whole = True
    """Whether the last source read had no further rows."""

    def rows(self, source: Source) -> Iterator[dict[str, object] | Unreadable]:
        """The first rows, enough to see whether a column is missing."""
        self.read, self.is_whole = 0, True
        for row in islice(ProblemReader().rows(source), LOOKED_AT + 1):
            if self.read == LOOKED_AT:
                self.is_whole = False
                return
            self.read += 1
            yield row

    def fingerprint(self, source: Source) -> str:
        """That of the whole source."""
        return ProblemReader().fingerprint(source)


def _is_local(source: Source) -> bool:
    match source.origin:
        case LocalFile():
            return True
        case HubDataset(repo, files=files):
            return bool(files) and Path(repo).is_dir()
        case _:
            return False
