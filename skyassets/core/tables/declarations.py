"""Every table, defined once: its name, meaning, key and columns. No rows or files here."""

from dataclasses import dataclass

import polars as pl

from skyassets.core.errors import TableError
from skyassets.core.tables.columns import COLUMNS


@dataclass(frozen=True)
class Table:
    """A named set of columns with a key that is unique, never null and defines the row order."""

    name: str
    meaning: str
    key: str
    columns: tuple[str, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column name to polars type, in order."""
        return {name: COLUMNS[name].type for name in self.columns}

    @property
    def content(self) -> list[str]:
        """The columns that make up the content: all except the measured ones."""
        return [name for name in self.columns if not COLUMNS[name].measured]

    def frame(self, rows: list[dict[str, object]]) -> pl.DataFrame:
        """`rows` as a data frame with the table's schema."""
        return self.conform(pl.DataFrame(rows, schema=self.schema, orient="row"))

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with exactly this table's columns and types, sorted by its key.

        Raises:
            TableError: for missing or unknown columns, a type that does not fit, a null or repeated key.
        """
        missing = [name for name in self.columns if name not in frame.columns]
        unknown = [name for name in frame.columns if name not in self.columns]
        if missing or unknown:
            raise TableError(f"{self.name}: missing columns {missing}, unknown columns {unknown}")
        try:
            frame = frame.select(pl.col(name).cast(kind, strict=True) for name, kind in self.schema.items())
        except pl.exceptions.PolarsError as error:
            raise TableError(f"{self.name}: a column does not have its declared type: {error}") from error
        if frame[self.key].null_count():
            raise TableError(f"{self.name}: {frame[self.key].null_count()} rows have no {self.key}")
        repeated = frame.filter(pl.col(self.key).is_duplicated())[self.key].unique().sort()
        if repeated.len():
            raise TableError(f"{self.name}: {repeated.len()} ids occur twice, the first is {repeated[0]}")
        return frame.sort(self.key)


_PROBLEM = (
    "problem_id", "source", "name", "family", "domain", "question", "ground_truth", "tests", "starter_code",
    "references", "difficulty", "level", "licence", "imported_trace", "set_aside",
)  # fmt: skip

PROBLEMS = Table("raw_problems", "Problems to learn from.", "problem_id", _PROBLEM)
BENCHMARK_PROBLEMS = Table(
    "benchmark_problems", "Held-out problems for the evaluation.", "problem_id", (*_PROBLEM, "benchmark")
)
COMPLETIONS = Table(
    "completions",
    "Every model reply: the row store behind traces, rewrites and answers.",
    "completion_id",
    (
        "completion_id", "request", "model", "text", "finish_reason", "prompt_tokens", "completion_tokens",
        "seconds", "served_by", "sent", "at", "dollars", "asked_for", "run",
    ),
)  # fmt: skip
FAILURES = Table(
    "failures",
    "Calls that were paid for and brought no text; no later run makes them again. `skyassets reask` forgets them.",
    "completion_id",
    ("completion_id", "model", "error", "served_by", "sent", "at", "dollars", "asked_for", "run"),
)
TRACES = Table(
    "teacher_traces",
    "The teacher's attempts, as it wrote them.",
    "trace_id",
    (
        "trace_id", "problem_id", "completion_id", "sample", "model", "text", "finish_reason", "prompt_tokens",
        "completion_tokens", "seconds", "error", "cut", "cut_completions",
    ),
)  # fmt: skip
REWRITES = Table(
    "rewritten_traces",
    "The traces in one structure: a thought and a solution.",
    "rewrite_id",
    (
        "rewrite_id", "trace_id", "problem_id", "completion_id", "rewriter", "thought", "solution", "rewritten",
        "failed", "changed",
    ),
)  # fmt: skip
VERDICTS = Table(
    "verdicts",
    "Whether each trace and each rewrite is correct.",
    "verdict_id",
    (
        "verdict_id", "subject", "trace_id", "rewrite_id", "problem_id", "verdict", "reason", "answer", "backend",
        "test_results",
    ),
)  # fmt: skip
_JUDGEMENT = ("judgement_id", "verdict", "reason", "answer", "backend", "test_results", "at")
JUDGEMENTS = Table(
    "judgements", "The graders' decisions about texts: the row store of verdicts.", "judgement_id", _JUDGEMENT
)
UNDECIDED = Table(
    "undecided",
    "Texts that the graders could not decide; `skyassets rejudge` removes them.",
    "judgement_id",
    _JUDGEMENT,
)
EXAMPLES = Table(
    "sft_dataset",
    "Every rewrite, kept as an example or dropped with its reason.",
    "example_id",
    (
        "example_id", "problem_id", "trace_id", "rewrite_id", "source", "family", "domain", "licence", "difficulty",
        "is_imported", "finish_reason", "trace_verdict", "trace_reason", "trace_backend", "rewrite_verdict",
        "rewrite_reason", "rewrite_backend", "example_tokens", "learned_tokens", "dropped_by", "evidence", "system",
        "messages", "conversations",
    ),
)  # fmt: skip
CHECKPOINT = Table(
    "checkpoint",
    "The student: its weight files, its training curve, and how they were made.",
    "entry",
    (
        "entry", "kind", "checkpoint_id", "base_model", "path", "bytes", "sha256", "step", "epoch", "loss",
        "learning_rate", "grad_norm", "tokens", "seconds", "mfu", "memory_gb", "fact",
    ),
)  # fmt: skip
ANSWERS = Table(
    "benchmark_answers",
    "The answers of base and student to the held-out problems, with their verdicts.",
    "answer_id",
    (
        "answer_id", "epoch_name", "benchmark", "problem_id", "family", "level", "domain", "role", "model",
        "checkpoint_id", "completion_id", "sample", "text", "finish_reason", "prompt_tokens", "completion_tokens",
        "seconds", "served_by", "strict", "strict_reason", "strict_answer", "lenient", "lenient_reason",
        "lenient_answer", "error",
    ),
)  # fmt: skip
REPORTS = Table(
    "benchmark_reports",
    "The scores, with intervals, a paired test, and how they were made.",
    "report_id",
    (
        "report_id", "epoch_name", "benchmark", "by", "part", "role", "metric", "n", "samples", "value", "low", "high",
        "method", "p_value", "won", "lost", "unjudged", "checkpoint_id", "made_with",
    ),
)  # fmt: skip
LEDGER_ENTRIES = Table(
    "ledger_entries",
    "Costs and savings that no completion records; each is a line of data/rows/ledger_entries.jsonl.",
    "entry_id",
    ("entry_id", "event", "asked_for", "model", "run", "at", "count", "seconds", "gpus", "dollars", "error"),
)
LEDGER = Table(
    "ledger",
    "What each asset cost, by model and run; computed from completions and ledger entries.",
    "ledger_id",
    (
        "ledger_id", "asset", "model", "run", "calls", "failed_calls", "reused_rows", "prompt_tokens",
        "completion_tokens", "call_seconds", "machine_seconds", "gpu_hours", "call_dollars", "machine_dollars",
        "dollars", "began", "ended",
    ),
)  # fmt: skip

ASSET_TABLES = (
    PROBLEMS, BENCHMARK_PROBLEMS, TRACES, REWRITES, VERDICTS, EXAMPLES, CHECKPOINT, ANSWERS, REPORTS,
)  # fmt: skip
TABLES = (*ASSET_TABLES, COMPLETIONS, FAILURES, JUDGEMENTS, UNDECIDED, LEDGER_ENTRIES, LEDGER)
