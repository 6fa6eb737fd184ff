"""The content digest depends on the rows alone."""

import polars as pl
from core.digests import content_digest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.tables.content_digest import ContentDigest
from skyassets.core.tables.declarations import Table

TABLE = Table("things", "Things.", "completion_id", ("completion_id", "text", "error", "sample", "cut_completions"))
TEXT = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=30))
ROW = st.tuples(TEXT, TEXT, st.one_of(st.none(), st.integers(0, 5)), st.one_of(st.none(), st.lists(st.just("x"))))


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return TABLE.frame(
        [dict(zip(TABLE.columns, (f"{place:03d}", *row), strict=True)) for place, row in enumerate(rows)]
    )


@given(st.lists(ROW, max_size=12), st.integers(1, 5))
def test_slices_do_not_matter(rows: list[tuple[object, ...]], size: int) -> None:
    whole = frame(rows)
    content = ContentDigest(TABLE)
    passed = pl.concat([whole.clear(), *content.of(whole.iter_slices(size))])
    assert passed.equals(whole)
    assert content.hexdigest() == content_digest(TABLE, whole) == content_digest(TABLE, whole[::-1])


@given(st.lists(ROW, max_size=5), st.lists(ROW, max_size=5))
def test_other_rows_have_another_digest(first: list[tuple[object, ...]], second: list[tuple[object, ...]]) -> None:
    assert (content_digest(TABLE, frame(first)) == content_digest(TABLE, frame(second))) == (first == second)


def test_texts_with_the_same_concatenation_have_different_digests() -> None:
    rows = [("ab", "c", 0, None), ("", "abc", 0, None), (None, "abc", 0, None), ("a", "bc", 0, None)]
    assert len({content_digest(TABLE, frame([one, other])) for one in rows for other in rows}) == len(rows) ** 2
