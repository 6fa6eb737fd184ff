"""The commands as users type them: they work, select everything, and fail with one clear message."""

import json
import re
import resource
import shlex
from pathlib import Path

import polars as pl
import pytest
from shell import SELECT_ALL, Shell

from skyassets.core.tables.declarations import ASSET_TABLES, EXAMPLES, REPORTS
from skyassets.core.tables.store import TableStore


@pytest.fixture(scope="module")
def smoke_shell(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which the smoke recipe has run."""
    return Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("made"))


def test_the_literal_command_goes_through_every_descendant(smoke_shell: Shell) -> None:
    done = smoke_shell.run("dagster", "asset", "materialize", "--select", "sft_dataset+")
    assert done.returncode == 0, done.stdout
    for name in ("sft_dataset", "checkpoint", "benchmark_answers", "benchmark_reports"):
        assert f"{name}: " in done.stdout
    assert "teacher_traces:" not in done.stdout


def test_with_the_module_named_it_works_in_any_shell(smoke_shell: Shell) -> None:
    done = smoke_shell.run(
        "dagster", "asset", "materialize", "-m", "skyassets.definitions", "--select", "sft_dataset+",
        DAGSTER_CLI_ASSET_MATERIALIZE_MODULE_NAME="",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_second_run_reports_that_nothing_changed(smoke_shell: Shell) -> None:
    done = smoke_shell.run_cold(*SELECT_ALL)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("rows, unchanged") == len(ASSET_TABLES)


def test_the_tables_are_plain_parquet_that_join(smoke_shell: Shell) -> None:
    import duckdb

    folder = smoke_shell.data / "smoke"
    walked = duckdb.sql(f"""
        select count(*) from '{folder}/sft_dataset.parquet' e
        join '{folder}/rewritten_traces.parquet' r using (rewrite_id)
        join '{folder}/teacher_traces.parquet' t on t.trace_id = r.trace_id
        join '{folder}/raw_problems.parquet' p on p.problem_id = t.problem_id
        join '{smoke_shell.data}/rows/completions/part-*.parquet' c on c.completion_id = t.completion_id
        where e.dropped_by is null
    """).fetchall()
    row_count = TableStore(folder).read(EXAMPLES).filter(pl.col("dropped_by").is_null()).height
    assert walked == [(row_count,)]
    assert row_count > 0


def test_the_report_says_where_everything_is(smoke_shell: Shell) -> None:
    done = smoke_shell.run_cold("skyassets", "report")
    assert done.returncode == 0, done.stdout
    for text in ("lenient", "report.md", "*.parquet", "dagster dev"):
        assert text in done.stdout


def test_a_missing_report_is_reported(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("skyassets", "report")
    assert done.returncode == 1
    assert "No report yet" in done.stdout


def test_the_doctor_finds_the_sandbox(smoke_shell: Shell) -> None:
    output = smoke_shell.run("skyassets", "doctor").stdout
    assert "sandbox" in output
    assert "finished" in output


def test_the_doctor_checks_the_configured_servers(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "doctor", SKYASSETS_TEACHER_URL="http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "no server responds" in done.stdout


def test_the_doctor_reports_the_missing_key_of_a_hosted_model(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "doctor", SKYASSETS_RECIPE="sky_t1_preview")
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stdout.replace("\n", "")


def test_the_definitions_validate(smoke_shell: Shell) -> None:
    done = smoke_shell.run("dagster", "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stdout


def fails(shell: Shell, *message: str, **environment: str) -> None:
    """Materialize everything and check that it fails, says all of `message`, and leaves no half-written file."""
    done = shell.run(*SELECT_ALL, **environment)
    assert done.returncode != 0
    for text in message:
        assert text in done.stdout, done.stdout
    assert not list(shell.folder.rglob(".*.part"))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("embeded", "set SKYASSETS_RECIPE to one of embedded"),
        ("user_recipes:nowhere", "cannot be imported"),
        ("no_module:recipe", "is it on the Python path?"),
        ("user_recipes:not_a_recipe", "returned str"),
        ("user_recipes:no_batch", "training.global_batch = 0; it must be above 0"),
    ],
)
def test_a_wrong_recipe_is_reported_with_what_to_change(tmp_path: Path, recipe: str, message: str) -> None:
    fails(Shell(tmp_path, recipe), message)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SKYASSETS_ENGINE", "vlm", "must be one of auto, vllm, transformers"),
        ("SKYASSETS_CONCURRENCY", "many", "must be a whole number of at least 1"),
        ("SKYASSETS_TEACHER_URL", "http://127.0.0.1:9/v1", "127.0.0.1:9"),
    ],
)
def test_a_wrong_setting_is_reported_with_what_to_change(tmp_path: Path, name: str, value: str, message: str) -> None:
    fails(Shell(tmp_path), message, **{name: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"prompt": "What is 31 times 7?", "answer": "217"}\n', "no column 'question' in"),
        ("", "the source 'mine' has no rows"),
        ("not json\n", "cannot be read: line 1: it is no JSON"),
        ('{"question": "", "answer": "1"}\n', "all 1 problems were set aside: {'no question': 1}"),
    ],
)
def test_a_bad_file_of_problems_is_named_with_what_was_seen(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(text)
    fails(Shell(tmp_path, "user_recipes:mine"), message, str(file) if "no column" in message else "", MINE=str(file))


def test_a_missing_file_of_problems_is_reported_with_the_current_folder(tmp_path: Path) -> None:
    fails(Shell(tmp_path, "user_recipes:mine"), "no file nowhere.jsonl", "the current folder is", MINE="nowhere.jsonl")


def test_a_bad_row_is_kept_with_its_reason(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    rows = [{"question": f"What is {n} times 7?", "answer": str(n * 7)} for n in (31, 41, 51, 61)]
    file.write_text("\n".join(map(json.dumps, [*rows, {"question": "What is love?", "answer": None}, rows[0]])))
    shell = Shell(tmp_path, "user_recipes:mine")
    done = shell.run(*SELECT_ALL, MINE=str(file))
    assert done.returncode == 0, done.stdout
    problems = pl.read_parquet(shell.data / "mine" / "raw_problems.parquet")
    assert sorted(problems["set_aside"].drop_nulls()) == ["no ground truth", "stated before in the same source"]
    assert problems.height == 6


def test_without_a_sandbox_nothing_is_judged_and_no_model_is_called(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dagster", "python"):
        (tools / name).symlink_to(Path(shell.environment()["PATH"].split(":")[0]) / name)
    # Only bubblewrap is requested, whatever other sandbox this machine has.
    fails(shell, "bubblewrap", "apt install", PATH=str(tools), SKYASSETS_SANDBOX="bubblewrap")
    assert not list((shell.data / "smoke").glob("*.parquet"))
    assert not (shell.data / "logs" / "tiny-server.jsonl").exists()


def test_missing_parents_are_named_with_a_selection_that_makes_them_at_once(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("dagster", "asset", "materialize", "--select", "sft_dataset+")
    assert done.returncode != 0
    assert "sft_dataset is made from" in done.stdout
    (command,) = set(re.findall(r"needs: (dagster asset materialize .*)", done.stdout))
    assert shell.run(*shlex.split(command)).returncode == 0
    assert (shell.data / "smoke" / "sft_dataset.parquet").exists()


def test_a_full_disk_loses_nothing_that_was_stored(smoke_shell: Shell, tmp_path: Path) -> None:
    store = TableStore(smoke_shell.data / "smoke")
    before = {table.name: store.data_version(table) for table in ASSET_TABLES}
    store.path(REPORTS).unlink()
    limit = 2000  # bytes a file may grow to: a full disk, without needing to own one
    program = (
        f"import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from pathlib import Path; from skyassets.core.tables.store import *;"
        "from skyassets.core.tables.declarations import *;"
        "from skyassets.core.tables.manifest import Inputs;"
        f"s = TableStore(Path({str(store.folder)!r})); e = s.read(ANSWERS);"
        "s.build(ANSWERS, Inputs('new', {}, None), lambda: StageResult(e))"
    )
    done = smoke_shell.run("python", "-c", program)
    assert done.returncode != 0
    assert "free space or choose another data folder" in done.stdout, done.stdout
    assert smoke_shell.run(*SELECT_ALL).returncode == 0
    assert {table.name: store.data_version(table) for table in ASSET_TABLES} == before
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != limit
