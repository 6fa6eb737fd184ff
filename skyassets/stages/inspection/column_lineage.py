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


def _from(columns: str, *origins: tuple[ParentColumn, ...]) -> dict[str, tuple[ParentColumn, ...]]:
    """Each of `columns`, made from all of `origins`."""
    every = tuple(dict.fromkeys(origin for some in origins for origin in some))
    return dict.fromkeys(columns.split(), every)


def _same(table: Table, columns: str) -> dict[str, tuple[ParentColumn, ...]]:
    """Columns copied unchanged."""
    return {column: _of(table, column) for column in columns.split()}


PROMPT_INPUTS = _of(PROBLEMS, "question", "domain", "starter_code", "references")
"""Inputs of the teacher's prompt."""
GRADED_BY = _of(PROBLEMS, "question", "domain", "ground_truth", "tests", "starter_code")
"""Inputs of a verdict besides the answer."""
TRAINED_TEXT = _of(REWRITES, "thought", "solution", "rewritten")
CONVERSATION = (
    _of(PROBLEMS, "question", "domain", "starter_code"),
    TRAINED_TEXT,
    _of(REWRITES, "trace_id"),
)
"""Inputs of an example; the trace's id decides whether a `Hybrid` form leaves out its thought."""
RULE_INPUTS = (
    _of(PROBLEMS, "question", "domain", "difficulty", "source", "family"),
    _of(TRACES, "text", "finish_reason", "completion_tokens", "cut", "cut_completions", "error"),
    _of(REWRITES, "rewritten", "thought", "solution", "failed"),
    _of(VERDICTS, "verdict", "reason"),
    _of(BENCHMARK_PROBLEMS, "benchmark", "problem_id", "question"),
)
"""Inputs of the curation rules."""
BENCHMARK_PROMPT_INPUTS = _of(BENCHMARK_PROBLEMS, "question", "domain", "starter_code", "benchmark")
BENCHMARK_GRADED_BY = _of(BENCHMARK_PROBLEMS, "question", "domain", "ground_truth", "tests", "starter_code")
TRAINING_DATA = _of(EXAMPLES, "messages", "example_id", "dropped_by")
STUDENT = _of(CHECKPOINT, "checkpoint_id", "base_model", "path", "sha256")
SCORE_INPUTS = _of(
    ANSWERS, "benchmark", "problem_id", "sample", "role", "family", "level", "strict", "lenient", "strict_answer",
    "lenient_answer", "finish_reason", "completion_tokens",
)  # fmt: skip
"""Inputs of the scores; which items are contaminated depends on the kept examples."""

COLUMN_LINEAGE: dict[str, dict[str, tuple[ParentColumn, ...]]] = {
    PROBLEMS.name: _from(" ".join(PROBLEMS.columns)),
    BENCHMARK_PROBLEMS.name: _from(" ".join(BENCHMARK_PROBLEMS.columns)),
    TRACES.name: {
        **_same(PROBLEMS, "problem_id"),
        **_from("completion_id prompt_tokens", PROMPT_INPUTS),
        **_from("text", PROMPT_INPUTS, _of(PROBLEMS, "imported_trace")),
        **_from("trace_id", PROMPT_INPUTS, _of(PROBLEMS, "problem_id", "imported_trace")),
        **_from("finish_reason completion_tokens seconds error cut cut_completions", PROMPT_INPUTS),
        **_from("model", _of(PROBLEMS, "imported_trace")),
        **_from("sample"),
    },
    REWRITES.name: {
        **_same(TRACES, "trace_id problem_id"),
        **_from("thought solution rewritten failed changed", _of(TRACES, "text"), _of(PROBLEMS, "question", "domain")),
        **_from("completion_id", _of(TRACES, "text"), _of(PROBLEMS, "question", "domain")),
        **_from("rewrite_id", _of(TRACES, "trace_id", "text"), _of(PROBLEMS, "question", "domain")),
        **_from("rewriter"),
    },
    VERDICTS.name: {
        "trace_id": (*_of(TRACES, "trace_id"), *_of(REWRITES, "trace_id")),
        "problem_id": (*_of(TRACES, "problem_id"), *_of(REWRITES, "problem_id")),
        **_same(REWRITES, "rewrite_id"),
        **_from("verdict_id", _of(TRACES, "trace_id"), _of(REWRITES, "rewrite_id")),
        **_from(
            "verdict reason answer test_results",
            _of(TRACES, "text", "error"),
            _of(REWRITES, "rewritten", "failed"),
            GRADED_BY,
        ),
        **_from("subject"),
        **_from("backend", _of(PROBLEMS, "domain")),
    },
    EXAMPLES.name: {
        **_same(REWRITES, "problem_id trace_id rewrite_id"),
        **_same(PROBLEMS, "source family domain licence difficulty"),
        **_same(TRACES, "finish_reason"),
        **_from("is_imported", _of(PROBLEMS, "imported_trace")),
        **_from("trace_verdict rewrite_verdict", _of(VERDICTS, "subject", "verdict")),
        **_from("trace_reason rewrite_reason", _of(VERDICTS, "subject", "reason")),
        **_from("trace_backend rewrite_backend", _of(VERDICTS, "subject", "backend")),
        **_from("dropped_by evidence", *RULE_INPUTS),
        **_from("system messages conversations", *CONVERSATION, *RULE_INPUTS),
        **_from("example_id", _of(REWRITES, "rewrite_id"), *CONVERSATION),
        **_from("example_tokens learned_tokens", *CONVERSATION),
    },
    CHECKPOINT.name: {
        **_from("checkpoint_id bytes sha256", TRAINING_DATA),
        **_from("loss grad_norm", TRAINING_DATA),
        **_from("step epoch learning_rate tokens mfu memory_gb", _of(EXAMPLES, "messages", "example_tokens")),
        **_from("entry kind base_model path seconds fact"),
    },
    ANSWERS.name: {
        **_same(BENCHMARK_PROBLEMS, "benchmark problem_id family level domain"),
        **_same(CHECKPOINT, "checkpoint_id"),
        **_from("model", _of(CHECKPOINT, "checkpoint_id")),
        **_from("completion_id prompt_tokens", BENCHMARK_PROMPT_INPUTS, STUDENT),
        **_from("text finish_reason completion_tokens seconds error", BENCHMARK_PROMPT_INPUTS, STUDENT),
        **_from("answer_id", BENCHMARK_PROMPT_INPUTS, _of(BENCHMARK_PROBLEMS, "problem_id"), STUDENT),
        **_from(
            "strict strict_reason strict_answer lenient lenient_reason lenient_answer",
            BENCHMARK_PROMPT_INPUTS,
            BENCHMARK_GRADED_BY,
            STUDENT,
        ),
        **_from("epoch_name role sample served_by"),
    },
    REPORTS.name: {
        **_same(ANSWERS, "epoch_name benchmark role checkpoint_id"),
        **_from("by part", _of(ANSWERS, "family", "level", "problem_id"), _of(EXAMPLES, "problem_id", "dropped_by")),
        **_from("n samples value low high p_value won lost unjudged", SCORE_INPUTS),
        **_from("report_id", _of(ANSWERS, "epoch_name", "benchmark", "role", "family", "level")),
        **_from("method metric", _of(ANSWERS, "sample", "domain")),
        **_from("made_with", _of(ANSWERS, "model", "checkpoint_id", "served_by"), _of(CHECKPOINT, "base_model")),
    },
}
"""Maps each asset's columns to the parents' columns."""
