"""Reading problem files and hub folders: every usual format; errors name the place of a bad row, the name of a file."""

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import ipc

from skyassets.core.errors import SourceError
from skyassets.core.sources import HubDataset, LocalFile, Source, Unreadable
from skyassets.engines.sources.reader import ProblemReader

ROWS = [{"question": "1 + 1?", "answer": "2"}, {"question": "Wieviel ist\n„2 · 3“?", "answer": "6"}]


def read(path: Path | str) -> list[dict[str, object] | Unreadable]:
    source = Source("mine", LocalFile(str(path)), "CC0-1.0", ground_truth="answer")
    return list(ProblemReader().rows(source))


def hub(folder: Path, *files: str, **more: str) -> list[dict[str, object] | Unreadable]:
    origin = HubDataset(str(folder), files=files, **more)
    return list(ProblemReader().rows(Source("hub", origin, "CC0-1.0", ground_truth="answer")))


def written(rows: Sequence[dict[str, str]], delimiter: str = ",") -> str:
    file = io.StringIO()
    table = csv.writer(file, delimiter=delimiter)
    table.writerows([["question", "answer"], *([row["question"], row["answer"]] for row in rows)])
    return file.getvalue()


def lines(rows: Sequence[dict[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_arrow(path: Path, opened: Callable[..., ipc.RecordBatchStreamWriter]) -> None:
    table = pa.Table.from_pylist(ROWS)
    with path.open("wb") as file, opened(file, table.schema) as writer:
        writer.write_table(table)


FORMATS: dict[str, Callable[[Path], object]] = {
    "mine.jsonl": lambda path: path.write_text(lines(ROWS)),
    "mine.ndjson": lambda path: path.write_text(lines(ROWS)),
    "crlf.jsonl": lambda path: path.write_bytes(lines(ROWS).replace("\n", "\r\n").encode()),
    "blank-lines.jsonl": lambda path: path.write_text("\n" + lines(ROWS).replace("\n", "\n \n")),
    "mark.jsonl": lambda path: path.write_text(lines(ROWS), encoding="utf-8-sig"),
    "wide.jsonl": lambda path: path.write_text(lines(ROWS), encoding="utf-16"),
    "packed.jsonl.gz": lambda path: path.write_bytes(gzip.compress(lines(ROWS).encode(), mtime=0)),
    "array.json": lambda path: path.write_text(json.dumps(ROWS, indent=2)),
    "lines.json": lambda path: path.write_text(lines(ROWS)),
    "packed.json.gz": lambda path: path.write_bytes(gzip.compress(json.dumps(ROWS).encode(), mtime=0)),
    "mine.csv": lambda path: path.write_text(written(ROWS), newline=""),
    "mark.csv": lambda path: path.write_text(written(ROWS), encoding="utf-8-sig", newline=""),
    "wide.csv": lambda path: path.write_text(written(ROWS), encoding="utf-16", newline=""),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(written(ROWS).encode(), mtime=0)),
    "mine.tsv": lambda path: path.write_text(written(ROWS, "\t"), newline=""),
    "mine.parquet": lambda path: pl.DataFrame(ROWS).write_parquet(path),
    "file.arrow": lambda path: as_arrow(path, ipc.new_file),
    "stream.arrow": lambda path: as_arrow(path, ipc.new_stream),
}


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_every_format_read_the_same(name: str, tmp_path: Path) -> None:
    FORMATS[name](tmp_path / name)
    assert read(tmp_path / name) == ROWS


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=5))
def test_every_text_survives_json_lines(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    rows = [{"question": question, "answer": answer} for question, answer in pairs]
    path = tmp_path_factory.mktemp("lines") / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read(path) == rows


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"question": "1 + 1?", ', "it is no JSON"),
        (b"[1, 2]", "it is no JSON object"),
        (b'{"question": "\xe9t\xe9"}', "it is not UTF-8"),
        (b"[" * 100_000, "it is no JSON"),
        (b"9" * 10_000, "it is no JSON"),
    ],
)
def test_a_bad_line_is_reported_by_number_and_the_next_one_is_read(line: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    good = json.dumps(ROWS[0]).encode()
    path.write_bytes(good + b"\n\n" + line + b"\n" + good)
    first, bad, last = read(path)
    assert (first, last) == (ROWS[0], ROWS[0])
    assert isinstance(bad, Unreadable)
    assert (bad.position, bad.reason[: len(reason)]) == ("line 3", reason)
    assert bad.text


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a,b,c\n", "line 3", "it has 3 fields, the header has 2"),
        ('"a"b,c\n', "line 3", "its quotes or separators are wrong"),
        ('"a\nb,c\nd,"e"\n', "lines 3-5", "its quotes or separators are wrong"),
    ],
)
def test_a_bad_row_of_a_csv_file_is_reported_and_the_next_one_is_read(
    text: str, place: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"question,answer\nq,1\n{text}r,2\n")
    first, bad, last = read(path)
    assert (first, last) == ({"question": "q", "answer": "1"}, {"question": "r", "answer": "2"})
    assert isinstance(bad, Unreadable)
    assert (bad.position, bad.reason[: len(reason)]) == (place, reason)


