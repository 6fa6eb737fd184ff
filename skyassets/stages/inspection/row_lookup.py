"""Row lookup: views of the tables that are read a few rows at a time, and search for a row by part of its id."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    COMPLETIONS,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)
from skyassets.stages.evaluation.metrics import EVERY, TOKENS

SHORTEST = 6
"""The shortest id prefix to search for; a shorter one matches too many rows."""
WIDEST = 200
"""How many characters of a text are read to show its first words."""

Query = Callable[[pl.LazyFrame], pl.LazyFrame]


class RowLookup(Protocol):
    """Reads rows of tables without loading whole tables."""

    def rows(self, table: Table, query: Query) -> pl.DataFrame:
        """The result of `query` on `table`; a missing table is treated as empty."""
        ...


@dataclass(frozen=True)
class RowSummary:
    """A one-line summary of a row: its id, its kind, a short description, and its first words."""

    table: str
    id: str
    kind: str
    description: str
    text: str


@dataclass(frozen=True)
class View:
    """How to summarize a table's rows: the id, the kind that rows are counted by, a short description, the text."""

    table: Table
    id: str
    kind: pl.Expr
    description: pl.Expr
    text: pl.Expr
    first: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    """Whether a row is shown before the others."""
    once: bool = False
    """Whether several rows share an id, and only the first is shown."""

    def select(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Select the columns id, kind, description, text and first from `frame`."""
        columns = {name: getattr(self, name) for name in ("kind", "description", "text", "first")}
        bare = pl.col("text").str.slice(0, WIDEST).str.replace_all(r"<\|\w+\|>", " ")
        words = bare.str.replace_all(r"\s+", " ").str.strip_chars()
        rows = frame.select(pl.col(self.id).alias("id"), **columns)
        rows = rows.with_columns(words.fill_null(""), pl.col("kind", "description").fill_null(""))
        return rows.unique("id", keep="first", maintain_order=True) if self.once else rows


def _joined(*parts: pl.Expr) -> pl.Expr:
    return pl.concat_str(*parts, separator=", ", ignore_nulls=True)


def _labelled(before: str, column: str, after: str = "") -> pl.Expr:
    """The column's value between `before` and `after`; null where the value is null."""
    return pl.lit(before) + pl.col(column).cast(pl.String()) + pl.lit(after)


_END = pl.coalesce(_labelled("error: ", "error"), "finish_reason")
_TOKENS = _labelled("", "completion_tokens", " tokens")
_KEPT = pl.coalesce(_labelled("dropped: ", "dropped_by"), pl.lit("kept"))
_VALUE = (
    pl.when(pl.col("metric") == TOKENS)
    .then(pl.col("value").round(1).cast(pl.String()))
    .otherwise((pl.col("value") * 100).round(1).cast(pl.String()) + pl.lit("%"))
)
_PROBLEM = {
    "id": "problem_id",
    "kind": pl.coalesce(_labelled("set aside: ", "set_aside"), "domain"),
    "description": _joined(pl.col("domain"), pl.col("family").replace("", None), _labelled("set aside: ", "set_aside")),
    "text": pl.col("question"),
}

VIEWS: dict[str, View] = {
    view.table.name: view
    for view in (
        View(PROBLEMS, **_PROBLEM),  # type: ignore[arg-type]  # one description for two tables
        View(BENCHMARK_PROBLEMS, **_PROBLEM),  # type: ignore[arg-type]  # one description for two tables
        View(
            COMPLETIONS,
            "completion_id",
            pl.col("finish_reason"),
            _joined(pl.col("finish_reason"), _TOKENS, pl.col("model"), _labelled("for ", "asked_for")),
            pl.col("text"),
        ),
        View(
            TRACES,
            "trace_id",
            _END,
            _joined(_labelled("sample ", "sample"), _END, _TOKENS, pl.col("model")),
            pl.col("text"),
        ),
        View(
            REWRITES,
            "rewrite_id",
            pl.when(pl.col("failed").is_null()).then(pl.lit("made")).otherwise(pl.lit("failed")),
            _joined(_labelled("by ", "rewriter"), _labelled("failed: ", "failed"), _labelled("changed: ", "changed")),
            pl.col("solution"),
        ),
        View(
            VERDICTS,
            "verdict_id",
            pl.col("verdict"),
            _joined(_labelled("", "verdict", " ") + _labelled("(", "subject", ")"), pl.col("reason")),
            pl.col("answer"),
        ),
        View(
            EXAMPLES,
            "example_id",
            _KEPT,
            _joined(_KEPT, _labelled("", "example_tokens", " tokens")),
            pl.coalesce("evidence", pl.col("messages").list.last().struct.field("content")),
            first=pl.col("dropped_by").is_null(),
        ),
        View(
            CHECKPOINT, "checkpoint_id", pl.lit("checkpoint"), _labelled("from ", "base_model"), pl.lit(""), once=True
        ),
        View(
            ANSWERS,
            "answer_id",
            pl.col("role") + pl.lit(" ") + pl.col("strict"),
            _joined(pl.col("role"), _labelled("strict ", "strict"), _labelled("lenient ", "lenient"), _END),
            pl.col("text"),
        ),
        View(
            REPORTS,
            "report_id",
            pl.col("role"),
            _joined(_labelled("", "role", " ") + pl.col("metric") + pl.lit(" ") + _VALUE, _labelled("n = ", "n")),
            pl.col("benchmark") + pl.lit(", ") + pl.col("part"),
            first=pl.col("by") == EVERY,
        ),
    )
}


def describe(lookup: RowLookup, view: View, ids: list[str]) -> list[RowSummary]:
    """The existing rows with these ids, in display order."""
    selected = lookup.rows(view.table, lambda rows: view.select(rows.filter(pl.col(view.id).is_in(ids))))
    return rows_of(view, selected.sort(~pl.col("first"), "id"))


def find(lookup: RowLookup, name: str, most: int) -> list[RowSummary]:
    """The rows that match `name`, at most `most` per table.

    `name` is an id or the beginning of one, `TABLE:ID` to search a single table, or words that describe a score: its
    benchmark, part, role and metric.
    """
    table, colon, rest = name.partition(":")
    named = table in VIEWS and bool(colon)
    views = [VIEWS[table]] if named else list(VIEWS.values())
    matches = [row for view in views for row in _by_id(lookup, view, rest if named else name, most)]
    if name == CHECKPOINT.name:
        return matches + rows_of(VIEWS[name], lookup.rows(CHECKPOINT, VIEWS[name].select))
    return matches or _scores(lookup, name, most)


def _by_id(lookup: RowLookup, view: View, name: str, most: int) -> list[RowSummary]:
    is_match = pl.col(view.id).str.starts_with(name) if len(name) >= SHORTEST else pl.col(view.id) == name
    selected = lookup.rows(view.table, lambda rows: view.select(rows.filter(is_match)).head(most))
    return rows_of(view, selected.head(most))


def _scores(lookup: RowLookup, name: str, most: int) -> list[RowSummary]:
    words = name.casefold().split()
    if not words:
        return []
    description = pl.concat_str("benchmark", "part", "role", "metric", separator=" ").str.to_lowercase()
    is_match = pl.all_horizontal([description.str.contains(word, literal=True) for word in words])
    scores = lookup.rows(REPORTS, lambda rows: rows.filter(is_match))
    # Prefer the whole benchmark to its parts, and the student to other models.
    for narrower in (pl.col("by") == EVERY, pl.col("role") == "student"):
        scores = scores.filter(narrower) if scores.filter(narrower).height else scores
    return rows_of(VIEWS[REPORTS.name], VIEWS[REPORTS.name].select(scores.lazy()).head(most).collect())


def rows_of(view: View, selected: pl.DataFrame) -> list[RowSummary]:
    """Convert a view's selection to rows."""
    columns = selected.select("id", "kind", "description", "text").cast(pl.String()).fill_null("")
    return [RowSummary(view.table.name, *row) for row in columns.iter_rows()]
