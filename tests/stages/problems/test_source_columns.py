"""What a source's further columns mean: the level, the day, images, and the examples under a question."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import SourceError
from skyassets.core.sources import Generated, LocalFile, Source, Window
from skyassets.core.tables.store import StageResult
from skyassets.engines.sources.reader import ProblemReader
from skyassets.stages.problems.row_filters import is_within
from skyassets.stages.problems.table import benchmark_problems, raw_problems

ROW = {"q": "1 + 1?", "a": "2"}
READER = ProblemReader()


def made_of(path: Path, *rows: dict[str, object], **columns: object) -> StageResult:
    path.write_text("".join(json.dumps({**ROW, **row}) + "\n" for row in rows))
    return raw_problems(
        [Source("mine", LocalFile(str(path)), "CC0-1.0", question="q", ground_truth="a", **columns)], READER
    )  # type: ignore[arg-type]


def aside(result: StageResult) -> dict[str, str | None]:
    return dict(result.frame.select("question", "set_aside").iter_rows())


@pytest.mark.parametrize(
    ("value", "level"),
    [(3, "3"), (2.0, "2"), (2.5, "2.5"), ("Level 3", "Level 3"), (" ", None), (None, None), ([1], None)],
)
def test_the_level_is_the_sources_own_word(value: object, level: str | None, tmp_path: Path) -> None:
    result = made_of(tmp_path / "m.jsonl", {"grade": value}, level="grade").frame
    assert result["level"].to_list() == [level]


def test_a_source_without_a_level_has_none_and_a_generator_neither(tmp_path: Path) -> None:
    assert made_of(tmp_path / "m.jsonl", {}).frame["level"].to_list() == [None]
    generated = Source("g", Generated(("times",), per_family=2, seed=1, held_out=False), "Apache-2.0")
    assert raw_problems([generated], READER).frame["level"].to_list() == [None, None]


def test_only_rows_of_the_window_are_taken_and_the_others_counted(tmp_path: Path) -> None:
    days = ["2024-01-31T23:59:59", "2024-02-01", "2024-02-29T10:00:00+02:00", "2024-03-01T00:00:00"]
    rows: list[dict[str, object]] = [{"q": day, "day": day} for day in days]
    result = made_of(tmp_path / "m.jsonl", *rows, window=Window("day", "2024-02-01", "2024-02-29"))
    assert sorted(aside(result)) == days[1:3]
    assert result.metadata["rows of other days"] == {"mine: day from 2024-02-01 to 2024-02-29": 2}


@pytest.mark.parametrize("day", ["soon", "2024-13-01", "", None, 20, ["2024-02-01"]])
def test_a_row_whose_day_cannot_be_read_is_set_aside(day: object, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"q": "fine", "day": "2024-02-01"}, {"q": "odd", "day": day}]
    result = made_of(tmp_path / "m.jsonl", *rows, window=Window("day", since="2024-01-01"))
    assert aside(result) == {"fine": None, "odd": f"its date cannot be read: {str(day)!r}"}
    assert result.metadata["set aside"] == {"its date cannot be read": 1}
    assert "rows of other days" not in result.metadata


def test_a_window_that_leaves_nothing_or_names_no_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no rows"):
        made_of(tmp_path / "m.jsonl", {"day": "2024-02-01"}, window=Window("day", since="2025-01-01"))
    with pytest.raises(SourceError, match=r"no column 'date' in .*Source\(window=Window\(\.\.\.\)\)"):
        made_of(tmp_path / "m.jsonl", {"day": "2024-02-01"}, window=Window("date", since="2025-01-01"))


def test_days_of_other_types_are_read(tmp_path: Path) -> None:
    window = Window("day", "2024-02-01", "2024-02-01")
    assert is_within(window, date(2024, 2, 1))
    assert is_within(window, datetime(2024, 2, 1, 23, tzinfo=UTC))
    assert not is_within(window, date(2024, 2, 2))
    path = tmp_path / "m.parquet"
    pl.DataFrame({"q": ["in", "out"], "a": ["1", "2"], "day": [date(2024, 2, 1), date(2024, 2, 2)]}).write_parquet(path)
    source = Source("mine", LocalFile(str(path)), "CC0-1.0", question="q", ground_truth="a", window=window)
    assert raw_problems([source], READER).frame["question"].to_list() == ["in"]


@given(st.dates(), st.dates(), st.dates())
def test_a_day_is_within_when_it_is_between_the_ends_or_one_of_them(day: date, one: date, other: date) -> None:
    since, until = sorted([one, other])
    window = Window("day", since.isoformat(), until.isoformat())
    assert is_within(window, day.isoformat()) == (since <= day <= until)
    assert is_within(window, since.isoformat())
    assert is_within(window, until.isoformat())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"image": {"bytes": "x", "path": None}}, "needs an image: column image"),
        ({"image": {"bytes": None, "path": "1.png"}}, "needs an image: column image"),
        ({"image": "1.png"}, "needs an image: column image"),
        ({"image": ["1.png"]}, "needs an image: column image"),
        ({"q": "In <image_1>, what is x?"}, "needs an image: its text has <image_1>"),
        ({"q": "![](data:image/png;base64,AAAA) x?"}, "needs an image: its text has data:image/png"),
        ({"q": "![a figure](figure.png) What is x?"}, "needs an image: its text has ![a figure]("),
        ({"q": "\\includegraphics{a.png} What is x?"}, "needs an image: its text has \\includegraphics"),
        ({"q": "What is ![](?"}, None),
        ({"image": None}, None),
        ({"image": {"bytes": None, "path": None}}, None),
        ({"image": ""}, None),
        ({"image": []}, None),
        ({"q": "Codeforces: <image> stands for a formula."}, None),
    ],
)
def test_a_row_that_needs_an_image_is_set_aside(row: dict[str, object], reason: str | None, tmp_path: Path) -> None:
    result = made_of(tmp_path / "m.jsonl", row, {"q": "fine"}, images=("image", "another"))
    assert set(result.frame["set_aside"]) == {reason, None}


def test_an_image_among_the_options_is_one_too(tmp_path: Path) -> None:
    row: dict[str, object] = {"a": "0", "o": ["<image_1>", "<image_2>"]}
    result = made_of(tmp_path / "m.jsonl", row, {"q": "fine", "a": "0", "o": ["one", "two"]}, options="o")
    assert "needs an image: its text has <image_1>" in result.frame["set_aside"].to_list()


def test_images_are_read_out_of_parquet_beside_the_named_columns(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    pl.DataFrame({**ROW, "image": "1.png", "more": "long"}).write_parquet(path)
    source = Source("mine", LocalFile(str(path)), "CC0-1.0", question="q", ground_truth="a", images=("image", "none"))
    assert list(READER.rows(source)) == [{**ROW, "image": "1.png"}]


@pytest.mark.parametrize(
    ("examples", "question"),
    [
        (["f(1) == 2", "f(2) == 3"], "1 + 1?\n\nf(1) == 2\nf(2) == 3"),
        ("f(1)", "1 + 1?\n\nf(1)"),
        (None, "1 + 1?"),
        ([], "1 + 1?"),
    ],
)
def test_examples_follow_the_question(examples: object, question: str, tmp_path: Path) -> None:
    assert aside(made_of(tmp_path / "m.jsonl", {"x": examples}, examples="x")) == {question: None}


def test_examples_that_are_no_text_set_the_row_aside(tmp_path: Path) -> None:
    result = made_of(tmp_path / "m.jsonl", {"x": [1]}, {"q": "fine", "x": "f(1)"}, examples="x")
    assert "the examples are no text but a list of 1" in result.frame["set_aside"].to_list()


def test_a_level_is_not_part_of_a_problems_identity(tmp_path: Path) -> None:
    easy, hard = (made_of(tmp_path / "m.jsonl", {"l": value}, level="l").frame for value in ("easy", "hard"))
    assert easy["problem_id"].to_list() == hard["problem_id"].to_list()


def test_without_benchmarks_there_are_no_rows() -> None:
    assert benchmark_problems([], READER).frame.is_empty()
