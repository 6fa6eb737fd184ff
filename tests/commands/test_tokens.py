"""`skyassets tokens`: one example as the trainer sees it, with what is learned of it."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from shell import Shell

from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.tables.store import TableStore

SMOLLM2 = "token_recipes:smollm2"
PLAIN = {"NO_COLOR": "1"}
COLOURED = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}


@pytest.fixture(scope="module")
def made(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which the smoke recipe has run."""
    return Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("made"))


def examples(shell: Shell) -> pl.DataFrame:
    return TableStore(shell.data / "smoke").read(EXAMPLES)


def tokens(shell: Shell, *words: str, recipe: str = "smoke", status: int = 0, **more: str) -> str:
    done = shell.run("skyassets", "tokens", *words, SKYASSETS_RECIPE=recipe, **(PLAIN | more))
    assert done.returncode == status, done.stdout
    return done.stdout


def kept(shell: Shell) -> dict[str, list[dict[str, str]]]:
    rows = examples(shell).filter(pl.col("dropped_by").is_null())
    return dict(zip(rows["example_id"], rows["messages"].to_list(), strict=True))


def test_the_first_kept_example_is_shown_with_its_answer_between_marks(made: Shell) -> None:
    ident, messages = next(iter(kept(made).items()))
    output = tokens(made)
    assert f"example {ident[:12]}: " in output
    assert f"⟦{messages[-1]['content']}⟧" in output
    assert messages[-2]["content"] in output


def test_an_example_is_named_by_how_its_id_begins(made: Shell) -> None:
    ident = list(kept(made))[-1]
    assert f"example {ident[:12]}: " in tokens(made, ident[:10])


def test_machines_get_json(made: Shell) -> None:
    data = json.loads(tokens(made, "--json"))
    messages = kept(made)[data["example_id"]]
    assert [piece["learned"] for piece in data["pieces"]] == [False, True]
    assert data["pieces"][1]["text"] == messages[-1]["content"]
    assert data["learned"] == len(messages[-1]["content"].split())
    assert data["tokens"] == sum(piece["tokens"] for piece in data["pieces"])


def test_an_unknown_an_unclear_and_a_dropped_example_are_told(made: Shell) -> None:
    assert "has no kept example whose id begins with 'nobody'" in " ".join(tokens(made, "nobody", status=2).split())
    first = {ident[0] for ident in kept(made)}
    shared = next(letter for letter in first if sum(ident[0] == letter for ident in kept(made)) > 1)
    assert f"several ids begin with '{shared}'" in tokens(made, shared, status=2)
    dropped = examples(made).filter(pl.col("dropped_by").is_not_null()).row(0, named=True)
    assert f"it was dropped ({dropped['dropped_by']})" in " ".join(
        tokens(made, str(dropped["example_id"]), status=2).split()
    )


def test_a_missing_data_set_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    output = " ".join(tokens(Shell(tmp_path), status=2).split())
    assert "has no sft_dataset yet; make it: dagster asset materialize" in output


@pytest.mark.real
def test_a_real_tokenizer_shows_its_special_tokens_and_the_end_of_turn(made: Shell, converted_models: Path) -> None:
    made.link_models(converted_models)
    messages = next(iter(kept(made).values()))
    data = json.loads(tokens(made, "--json", recipe=SMOLLM2))
    given, learned = data["pieces"]
    assert given["text"].endswith("<|im_start|>assistant\n")
    assert learned["text"] == messages[-1]["content"] + "<|im_end|>"
    assert learned["end"] == "<|im_end|>"
    plain = tokens(made, "--learned-only", recipe=SMOLLM2)
    assert f"{data['tokens']:,} tokens, {data['learned']:,} of them learned" in plain
    assert f"<|im_end|> is token {data['tokens']:,}" in plain
    assert "<|im_start|>" not in plain


@pytest.mark.real
def test_on_a_terminal_what_is_learned_is_green_and_a_models_escapes_do_nothing(
    made: Shell, converted_models: Path, tmp_path: Path
) -> None:
    shell = Shell(tmp_path)
    shell.link_models(converted_models)
    rows = examples(made).filter(pl.col("dropped_by").is_null()).head(1)
    says = [[{"role": "user", "content": "Hi\x1b]0;owned\x07"}, {"role": "assistant", "content": "\x1b[31mred"}]]
    path = TableStore(shell.data / "smoke").path(EXAMPLES)
    path.parent.mkdir(parents=True)
    rows.with_columns(messages=pl.Series(says, dtype=rows.schema["messages"])).write_parquet(path)
    done = shell.run("skyassets", "tokens", SKYASSETS_RECIPE=SMOLLM2, **COLOURED)
    assert done.returncode == 0, done.stdout
    assert "\x1b[1;32m [31mred\x1b[0m" in done.stdout
    assert set(re.findall(r"\x1b[^m]*m|\x07|\x1b", done.stdout)) <= {
        "\x1b[0m",
        "\x1b[1m",
        "\x1b[2m",
        "\x1b[1;32m",
        "\x1b[1;30;42m",
    }
    assert "⟦" not in done.stdout