def test_a_csv_file_of_another_encoding_loses_only_the_rows_that_show_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("question,answer\nété,1\nwinter,2\n".encode("latin-1"))
    bad, good = read(path)
    assert isinstance(bad, Unreadable)
    assert (bad.position, bad.reason, good) == ("line 2", "it is not UTF-8", {"question": "winter", "answer": "2"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine.xlsx", b"PK", r"must end in \.parquet"),
        ("mine.parquet", b"PAR1 and no more", "not readable as parquet"),
        ("mine.arrow", b"nothing of the kind", "not readable as arrow"),
        ("mine.jsonl.gz", b"not packed at all", "not readable as jsonl"),
        ("cut.jsonl.gz", gzip.compress(lines(ROWS).encode(), mtime=0)[:-12], "not readable as jsonl"),
        ("mine.json", b'[{"question": "a"}, {"question"]', "element 1 of the array is not valid JSON"),
        ("mine.json", b'[{"question": "a"} {"question": "b"}]', "element 0 of the array is followed by"),
        ("mine.json", b'[{"question": "a"}', "element 0 of the array is followed by"),
        ("mine.csv", b"a,b,a\n1,2,3\n", r"these column names occur twice: \['a'\]"),
        ("wide.jsonl", b"\xff\xfe{", "not readable as jsonl"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_names_source_and_file(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"mine: .*{name}.*{message}"):
        read(tmp_path / name)


def test_a_missing_file_says_where_it_was_looked_for() -> None:
    with pytest.raises(SourceError, match=r"mine: no file nowhere.jsonl \(the current folder is /"):
        read("nowhere.jsonl")


def test_of_a_wide_parquet_file_only_the_named_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    pl.DataFrame(ROWS).with_columns(solutions=pl.lit("long")).write_parquet(path)
    assert read(path) == [dict(sorted(row.items())) for row in ROWS]


def test_json_lines_are_never_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    with path.open("w") as file:
        for number in range(20_000):
            file.write(json.dumps({"question": f"{number} {'x' * 1_000}", "answer": "1"}) + "\n")
    tracemalloc.start()
    source = Source("mine", LocalFile(str(path)), "CC0-1.0", ground_truth="answer")
    assert sum(1 for _ in ProblemReader().rows(source)) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_hub_folder_with_front_matter_is_read_by_its_configuration(tmp_path: Path) -> None:
    configs = "configs:\n- config_name: main\n  data_files:\n  - split: test\n    path: main/test-*\n"
    other = "- config_name: socratic\n  data_files:\n  - split: test\n    path: socratic/test-*\n"
    (tmp_path / "README.md").write_text(f"---\nlicense: mit\n{configs}{other}---\n# A data set\n")
    for config, rows in (("main", ROWS[:1]), ("socratic", ROWS[1:])):
        (tmp_path / config).mkdir()
        pl.DataFrame(rows).write_parquet(tmp_path / config / "test-00000-of-00001.parquet")
    assert hub(tmp_path, split="test", config="main") == ROWS[:1]
    assert hub(tmp_path, split="test", config="socratic") == ROWS[1:]


def scripted(folder: Path) -> Path:
    """A data set of the old kind: data files beside a script that loads them."""
    copy = folder / "apps"
    copy.mkdir()
    (copy / "apps.py").write_text("raise SystemExit('never run')")
    for split, row in zip(("train", "test"), ROWS, strict=True):
        (copy / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    return copy


def test_a_data_set_with_a_loading_script_says_to_name_its_files(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"apps.py.*HubDataset\(files=\.\.\.\)"):
        hub(scripted(tmp_path), split="train")


def test_the_files_of_a_data_set_with_a_loading_script_are_read_without_it(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    assert hub(folder, "test.jsonl") == ROWS[1:]
    assert hub(folder, "*.jsonl") == ROWS[::-1]
    assert hub(folder, "train.jsonl", "test.jsonl") == ROWS


def test_a_bad_line_of_several_files_is_reported_with_its_file(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    (folder / "train.jsonl").write_text("{")
    _, bad = hub(folder, "*.jsonl")
    assert isinstance(bad, Unreadable)
    assert bad.position == "train.jsonl, line 1"


def test_an_unknown_file_of_a_data_set_lists_the_existing_ones(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file 'dev\.jsonl' in .*'apps\.py', 'test\.jsonl', 'train\.jsonl'"):
        hub(scripted(tmp_path), "dev.jsonl")


def test_an_unreachable_hub_says_what_was_requested() -> None:
    away = Source("away", HubDataset("nobody/nothing", files=("train.jsonl",)), "CC0-1.0")
    with pytest.raises(SourceError, match=r"away: the data set nobody/nothing \(files \['train.jsonl'\]"):
        list(ProblemReader().rows(away))


def test_only_the_named_files_count_for_the_fingerprint(tmp_path: Path) -> None:
    folder = scripted(tmp_path)
    source = Source("hub", HubDataset(str(folder), files=("test.jsonl",)), "CC0-1.0")
    before = ProblemReader().fingerprint(source)
    (folder / "train.jsonl").write_text("changed")
    assert ProblemReader().fingerprint(source) == before
    (folder / "test.jsonl").write_text("changed")
    assert ProblemReader().fingerprint(source) != before
