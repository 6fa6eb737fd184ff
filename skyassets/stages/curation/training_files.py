"""Exports the kept examples as files that other trainers load unchanged.

The two formats are in separate files: if a row has both columns, TRL prefers `conversations` to `messages`, and it
ignores the system prompt, which ShareGPT keeps in its own column.
"""

import json

import polars as pl

from skyassets.stages.curation.examples import kept_examples

MESSAGES_FILE = "train.parquet"
"""OpenAI's format: `messages` with role and content, including the system prompt."""
SHAREGPT = "sharegpt"
SHAREGPT_FILE = "sharegpt.parquet"
"""ShareGPT's format: `conversations` with from and value, and the system prompt in `system`."""
CARD_FILE = "README.md"
INFO_FILE = "dataset_info.json"
"""LLaMA-Factory's description of the columns."""

ABOUT = (
    "example_id", "problem_id", "trace_id", "rewrite_id", "source", "family", "domain", "licence", "difficulty",
    "is_imported", "trace_verdict", "trace_reason", "trace_backend", "rewrite_verdict", "rewrite_reason",
    "rewrite_backend", "example_tokens", "learned_tokens",
)  # fmt: skip


FORMATS = {MESSAGES_FILE: ("messages",), SHAREGPT_FILE: ("system", "conversations")}
"""File to its own columns, which come before `ABOUT`."""


def training_rows(examples: pl.DataFrame, file: str) -> pl.DataFrame:
    """The rows of one of the files of `FORMATS`."""
    return kept_examples(examples).select(*FORMATS[file], *ABOUT)


def dataset_info(name: str) -> str:
    """LLaMA-Factory's description of the data set: `name` in ShareGPT's format, `name_messages` in OpenAI's."""
    roles = {"user_tag": "user", "assistant_tag": "assistant"}
    datasets = {
        name: {
            "file_name": SHAREGPT_FILE,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": {"role_tag": "from", "content_tag": "value", **roles},
        },
        f"{name}_messages": {
            "file_name": MESSAGES_FILE,
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {"role_tag": "role", "content_tag": "content", "system_tag": "system", **roles},
        },
    }
    return json.dumps(datasets, indent=2) + "\n"
