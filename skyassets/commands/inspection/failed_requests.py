"""The rows of a recipe's tables whose call failed for good, and the ids of those calls."""

from collections.abc import Iterator

import polars as pl

from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.rows.failures import NOT_AGAIN
from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    PROBLEMS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)
from skyassets.project.project import Project
from skyassets.stages.grading.model_judge import judge_request
from skyassets.stages.inspection.dry_run import rated

REASONS: dict[Table, tuple[str, ...]] = {
    PROBLEMS: ("set_aside",),
    TRACES: ("error",),
    REWRITES: ("failed",),
    VERDICTS: ("reason",),
    ANSWERS: ("error", "strict_reason", "lenient_reason"),
}
"""The tables that ask models, and the columns that hold the reason of a failure."""
JUDGED = {VERDICTS: (PROBLEMS, ("answer",)), ANSWERS: (BENCHMARK_PROBLEMS, ("strict_answer", "lenient_answer"))}
"""The tables that ask the judge, their problems, and the columns with the answers that it sees."""


def failed_rows(project: Project) -> dict[Table, pl.DataFrame]:
    """The rows that have such a failure as their reason, by table; tables without any are left out."""
    made = [table for table in REASONS if project.store.manifest(table) is not None]
    return {table: rows for table in made if (rows := _failed(project, table)).height}


def request_ids(project: Project, failed: dict[Table, pl.DataFrame]) -> set[str]:
    """The ids of the completions that the rows of `failed_rows` did not get, also of those that were forgotten."""
    ids: set[str] = set()
    for table, rows in failed.items():
        if "completion_id" in rows.columns:
            ids.update(rows["completion_id"].drop_nulls())
        if table is PROBLEMS and project.recipe.rating is not None:
            sources = project.recipe.sources
            ids.update(each.request.id for each in rated(rows, project.recipe.rating, sources, project.rows))
        if table in JUDGED:
            ids.update(_judged(project, table, rows))
    return ids


def _failed(project: Project, table: Table) -> pl.DataFrame:
    is_failed = pl.any_horizontal(
        pl.col(name).str.contains(NOT_AGAIN, literal=True).fill_null(value=False) for name in REASONS[table]
    )
    return StoredTables(project).rows(table, lambda rows: rows.filter(is_failed))


def _judged(project: Project, table: Table, rows: pl.DataFrame) -> Iterator[str]:
    """The ids of the judge's calls about `rows`."""
    judge = project.recipe.judge
    if judge is None:
        return
    problems, answers = JUDGED[table]
    ids = rows["problem_id"].unique().to_list()
    columns = ("problem_id", "question", "ground_truth")
    asked = StoredTables(project).rows(
        problems, lambda those: those.filter(pl.col("problem_id").is_in(ids)).select(columns)
    )
    for row in rows.join(asked, on="problem_id").drop_nulls("ground_truth").iter_rows(named=True):
        for answer in (row[name] for name in answers if row[name] is not None):
            yield judge_request(str(row["question"]), str(row["ground_truth"]), str(answer), judge).id
