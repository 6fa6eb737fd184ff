"""Problems: any source in one shape; a bad row is set aside with its reason, a bad source is an error."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from skyassets.core.errors import SourceError
from skyassets.core.sources import HubDataset, LocalFile, Source
from skyassets.engines.problem_reader import ProblemReader
from skyassets.stages.problems import raw_problems

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
    made = raw_problems([source(file)], READER).frame
    assert sorted(made["question"]) == ["1 + 1?", "2 * 3?"]
    assert made["set_aside"].null_count() == 2
    assert set(made["licence"]) == {"CC0-1.0"}


def test_rows_can_be_chosen_and_counted_off(file: Path) -> None:
    assert raw_problems([source(file, where=(("kind", "sum"),))], READER).frame["question"].to_list() == ["1 + 1?"]
    assert raw_problems([source(file, first=1)], READER).frame.height == 1


def test_a_problem_keeps_its_id_wherever_it_stands(tmp_path: Path) -> None:
    ids = []
    for order in (ROWS, ROWS[::-1]):
        path = tmp_path / "mine.jsonl"
        pl.DataFrame(order).write_ndjson(path)
        made = raw_problems([source(path)], READER).frame
        ids.append(set(made.select("question", "problem_id").iter_rows()))
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
    made = raw_problems([Source("c", LocalFile(str(path)), "MIT", "code", question="q", tests="t")], READER).frame
    (reason,) = made["set_aside"].drop_nulls()
    assert why in reason


def test_a_folder_laid_out_like_a_hub_data_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pl.DataFrame(ROWS).write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    hub = Source("hub", HubDataset(str(tmp_path), split="train"), "CC0-1.0", question="q", ground_truth="a")
    assert raw_problems([hub], READER).frame.height == 2


def test_a_hub_data_set_without_its_column_names_those_it_has(tmp_path: Path) -> None:
    pl.DataFrame(ROWS).write_parquet(tmp_path / "train.parquet")
    hub = Source("hub", HubDataset(str(tmp_path), split="train"), "CC0-1.0", question="problem", ground_truth="a")
    with pytest.raises(SourceError, match=r"no column 'problem' in .*only \['q', 'a', 'kind'\]"):
        raw_problems([hub], READER)


def test_a_hub_that_cannot_be_reached_says_what_was_asked() -> None:
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
    made = raw_problems([ready], Ready()).frame
    assert (made["imported_trace"].to_list(), made["set_aside"].to_list()) == (["Because."], [None])
