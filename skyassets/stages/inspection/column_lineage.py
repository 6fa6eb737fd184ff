"""Column lineage: for every column of every asset table, the parents' columns it is made from.

Inputs of the whole asset (the recipe, the code, the model) are not columns and are not listed. A column without parents
comes from an external input: a source, a model, a clock.
"""

from dataclasses import dataclass

from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)


@dataclass(frozen=True)
class ParentColumn:
    """A column of a parent table."""

    table: str
    column: str


def _of(table: Table, *columns: str) -> tuple[ParentColumn, ...]:
    return tuple(ParentColumn(table.name, column) for column in columns)


def _made(columns: str, *origins: tuple[ParentColumn, ...]) -> dict[str, tuple[ParentColumn, ...]]:
    """Each of `columns`, made from all of `origins`."""
    every = tuple(dict.fromkeys(origin for some in origins for origin in some))
    return dict.fromkeys(columns.split(), every)


def _same(table: Table, columns: str) -> dict[str, tuple[ParentColumn, ...]]:
    """Columns copied unchanged."""
    return {column: _of(table, column) for column in columns.split()}


ASKED = _of(PROBLEMS, "question", "domain", "starter_code", "references")
"""Inputs of the teacher's prompt."""
GRADED_BY = _of(PROBLEMS, "question", "domain", "ground_truth", "tests", "starter_code")
"""Inputs of a verdict besides the answer."""
TOLD = _of(REWRITES, "thought", "solution", "rewritten")
CONVERSATION = (_of(PROBLEMS, "question", "domain", "starter_code"), TOLD)
SEEN_BY_RULES = (
    _of(PROBLEMS, "question", "domain", "difficulty", "source", "family"),
    _of(TRACES, "finish_reason", "completion_tokens", "cut", "cut_completions", "error"),
    _of(REWRITES, "rewritten", "thought", "solution", "failed"),
    _of(VERDICTS, "verdict", "reason"),
    _of(BENCHMARK_PROBLEMS, "benchmark", "problem_id", "question"),
)
"""Inputs of the curation rules."""
BENCHMARK_ASKED = _of(BENCHMARK_PROBLEMS, "question", "domain", "starter_code", "benchmark")
BENCHMARK_GRADED = _of(BENCHMARK_PROBLEMS, "question", "domain", "ground_truth", "tests", "starter_code")
LEARNED = _of(EXAMPLES, "messages", "example_id", "dropped_by")
STUDENT = _of(CHECKPOINT, "checkpoint_id", "base_model", "path", "sha256")
MEASURED = _of(
    ANSWERS, "benchmark", "problem_id", "sample", "role", "family", "level", "strict", "lenient", "strict_answer",
    "lenient_answer", "finish_reason", "completion_tokens",
)  # fmt: skip
"""Inputs of the scores; which items are contaminated depends on the kept examples."""

COLUMN_LINEAGE: dict[str, dict[str, tuple[ParentColumn, ...]]] = {
    PROBLEMS.name: _made(" ".join(PROBLEMS.columns)),
    BENCHMARK_PROBLEMS.name: _made(" ".join(BENCHMARK_PROBLEMS.columns)),
    TRACES.name: {
        **_same(PROBLEMS, "problem_id"),
        **_made("completion_id prompt_tokens", ASKED),
        **_made("text", ASKED, _of(PROBLEMS, "imported_trace")),
        **_made("trace_id", ASKED, _of(PROBLEMS, "problem_id", "imported_trace")),
        **_made("finish_reason completion_tokens seconds error cut cut_completions", ASKED),
        **_made("model", _of(PROBLEMS, "imported_trace")),
        **_made("sample"),
    },
    REWRITES.name: {
        **_same(TRACES, "trace_id problem_id"),
        **_made("thought solution rewritten failed changed", _of(TRACES, "text"), _of(PROBLEMS, "question", "domain")),
        **_made("completion_id", _of(TRACES, "text"), _of(PROBLEMS, "question", "domain")),
        **_made("rewrite_id", _of(TRACES, "trace_id", "text"), _of(PROBLEMS, "question", "domain")),
        **_made("rewriter"),
    },
    VERDICTS.name: {
        "trace_id": (*_of(TRACES, "trace_id"), *_of(REWRITES, "trace_id")),
        "problem_id": (*_of(TRACES, "problem_id"), *_of(REWRITES, "problem_id")),
        **_same(REWRITES, "rewrite_id"),
        **_made("verdict_id", _of(TRACES, "trace_id"), _of(REWRITES, "rewrite_id")),
        **_made(
            "verdict reason answer test_results",
            _of(TRACES, "text", "error"),
            _of(REWRITES, "rewritten", "failed"),
            GRADED_BY,
        ),
        **_made("subject"),
        **_made("backend", _of(PROBLEMS, "domain")),
    },
    EXAMPLES.name: {
        **_same(REWRITES, "problem_id trace_id rewrite_id"),
        **_same(PROBLEMS, "source family domain licence difficulty"),
        **_same(TRACES, "finish_reason"),
        **_made("is_imported", _of(PROBLEMS, "imported_trace")),
        **_made("trace_verdict rewrite_verdict", _of(VERDICTS, "subject", "verdict")),
        **_made("trace_reason rewrite_reason", _of(VERDICTS, "subject", "reason")),
        **_made("trace_backend rewrite_backend", _of(VERDICTS, "subject", "backend")),
        **_made("dropped_by evidence", *SEEN_BY_RULES),
        **_made("system messages conversations", *CONVERSATION, *SEEN_BY_RULES),
        **_made("example_id", _of(REWRITES, "rewrite_id"), *CONVERSATION),
        **_made("example_tokens learned_tokens", *CONVERSATION),
    },
    CHECKPOINT.name: {
        **_made("checkpoint_id bytes sha256", LEARNED),
        **_made("loss grad_norm", LEARNED),
        **_made("step epoch learning_rate tokens mfu memory_gb", _of(EXAMPLES, "messages", "example_tokens")),
        **_made("entry kind base_model path seconds fact"),
    },
    ANSWERS.name: {
        **_same(BENCHMARK_PROBLEMS, "benchmark problem_id family level domain"),
        **_same(CHECKPOINT, "checkpoint_id"),
        **_made("model", _of(CHECKPOINT, "checkpoint_id")),
        **_made("completion_id prompt_tokens", BENCHMARK_ASKED, STUDENT),
        **_made("text finish_reason completion_tokens seconds error", BENCHMARK_ASKED, STUDENT),
        **_made("answer_id", BENCHMARK_ASKED, _of(BENCHMARK_PROBLEMS, "problem_id"), STUDENT),
        **_made(
            "strict strict_reason strict_answer lenient lenient_reason lenient_answer",
            BENCHMARK_ASKED,
            BENCHMARK_GRADED,
            STUDENT,
        ),
        **_made("epoch_name role sample served_by"),
    },
    REPORTS.name: {
        **_same(ANSWERS, "epoch_name benchmark role checkpoint_id"),
        **_made("by part", _of(ANSWERS, "family", "level", "problem_id"), _of(EXAMPLES, "problem_id", "dropped_by")),
        **_made("n samples value low high p_value won lost unjudged", MEASURED),
        **_made("report_id", _of(ANSWERS, "epoch_name", "benchmark", "role", "family", "level")),
        **_made("method metric", _of(ANSWERS, "sample", "domain")),
        **_made("made_with", _of(ANSWERS, "model", "checkpoint_id", "served_by"), _of(CHECKPOINT, "base_model")),
    },
}
"""Maps each asset's columns to the parents' columns."""
