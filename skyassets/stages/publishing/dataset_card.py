"""The data set card, as Markdown: contents, sources, dropped rows, and how to load the data set."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.core.sources import Generated, HubDataset, Source
from skyassets.stages.curation.examples import kept_examples, unjudged_examples
from skyassets.stages.curation.student_form import learned_parts
from skyassets.stages.curation.training_files import INFO_FILE, MESSAGES_FILE, SHAREGPT, SHAREGPT_FILE
from skyassets.stages.curation.waterfall import by_domain
from skyassets.stages.markup.markdown import front_matter, table
from skyassets.stages.publishing.licences import on_hub, spelled

HUB_NAME = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)?")
"""A data set or model name on the hub: [OWNER/]NAME."""
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
MANY = "1M<n<10M"


@dataclass(frozen=True)
class Provenance:
    """How the data set was made: names and versions, never a local path or host."""

    recipe: str
    description: str
    teacher: str
    rewriter: str
    student: str
    """The model whose tokenizer counted the tokens."""
    origins: tuple[tuple[str, str], ...]
    """Name of each source and where it is published."""


def origin(source: Source) -> str:
    """Where a source is published; never a local path."""
    of = source.origin
    if isinstance(of, Generated):
        return "made by a generator"
    if isinstance(of, HubDataset) and HUB_NAME.fullmatch(of.repo):
        what = (f"configuration {of.config}" if of.config else "", f"split {of.split}" if of.split else "")
        details = ", ".join(each for each in (*what, f"revision {of.revision}") if each)
        return f"{of.repo} on the Hugging Face hub, {details}"
    return "files of the maker's own"


def card(
    examples: pl.DataFrame,
    rules: Sequence[str],
    by: Provenance,
    versions: Mapping[str, str],
    more: Sequence[str] = (),
    place: str = "",
) -> str:
    """The card of the kept examples; `versions` are the data versions of the tables they were made from.

    `more` are lines to insert before the last section; `place` is the data set's hub name, if it has one.
    """
    rows = kept_examples(examples)
    trusted = unjudged_examples(examples).height
    where = f"'{place}'" if place else "PATH"
    lines = [
        _front_matter(rows),
        "",
        f"# {by.recipe}",
        "",
        f"{by.description}.",
        "",
        f"{rows.height} examples of {rows['problem_id'].n_unique()} problems, out of {examples.height} traces.",
        _verified(rows.height, trusted),
        "",
        "## Contents",
        "",
        *table(("domain", "examples", "tokens", "learned", "median", "longest"), _domains(rows)),
        "",
        f"Tokens are counted by the tokenizer and chat template of `{by.student}`; *learned* are the answer's.",
        _form(rows),
        "",
        "## Sources and licences",
        "",
        *table(("source", "licence", "examples", "from"), _sources(rows, dict(by.origins))),
        "",
        "Each row names its problem's licence. A set that mixes licences is under all of them.",
        "",
        "## What was dropped, and why",
        "",
        *_waterfall(examples, rules),
        "",
        "A row is counted under the first rule it failed. The dropped rows, with their evidence, are in the table",
        "`sft_dataset`, from which these files were written.",
        "",
        "## How it was made",
        "",
        f"Teacher: `{by.teacher}`. Rewriter: `{by.rewriter}`. Made by skyassets from these tables:",
        "",
        *table(("table", "data version"), [(f"`{name}`", f"`{version}`") for name, version in versions.items()]),
        "",
        *more,
        "## Loading it",
        "",
        f"- `datasets` and TRL: `load_dataset({where}, split='train')` reads `{MESSAGES_FILE}`, whose `messages` hold",
        "  the system prompt too.",
        f"- LLaMA-Factory: `dataset_dir: PATH`, `dataset: {by.recipe}`; `{INFO_FILE}` describes the ShareGPT",
        f"  form, `{SHAREGPT_FILE}`. With `datasets` it is the configuration `{SHAREGPT}`.",
        "",
    ]
    return "\n".join(lines)


def _front_matter(rows: pl.DataFrame) -> str:
    licences = sorted({on_hub(licence) for licence in rows["licence"].unique()})
    return front_matter(
        {
            "license": licences if licences and all(licences) else ["other"],
            "task_categories": ["text-generation"],
            "size_categories": [next((name for bound, name in SIZES if rows.height < bound), MANY)],
            "tags": ["reasoning", "distillation"],
            "configs": [
                {"config_name": name, "data_files": [{"split": "train", "path": path}]}
                for name, path in (("default", MESSAGES_FILE), (SHAREGPT, SHAREGPT_FILE))
            ],
        }
    )


def _verified(rows: int, trusted: int) -> str:
    if not trusted:
        return "The trace and the rewrite of every one of them were judged correct."
    return (
        f"The trace and the rewrite of {rows - trusted} of them were judged correct. {trusted} came ready-made, with "
        "nothing to judge them by, and were taken on trust: their `trace_verdict` is `unjudged`."
    )


def _form(rows: pl.DataFrame) -> str:
    """The marks in the answers, and how many have no thought."""
    answers = [str(turns[-1]["content"]) for turns in rows["messages"].drop_nulls()]
    parts = [learned_parts(answer) for answer in answers]
    marks = sorted({f"`{answer[: answer.find('>') + 1]}`" for answer, each in zip(answers, parts, strict=True) if each})
    if not marks:
        return "The answers have no marks around a thought."
    bare = sum(each is not None and not each.thought for each in parts)
    after = f" In {bare} of them the thought is empty." if bare else ""
    return f"An answer is a thought, which begins with {' or '.join(marks)}, and a solution.{after}"


def _domains(rows: pl.DataFrame) -> list[tuple[object, ...]]:
    tokens = pl.col("example_tokens")
    columns = (pl.len(), tokens.sum(), pl.col("learned_tokens").sum().alias("learned"), tokens.median().cast(int)
            .alias("median"), tokens.max().alias("longest"))  # fmt: skip
    domains = list(rows.group_by("domain").agg(columns).sort("domain").iter_rows())
    return domains if len(domains) == 1 else [*domains, ("all", *rows.select(columns).row(0))] if domains else []


def _sources(rows: pl.DataFrame, origins: Mapping[str, str]) -> list[tuple[object, ...]]:
    counts = rows.group_by("source", "licence").len().sort("source", "licence", nulls_last=True)
    return [(source, spelled(licence), count, origins.get(source, "")) for source, licence, count in counts.iter_rows()]


def _waterfall(examples: pl.DataFrame, rules: Sequence[str]) -> list[str]:
    waterfall = by_domain(examples, rules)
    domains = sorted(examples["domain"].unique())
    columns = domains if len(domains) > 1 else []
    rows = [(line, sum(counts.values()), *(counts[domain] for domain in columns)) for line, counts in waterfall.items()]
    return table(("drop reason", "rows", *columns), rows)
