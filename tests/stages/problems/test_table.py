"""Problems: any source in one shape; a bad row is set aside with its reason, a bad source is an error."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.conditions import Condition, GreaterThan, LessThan, NotEqual, OneOf
from skyassets.core.errors import SourceError
from skyassets.core.sources import HubDataset, LocalFile, Source
from skyassets.core.tables.store import StageResult
from skyassets.engines.sources.reader import ProblemReader
from skyassets.stages.problems.table import raw_problems

READER = ProblemReader()
ROWS = [{"q": "1 + 1?", "a": "2", "kind": "sum"}, {"q": "2 * 3?", "a": "6", "kind": "product"}]


@pytest.fixture(params=[".jsonl", ".parquet", ".csv"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"mine{request.param}"
    frame = pl.DataFrame(ROWS)
    write = {".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet, ".csv": frame.write_csv}
    write[request.param](path)
    return path


def source(path: Path, **more: object) -> Source:
    return Source("mine", LocalFile(str(path)), "CC0-1.0", question="q", ground_truth="a", **more)  # type: ignore[arg-type]


def test_every_kind_of_file_reads_the_same(file: Path) -> None:
    result = raw_problems([source(file)], READER).frame
    assert sorted(result["question"]) == ["1 + 1?", "2 * 3?"]
    assert result["set_aside"].null_count() == 2
    assert set(result["licence"]) == {"CC0-1.0"}


def test_rows_can_be_chosen_and_counted_off(file: Path) -> None:
    assert raw_problems([source(file, where=(("kind", "sum"),))], READER).frame["question"].to_list() == ["1 + 1?"]
    assert raw_problems([source(file, first=1)], READER).frame.height == 1


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        (NotEqual("b"), ["a", "c", "none", "text"]),
        (OneOf(("a", "c")), ["a", "c"]),
        (GreaterThan(2), ["b", "c"]),
        (LessThan(2.5), ["a"]),
        ("b", ["b"]),
    ],
)
def test_rows_can_be_chosen_by_conditions(tmp_path: Path, condition: Condition | str, chosen: list[str]) -> None:
    rows = [("a", 1), ("b", 2.5), ("c", "3"), ("none", None), ("text", "many")]
    path = tmp_path / "mine.jsonl"
    path.write_text(
        "".join(json.dumps({"q": name, "a": "1", "name": name, "level": level}) + "\n" for name, level in rows)
    )
    column = "name" if isinstance(condition, NotEqual | OneOf | str) else "level"
    problems = raw_problems([source(path, where=((column, condition),))], READER).frame
    assert sorted(problems["question"]) == chosen


@pytest.mark.parametrize(
    ("reference", "truth"),
    [('["4"]', "4"), ('{"ground_truth": "4"}', "4"), ('["1", "2"]', "1, 2"), ("[1, 2]", "[1, 2]"), ("{1, 2}", "{1, 2}"),
     ("proof", None), ("notfound", None), ("N/A", None), ("None", None), ('{"steps": "many"}', None),
     ("none of them", "none of them")],
)  # fmt: skip
def test_a_reference_is_read_or_set_aside(tmp_path: Path, reference: str, truth: str | None) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps({"q": q, "a": a}) + "\n" for q, a in (("one", reference), ("two", "2"))))
    frame = raw_problems([source(path)], READER).frame.filter(pl.col("question") == "one")
    assert frame["ground_truth"].to_list() == [truth]
    assert (frame["set_aside"][0] is None) is (truth is not None)


def test_a_problem_keeps_its_id_at_any_place_of_the_file(tmp_path: Path) -> None:
    ids = []
    for order in (ROWS, ROWS[::-1]):
        path = tmp_path / "mine.jsonl"
        pl.DataFrame(order).write_ndjson(path)
        result = raw_problems([source(path)], READER).frame
        ids.append(set(result.select("question", "problem_id").iter_rows()))
    assert ids[0] == ids[1]


def test_the_answer_is_taken_out_of_a_worked_solution(tmp_path: Path) -> None:
    path = tmp_path / "worked.jsonl"
    path.write_text(json.dumps({"q": "1 + 1?", "s": r"One and one is \boxed{\frac{4}{2}}."}))
    worked = Source("worked", LocalFile(str(path)), "CC0-1.0", question="q", boxed_in="s")
    assert raw_problems([worked], READER).frame["ground_truth"].to_list() == [r"\frac{4}{2}"]


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        (None, "no tests"),
        ("not json", "cannot be read"),
        (json.dumps({"inputs": [], "outputs": []}), "no tests"),
        (json.dumps({"inputs": ["1"], "outputs": []}), "1 inputs for 0 outputs"),
    ],
)
def test_a_code_problem_without_usable_tests_is_set_aside(tmp_path: Path, tests: str | None, why: str) -> None:
    path = tmp_path / "code.jsonl"
    fine = json.dumps({"inputs": ["1"], "outputs": ["1"]})
    path.write_text("\n".join(json.dumps({"q": f"echo {text}", "t": text}) for text in (tests, fine)))
    result = raw_problems([Source("c", LocalFile(str(path)), "MIT", "code", question="q", tests="t")], READER).frame
    (reason,) = result["set_aside"].drop_nulls()
    assert why in reason


def test_a_folder_laid_out_like_a_hub_data_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pl.DataFrame(ROWS).write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    hub = Source("hub", HubDataset(str(tmp_path), split="train"), "CC0-1.0", question="q", ground_truth="a")
    assert raw_problems([hub], READER).frame.height == 2


def test_a_missing_column_of_a_hub_data_set_lists_the_existing_ones(tmp_path: Path) -> None:
    pl.DataFrame(ROWS).write_parquet(tmp_path / "train.parquet")
    hub = Source("hub", HubDataset(str(tmp_path), split="train"), "CC0-1.0", question="problem", ground_truth="a")
    with pytest.raises(SourceError, match=r"no column 'problem' in .*only \['q', 'a', 'kind'\]"):
        raw_problems([hub], READER)


def test_an_unreachable_hub_says_what_was_requested() -> None:
    away = Source("away", HubDataset("nobody/nothing", split="train"), "CC0-1.0")
    with pytest.raises(SourceError, match="nobody/nothing"):
        raw_problems([away], READER)


def test_a_source_without_rows_is_an_error(file: Path) -> None:
    with pytest.raises(SourceError, match="has no rows"):
        raw_problems([source(file, where=(("kind", "quotient"),))], READER)


def test_a_ready_made_trace_needs_no_ground_truth() -> None:
    class Ready:
        def rows(self, of: Source) -> Iterator[dict[str, object]]:
            return iter([{"q": "Why?", "trace": "Because."}])

        def fingerprint(self, of: Source) -> str:
            return ""

    ready = Source("still", HubDataset("x", "train"), "unstated", "science", question="q", trace="trace")
    result = raw_problems([ready], Ready()).frame
    assert (result["imported_trace"].to_list(), result["set_aside"].to_list()) == (["Because."], [None])


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def aside(result: StageResult) -> dict[str, str | None]:
    """Why each row was set aside, by its name."""
    return dict(result.frame.select("name", "set_aside").iter_rows())


def test_a_line_that_cannot_be_read_is_set_aside_with_its_number_and_its_text(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "mine.jsonl", *ROWS, '{"q": "broken', "[1]", '{"q": "again"', ROWS[0])
    result = raw_problems([source(path)], READER)
    assert aside(result) == {
        "row 0": None,
        "row 1": None,
        "line 3": aside(result)["line 3"],
        "line 4": "cannot be read: line 4: it is no JSON object",
        "line 5": aside(result)["line 5"],
        "row 5": "stated before in the same source",
    }
    assert str(aside(result)["line 3"]).startswith("cannot be read: line 3: it is no JSON: ")
    assert result.frame.filter(pl.col("name") == "line 3")["question"].to_list() == ['{"q": "broken']
    assert result.metadata["set aside"] == {"cannot be read": 3, "stated before in the same source": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"q": "", "a": "1"}, "no question"),
        ({"q": " \n", "a": "1"}, "no question"),
        ({"a": "1"}, "no question"),
        ({"q": ["1 + 1?"], "a": "1"}, "the question is no text but a list of 1"),
        ({"q": {"text": "1 + 1?"}, "a": "1"}, "the question is no text but an object with ['text']"),
        ({"q": 5, "a": "1"}, "the question is no text but int (5)"),
        ({"q": "1 + 1?"}, "no ground truth"),
        ({"q": "1 + 1?", "a": " "}, "no ground truth"),
        ({"q": "1 + 1?", "a": {"value": 2}}, "the ground truth is no answer but an object with ['value']"),
        ({"q": "1 + 1?", "a": "so " * 400}, "the ground truth is no final answer: it has 1200 characters"),
        ({"q": "1 + 1?", "a": []}, "the ground truth is no answer but a list of 0"),
        ({"q": "2 + 2?", "a": [["4"]]}, None),
        ({"q": "1 + 1?", "a": [["2"], ["3"]]}, "the ground truth is no answer but a list of 2"),
        ('{"q": "1 + 1?", "a": NaN}', "the ground truth is no answer but float (nan)"),
    ],
)
def test_a_row_that_is_no_problem_is_set_aside_with_its_reason(tmp_path: Path, row: object, reason: str | None) -> None:
    result = raw_problems([source(jsonl(tmp_path / "mine.jsonl", row, *ROWS))], READER)
    assert aside(result) == {"row 0": reason, "row 1": None, "row 2": None}


@pytest.mark.parametrize(
    ("given_", "truth"),
    [
        (27.0, "27.0"),
        (5, "5"),
        (True, "true"),
        (["7"], "7"),
        (["1", 2], "1, 2"),
        ("\ud800", "?"),
        (10**30, str(10**30)),
    ],
)
def test_a_ground_truth_of_any_type_is_read(tmp_path: Path, given_: object, truth: str) -> None:
    result = raw_problems([source(jsonl(tmp_path / "mine.jsonl", {"q": "?", "a": given_}))], READER)
    assert result.frame["ground_truth"].to_list() == [truth]


def test_a_ground_truth_may_follow_its_worked_solution(tmp_path: Path) -> None:
    rows = [{"q": "eggs", "a": "9 * 2 = 18\n#### not 19\n#### 1,800"}, {"q": "hens", "a": "nobody knows"}]
    result = raw_problems([source(jsonl(tmp_path / "mine.jsonl", *rows), truth_after="####")], READER).frame
    assert dict(result.select("question", "ground_truth").iter_rows()) == {"eggs": "1,800", "hens": None}


def test_every_row_is_accounted_for_with_any_fault(tmp_path: Path) -> None:
    rows = [*ROWS, "{", "5", "null", {"q": None}, {"q": 1, "a": None}, *ROWS, {}]
    result = raw_problems([source(jsonl(tmp_path / "mine.jsonl", *rows))], READER)
    assert result.frame.height == len(rows)
    assert result.frame["set_aside"].null_count() == 2


def test_a_missing_column_lists_the_existing_ones(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "mine.jsonl", *ROWS)
    with pytest.raises(
        SourceError, match=r"mine: no column 'given' in .*mine.jsonl, only \['q', 'a', 'kind'\].*starter"
    ):
        raw_problems([source(path, starter_code="given")], READER)
    with pytest.raises(SourceError, match=r"no column 'subject' in .*Source\(where=\('subject', \.\.\.\)\)"):
        raw_problems([source(path, where=(("subject", "sums"),))], READER)


def test_a_column_that_only_some_lines_have_is_read(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "mine.jsonl", *ROWS, {"q": "why?", "a": "so", "level": "hard"})
    result = raw_problems([source(path, family="level")], READER).frame
    assert dict(result.select("question", "family").iter_rows())["why?"] == "hard"


def test_a_source_with_only_bad_rows_shows_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"all 2 problems were set aside: \{'cannot be read': 2\}; the first: .*line 1"
    ):
        raw_problems([source(jsonl(tmp_path / "mine.jsonl", "{", "["))], READER)


def test_a_reference_solution_may_be_a_program_or_a_list_of_some(tmp_path: Path) -> None:
    tests = json.dumps({"inputs": ["1"], "outputs": ["1"]})
    references = ["print(1)", json.dumps(["print(1)", "print(2)"]), ["a", "b", "c", "d"], "[1, 2", "", None, 7]
    path = jsonl(tmp_path / "code.jsonl", *({"q": f"{n}", "t": tests, "s": one} for n, one in enumerate(references)))
    mine = Source("c", LocalFile(str(path)), "MIT", "code", question="q", tests="t", reference="s")
    result = raw_problems([mine], READER).frame
    assert result["set_aside"].null_count() == result.height
    assert dict(result.select("question", "references").iter_rows()) == {
        "0": ["print(1)"],
        "1": ["print(1)", "print(2)"],
        "2": ["a", "b", "c"],
        "3": ["[1, 2"],
        "4": None,
        "5": None,
        "6": None,
    }


ROW = st.one_of(
    st.text(),
    st.dictionaries(
        st.sampled_from(["q", "a", "kind"]),
        st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=3),
    ).map(json.dumps),
)


@settings(deadline=None)
@given(st.lists(ROW, max_size=6))
def test_for_any_lines_every_row_read_is_a_row_of_the_table(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "mine.jsonl"
    lines = [row.replace("\n", " ") for row in rows]
    path.write_text("\n".join([json.dumps(ROWS[0]), *lines]), encoding="utf-8", newline="\n")
    result = raw_problems([source(path)], READER).frame
    assert result.height == 1 + sum(bool(line.strip()) for line in lines)
