"""`skyassets publish` as a user types it: dry runs, and pushes to a hub that are compared with the local files."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from huggingface_hub import DatasetCard, ModelCard
from publishing_hub import TOKEN, Hub, hub
from shell import Shell

TO = ("--data", "ada/sums", "--model", "ada/sums-1b")
FREELY = ("--accept-licence", "unknown")
"""The fake base has no licence."""


@pytest.fixture
def shell(smoke_run_once: Path, tmp_path: Path) -> Shell:
    """A shell in which the smoke recipe has run."""
    return Shell.copy_of(smoke_run_once, tmp_path)


@pytest.fixture
def there() -> Iterator[Hub]:
    with hub() as one:
        yield one


def publish(shell: Shell, *words: str, at: Hub | None = None, token: str = TOKEN) -> tuple[int, str]:
    """The exit code, and the output with its lines joined."""
    online = {"HF_ENDPOINT": at.url, "HF_TOKEN": token, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"} if at else {}
    home = {"HF_HOME": str(shell.folder / "hf"), "COLUMNS": "200"}
    done = shell.run("skyassets", "publish", *words, **home, **online)
    return done.returncode, " ".join(done.stdout.split())


def test_a_dry_run_lists_the_uploads_and_sends_nothing(shell: Shell, there: Hub) -> None:
    code, output = publish(shell, *TO, *FREELY, at=there)
    assert code == 0, output
    for text in (
        "dataset ada/sums, private if new: 4 files",
        "model ada/sums-1b, private if new: 7 files",
        "train.parquet",
        "report/report.html",
        "tiny.json",
        "weights/",
        "Nothing was uploaded",
        "the report's pages show benchmark questions and answers",
    ):
        assert text in output
    assert (there.repositories, there.sent) == ({}, 0)


def cards_hold_scores_names_and_what_was_accepted(shell: Shell, there: Hub) -> None:
    model = ModelCard(there.repositories["models/ada/sums-1b"].files["README.md"].decode())
    reports = pl.read_parquet(shell.data / "smoke" / "benchmark_reports.parquet")
    strict = reports.filter(pl.col("role") == "student", pl.col("by") == "all", pl.col("metric") == "strict accuracy")[
        "value"
    ][0]
    assert model.data.model_name == "ada/sums-1b"
    assert model.data.eval_results[0].metric_value == round(100 * strict, 2)
    assert model.data.datasets == ["ada/sums"]
    assert "Accepted by the publisher" in model.text
    data = DatasetCard(there.repositories["datasets/ada/sums"].files["README.md"].decode())
    assert "published as `ada/sums-1b`" in data.text
    assert "load_dataset('ada/sums'" in data.text
    assert "Accepted" not in data.text  # its rows' licences forbid nothing


def test_pushed_files_equal_the_local_ones_and_pushing_again_sends_nothing(shell: Shell, there: Hub) -> None:
    code, output = publish(shell, *TO, *FREELY, "--push", at=there)
    assert code == 0, output
    data, model = there.repositories["datasets/ada/sums"], there.repositories["models/ada/sums-1b"]
    assert data.private
    assert model.private
    here = shell.data / "smoke"
    (stored_report,) = (here / "history").iterdir()
    weights = next(path for path in (here / "weights").glob("*/tiny.json"))
    training_files = {"train.parquet", "sharegpt.parquet", "dataset_info.json"}
    assert data.files.keys() == {*training_files, "README.md", ".gitattributes"}
    for name in training_files:
        assert data.files[name] == (here / "sft" / name).read_bytes()
    assert model.files.keys() - {"README.md", ".gitattributes"} == {
        "tiny.json", *(f"report/{name}" for name in
        ("report.html", "report.md", "benchmark_reports.parquet", "items.parquet", "manifest.json")),
    }  # fmt: skip
    assert model.files["tiny.json"] == weights.read_bytes()
    assert model.files["report/report.html"] == (here / "report.html").read_bytes()
    assert model.files["report/benchmark_reports.parquet"] == (here / "benchmark_reports.parquet").read_bytes()
    assert model.files["report/items.parquet"] == (stored_report / "items.parquet").read_bytes()
    version = json.loads((here / "sft_dataset.manifest.json").read_text())["data_version"][:12]
    assert len(model.commits) == 1
    assert f"sft_dataset {version}, checkpoint" in model.commits[0]

    cards_hold_scores_names_and_what_was_accepted(shell, there)

    sent = there.sent
    code, output = publish(shell, *TO, *FREELY, "--push", at=there)
    assert code == 0, output
    assert "dataset ada/sums is up to date" in output
    assert "model ada/sums-1b is up to date" in output
    assert (there.sent, len(data.commits), len(model.commits)) == (sent, 1, 1)


def test_a_push_sends_only_what_changed_and_removes_old_weights(shell: Shell, there: Hub) -> None:
    assert publish(shell, *TO, *FREELY, "--push", at=there)[0] == 0
    model = there.repositories["models/ada/sums-1b"]
    model.files |= {"model.safetensors": b"old", "notes.md": b"mine", "report/report.md": b"old"}
    sent = there.sent
    code, output = publish(shell, *TO, *FREELY, "--push", at=there)
    assert code == 0, output
    assert there.sent - sent == len(model.files["report/report.md"]) > 3
    assert "model.safetensors" not in model.files
    assert "removed weights of an earlier upload: model.safetensors" in output
    assert model.files["notes.md"] == b"mine"
    assert "left alone: notes.md" in output


def test_a_public_repository_is_not_pushed_to_without_the_option(shell: Shell, there: Hub) -> None:
    words = ("--data", "ada/sums", "--push")
    assert publish(shell, *words, "--public", at=there)[0] == 0
    assert not there.repositories["datasets/ada/sums"].private
    code, output = publish(shell, *words, at=there)
    assert code == 2
    assert "is already public; add --public" in output


def test_a_data_set_alone_includes_the_report(shell: Shell, there: Hub) -> None:
    assert publish(shell, "--data", "ada/sums", "--tables-only", "--push", at=there)[0] == 0
    files = there.repositories["datasets/ada/sums"].files
    assert "report/benchmark_reports.parquet" in files
    assert "report/report.html" not in files
    assert list(there.repositories) == ["datasets/ada/sums"]


@pytest.mark.parametrize(
    ("token", "message"),
    [("", "no token for the hub; export HF_TOKEN"), ("hf_other", "rejects the token")],
)
def test_without_a_valid_token_nothing_is_sent(shell: Shell, there: Hub, token: str, message: str) -> None:
    code, output = publish(shell, "--data", "ada/sums", "--push", at=there, token=token)
    assert code == 2
    assert message in output
    assert there.sent == 0


def test_a_card_that_the_hub_refuses_is_reported(shell: Shell, there: Hub) -> None:
    there.refused = "license must be one of"
    code, output = publish(shell, "--data", "ada/sums", "--push", at=there)
    assert (code, there.sent) == (2, 0)
    assert "Invalid metadata in README.md" in output


def test_an_unreachable_hub_is_reported(shell: Shell) -> None:
    with hub() as gone:
        pass
    code, output = publish(shell, "--data", "ada/sums", "--push", at=gone)
    assert code == 2
    assert "the hub cannot be reached" in output


def test_offline_and_without_a_name_nothing_is_pushed(shell: Shell) -> None:
    code, output = publish(shell, "--push")
    assert (code, "no repository given" in output) == (2, True)
    code, output = publish(shell, "--data", "sums")
    assert (code, "OWNER/NAME" in output) == (2, True)
