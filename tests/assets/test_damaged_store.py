"""A damaged store of replies: the damaged part is set aside and reported, and only its rows are requested again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from assets.pipeline import Pipeline

from skyassets.core.tables.declarations import TRACES


@pytest.mark.parametrize(
    "harm",
    [lambda part: part.write_bytes(part.read_bytes()[:500]), lambda part: part.write_bytes(b"")],
    ids=["truncated", "empty"],
)
def test_a_truncated_part_is_set_aside_and_its_rows_are_requested_again(
    pipeline: Pipeline, harm: Callable[[Path], object], capfd: pytest.CaptureFixture[str]
) -> None:
    store = pipeline.deployment.data / "rows" / "completions"
    (part, *others) = store.glob("part-*.parquet")
    before = pipeline.store.read(TRACES).drop("seconds")
    for one in (part, *others):
        harm(one)
    pipeline.store.path(TRACES).unlink()
    assert pipeline.run().calls >= before["completion_id"].n_unique()
    assert pipeline.store.read(TRACES).drop("seconds").equals(before)
    assert list(store.glob("*.damaged"))
    captured = capfd.readouterr()
    assert "set aside" in captured.out + captured.err
    assert pipeline.run().calls == 0
