"""What a user means by a row or a problem, and which completions the recipe wants for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    COMPLETIONS,
    EXAMPLES,
    PROBLEMS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)
from skyassets.project.deployment import student_name
from skyassets.project.evaluation.epoch import current_epoch
from skyassets.project.project import Project
from skyassets.stages.inspection.dry_run import WantedCompletion, answered, rated, rewritten, taught
from skyassets.stages.inspection.row_lookup import SHORTEST, VIEWS, RowSummary, find, rows_of
from skyassets.stages.sampling.request_key import Key, stored_key

ASKED = (TRACES, REWRITES, ANSWERS)
"""The tables whose rows come from completions."""
FOLLOWING = (VERDICTS, EXAMPLES)
"""The tables whose rows are derived from a trace."""


@dataclass(frozen=True)
class Target:
    """A problem (a frame of one row of `table`), and which of its wanted completions are meant."""

    table: Table
    problem: pl.DataFrame
    concerns: Callable[[WantedCompletion], bool]
    completion: Key | None = None
    """The stored completion that was named, if one was."""

    @property
    def question(self) -> str:
        """The problem's question."""
        return str(self.problem["question"][0])


def find_rows(lookup: StoredTables, name: str, most: int) -> list[RowSummary]:
    """The rows that `name` may mean: by id, by the id of their completion, or by part of a problem's question."""
    rows = find(lookup, name, most)
    if not rows and len(name) >= SHORTEST:
        begins = pl.col("completion_id").str.starts_with(name)
        rows = [row for table in ASKED for row in _select(lookup, table, begins, most)]
    if rows or not name.strip():
        return rows
    contains = pl.col("question").str.to_lowercase().str.contains(name.casefold(), literal=True)
    for matches in (pl.col("name") == name, contains):
        rows = [row for table in (PROBLEMS, BENCHMARK_PROBLEMS) for row in _select(lookup, table, matches, most)]
        if rows:
            break
    return rows


def find_target(lookup: StoredTables, row: RowSummary) -> Target | None:
    """What to explain about `row`. None if the row has no single completion."""
    table = VIEWS[row.table].table
    if table is COMPLETIONS:
        return _of_completion(lookup, row.id)
    if table in (PROBLEMS, BENCHMARK_PROBLEMS):
        return Target(table, _problem(lookup, table, row.id), lambda wanted: True)
    if table not in (*ASKED, *FOLLOWING):
        return None
    parents = _parents(lookup, table, pl.col(table.key).eq(row.id))
    if table is ANSWERS:
        problem = _problem(lookup, BENCHMARK_PROBLEMS, parents["problem_id"])
        answer = (ANSWERS.name, parents["role"], parents["sample"])
        return Target(BENCHMARK_PROBLEMS, problem, lambda each: (each.table, each.role, each.sample) == answer)
    sample = _parents(lookup, TRACES, pl.col("trace_id").eq(parents["trace_id"]))["sample"]
    tables = (REWRITES.name,) if table is REWRITES else (TRACES.name, REWRITES.name)
    problem = _problem(lookup, PROBLEMS, parents["problem_id"])
    return Target(PROBLEMS, problem, lambda each: each.table in tables and each.sample == sample)


def wanted_for(project: Project, lookup: StoredTables, target: Target) -> Iterator[WantedCompletion]:
    """Every completion that the recipe wants for the problem, given the current row store."""
    recipe, problem = project.recipe, target.problem
    if target.table is BENCHMARK_PROBLEMS:
        base = recipe.training.base
        epoch = current_epoch(project)
        yield from answered(problem, recipe.benchmarks, recipe.evaluation, "base", base, epoch)
        checkpoint = lookup.rows(CHECKPOINT, lambda rows: rows.select("checkpoint_id").head(1))
        if checkpoint.height:
            student = Model(student_name(base.name), revision=checkpoint["checkpoint_id"][0])
            yield from answered(problem, recipe.benchmarks, recipe.evaluation, "student", student, epoch)
        for contender in recipe.contenders:
            yield from answered(problem, recipe.benchmarks, recipe.evaluation, contender.role, contender.model, epoch)
        return
    if recipe.rating is not None:
        # The difficulty may come with the problem: then there is no rating, neither stored nor wanted.
        rating = rated(problem, recipe.rating, recipe.sources, project.rows)
        is_rated = problem["difficulty"][0] is not None
        yield from (each for each in rating if not is_rated or project.rows.get([each.request.id]).height)
    samples, traces = taught(problem, recipe.teacher, project.rows)
    yield from samples
    yield from rewritten(problem, traces, recipe.rewriting, project.rows)


def _of_completion(lookup: StoredTables, ident: str) -> Target | None:
    stored = lookup.rows(
        COMPLETIONS, lambda rows: rows.filter(pl.col("completion_id") == ident).select("completion_id", "request")
    )
    key = stored_key(ident, stored["request"][0])
    is_in_request = pl.lit(key.message).str.contains(pl.col("question").str.strip_chars(), literal=True)
    for table in (PROBLEMS, BENCHMARK_PROBLEMS):
        problems = lookup.rows(table, lambda rows: rows.filter(is_in_request))
        if problems.height:
            # The longest matching question: a short one may be part of another.
            problem = problems.sort(pl.col("question").str.len_chars(), descending=True).head(1)
            return Target(table, problem, lambda each: each.request.id == ident, key)
    return Target(PROBLEMS, PROBLEMS.frame([]), lambda each: False, key)


def _select(lookup: StoredTables, table: Table, matches: pl.Expr, most: int) -> list[RowSummary]:
    view = VIEWS[table.name]
    return rows_of(view, lookup.rows(table, lambda rows: view.select(rows.filter(matches)).head(most)))


def _parents(lookup: StoredTables, table: Table, matches: pl.Expr) -> dict[str, object]:
    """The columns of a row that identify its problem, trace, role and sample."""
    columns = [name for name in ("problem_id", "trace_id", "role", "sample") if name in table.columns]
    return lookup.rows(table, lambda rows: rows.filter(matches).select(columns).head(1)).row(0, named=True)


def _problem(lookup: StoredTables, table: Table, ident: object) -> pl.DataFrame:
    return lookup.rows(table, lambda rows: rows.filter(pl.col("problem_id") == ident))
