"""`skyassets diff` as a user types it: files, assets and an asset's previous version."""

import json
from pathlib import Path

import polars as pl
import pytest
from shell import Shell
from stages.curating import QUESTION, curated, problem, rewrite

from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import StageResult, TableStore

PROBLEMS = [problem(0), problem(1, QUESTION[::-1])]
ROWS = [rewrite(0, 0), rewrite(1, 1)]


def build(shell: Shell, recipe: str, code: str, frame: pl.DataFrame) -> None:
    TableStore(shell.data / recipe).build(EXAMPLES, Inputs(code, {}, None), lambda: StageResult(frame))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with two versions of smoke's examples, of which one lost a row to a verdict, and another recipe's."""
    shell = Shell(tmp_path_factory.mktemp("diff"))
    build(shell, "smoke", "one", curated(ROWS, PROBLEMS))
    build(shell, "smoke", "two", curated(ROWS, PROBLEMS, said={0: ("wrong", "wrong")}))
    build(shell, "another", "one", curated(ROWS[:1], PROBLEMS))
    return shell


def test_a_table_alone_is_compared_with_its_previous_version(shell: Shell) -> None:
    done = shell.run("skyassets", "diff", "sft_dataset")
    assert done.returncode == 1, done.stdout
    for text in ("changed", "t00", "trace wrong or unjudged", "kept", "trace_verdict"):
        assert text in done.stdout


def test_tables_of_two_recipes_and_a_file_can_be_compared(shell: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.parquet"
    copy.write_bytes((shell.data / "another" / "sft_dataset.parquet").read_bytes())
    same = shell.run("skyassets", "diff", str(copy), "another/sft_dataset")
    assert (same.returncode, "They are equal." in same.stdout) == (0, True), same.stdout
    assert shell.run("skyassets", "diff", "another/sft_dataset", "sft_dataset").returncode == 1


def test_a_renamed_drop_reason_is_not_a_difference(shell: Shell, tmp_path: Path) -> None:
    rows = pl.read_parquet(shell.data / "smoke" / "sft_dataset.parquet")
    former = pl.col("dropped_by").replace("trace wrong or unjudged", "trace correct")
    rows.with_columns(former).write_parquet(tmp_path / "former.parquet")
    done = shell.run("skyassets", "diff", str(tmp_path / "former.parquet"), "sft_dataset")
    assert (done.returncode, "They are equal." in done.stdout) == (0, True), done.stdout


def test_json_has_the_whole_difference(shell: Shell) -> None:
    done = shell.run("skyassets", "diff", "sft_dataset", "--json")
    data = json.loads(done.stdout)
    assert data["same"] is False
    assert data["difference"]["changed"] == ["t00"]
    assert {flip["column"] for flip in data["difference"]["flips"]} == {
        "dropped_by", "trace_verdict", "rewrite_verdict",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (("sft_datset",), "there is no table 'sft_datset'"),
        (("nowhere/sft_dataset", "sft_dataset"), "make it first"),
        (("another/sft_dataset",), "no previous version"),
        (("README.md", "sft_dataset"), "cannot be read as Parquet"),
        (("sft_dataset", "--key", "colour"), "has no column"),
        (("sft_dataset", "--key", "domain"), "is no key of the table before"),
    ],
)
def test_an_impossible_comparison_reports_the_reason(shell: Shell, named: tuple[str, ...], message: str) -> None:
    done = shell.run("skyassets", "diff", *named)
    assert done.returncode == 2
    assert message in " ".join(done.stdout.split())
