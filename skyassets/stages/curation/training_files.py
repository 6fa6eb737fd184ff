"""The kept examples as files that other trainers load unchanged, apart from the table with all rows.

The two forms are in two files: TRL prefers `conversations` to `messages` where a row has both, and takes the system
prompt, which ShareGPT keeps in a column of its own, for nothing.
"""

import json

import polars as pl

from skyassets.stages.curation.examples import kept

MESSAGES_FILE = "train.parquet"
"""OpenAI's form: `messages` with role and content, the system prompt among them."""
SHAREGPT = "sharegpt"
SHAREGPT_FILE = "sharegpt.parquet"
"""ShareGPT's form: `conversations` with from and value, and the system prompt in `system`."""
CARD_FILE = "README.md"
INFO_FILE = "dataset_info.json"
"""What LLaMA-Factory reads to know the columns."""

ABOUT = (
    "example_id", "problem_id", "trace_id", "rewrite_id", "source", "family", "domain", "licence", "difficulty",
    "is_imported", "trace_verdict", "trace_reason", "trace_backend", "rewrite_verdict", "rewrite_reason",
    "rewrite_backend", "example_tokens", "learned_tokens",
)  # fmt: skip


def with_messages(examples: pl.DataFrame) -> pl.DataFrame:
    """The rows of the first file."""
    return kept(examples).select("messages", *ABOUT)


def with_conversations(examples: pl.DataFrame) -> pl.DataFrame:
    """The rows of the second file."""
    return kept(examples).select("system", "conversations", *ABOUT)


def dataset_info(name: str) -> str:
    """LLaMA-Factory's description of the data set: `name` in ShareGPT's form, `name_messages` in OpenAI's."""
    people = {"user_tag": "user", "assistant_tag": "assistant"}
    described = {
        name: {
            "file_name": SHAREGPT_FILE,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
            "tags": {"role_tag": "from", "content_tag": "value", **people},
        },
        f"{name}_messages": {
            "file_name": MESSAGES_FILE,
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {"role_tag": "role", "content_tag": "content", "system_tag": "system", **people},
        },
    }
    return json.dumps(described, indent=2) + "\n"
