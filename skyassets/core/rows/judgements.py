"""Stored judgements: a grader's results are kept, so that a rerun grades only new texts.

Shared by all recipes. Decided and undecided judgements are stored separately, so that the undecided ones can be
forgotten and retried on their own.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.ports import Judgement, Verdict
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import JUDGEMENTS, UNDECIDED
from skyassets.core.text import now, silent, well_formed

WriteJudgement = Callable[[str, Judgement], None]


@dataclass(frozen=True)
class JudgementStore:
    """The judgements of all recipes, in `folder`, by an id that is known before grading."""

    folder: Path
    log: Callable[[str], None] = silent

    def read(self, keys: Sequence[str]) -> dict[str, Judgement]:
        """The stored judgements of `keys`.

        Raises:
            StoreError: when the store cannot be read.
        """
        judgements: dict[str, Judgement] = {}
        for store in self._stores():
            store.repair(keys)
            for rows in store.read(keys):
                judgements |= {str(row["judgement_id"]): _judgement(row) for row in rows.iter_rows(named=True)}
        return judgements

    @contextlib.contextmanager
    def writer(self) -> Iterator[WriteJudgement]:
        """A context that stores judgements: everything passed to its value is durable when the context ends.

        Raises:
            StoreError: when a judgement cannot be stored.
        """
        decided, undecided = self._stores()
        with decided.writer() as certain, undecided.writer() as uncertain:

            def write(key: str, judgement: Judgement) -> None:
                writer = uncertain if judgement.verdict is Verdict.UNJUDGED else certain
                writer.put(_row(key, judgement))

            yield write
        for store in (decided, undecided):
            store.compact()

    def forget_undecided(self) -> int:
        """Forget the undecided judgements, so that they are graded again when needed; returns their number.

        Raises:
            StoreError: when the store cannot be written.
        """
        return RowStore(self.folder, UNDECIDED, self.log).clear()

    def _stores(self) -> tuple[RowStore, RowStore]:
        return RowStore(self.folder, JUDGEMENTS, self.log), RowStore(self.folder, UNDECIDED, self.log)


def _row(key: str, judgement: Judgement) -> dict[str, object]:
    return {
        "judgement_id": key,
        "verdict": judgement.verdict.value,
        "reason": well_formed(judgement.reason),
        "answer": None if judgement.answer is None else well_formed(judgement.answer),
        "backend": judgement.backend,
        "test_results": list(judgement.tests),
        "at": now(),
    }


def _judgement(row: dict[str, object]) -> Judgement:
    answer, tests = row["answer"], row["test_results"]
    assert isinstance(tests, list)
    return Judgement(
        Verdict(str(row["verdict"])),
        str(row["reason"]),
        None if answer is None else str(answer),
        str(row["backend"]),
        tuple(tests),
    )
