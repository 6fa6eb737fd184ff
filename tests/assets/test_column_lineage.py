"""Column lineage: every column is declared, its parents exist, and carried-over columns keep their values."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from skyassets.assets.graph import build_definitions
from skyassets.assets.metadata import column_lineage
from skyassets.core.tables.declarations import ASSET_TABLES, Table
from skyassets.core.tables.store import TableStore
from skyassets.project.deployment import Deployment
from skyassets.recipes.smoke import smoke
from skyassets.stages.curation.examples import example_messages
from skyassets.stages.curation.student_form import Hybrid, Marks, StudentForm
from skyassets.stages.extraction.trace_format import Structured, join
from skyassets.stages.inspection.column_lineage import COLUMN_LINEAGE

TABLES = {table.name: table for table in ASSET_TABLES}
KEYS = ("problem_id", "trace_id", "rewrite_id", "checkpoint_id")
"""Columns that join a row with the parent's row it was made from."""


class RecordingRow(dict[str, object]):
    """A row that records which of its columns were read."""

    def __init__(self, columns: dict[str, object]) -> None:
        super().__init__(columns)
        self.read: set[str] = set()

    def __getitem__(self, column: str) -> object:
        self.read.add(column)
        return super().__getitem__(column)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dg.ExecuteInProcessResult, TableStore]:
    deployment = Deployment(data=tmp_path_factory.mktemp("lineage"))
    job = build_definitions(smoke(), deployment).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
    return result, TableStore(deployment.data / "smoke")


def test_every_column_of_every_asset_is_declared() -> None:
    assert {name: set(columns) for name, columns in COLUMN_LINEAGE.items()} == {
        table.name: set(table.columns) for table in ASSET_TABLES
    }


def test_every_parent_column_exists_and_its_table_is_a_dependency(tmp_path: Path) -> None:
    graph = build_definitions(smoke(), Deployment(data=tmp_path)).resolve_asset_graph()
    for name, columns in COLUMN_LINEAGE.items():
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
        for column, origins in columns.items():
            assert len(set(origins)) == len(origins)
            for origin in origins:
                assert origin.column in TABLES[origin.table].columns, (name, column, origin)
                assert origin.table in parents, (name, column, origin)


def test_every_dependency_except_the_one_for_the_selection_gives_a_column(tmp_path: Path) -> None:
    graph = build_definitions(smoke(), Deployment(data=tmp_path)).resolve_asset_graph()
    for name, columns in COLUMN_LINEAGE.items():
        used = {origin.table for origins in columns.values() for origin in origins}
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
        # `sft_dataset+` follows one hop: its descendants are its children, whether or not they read it.
        assert parents - used == ({"sft_dataset"} if name == "benchmark_answers" else set()), name


def carried(table: Table) -> list[tuple[str, str]]:
    """Columns of `table` that are declared as one column of the same name in one parent, and that parent."""
    return [
        (column, origins[0].table)
        for column, origins in COLUMN_LINEAGE[table.name].items()
        if len(origins) == 1 and origins[0].column == column
    ]


@pytest.mark.parametrize("table", ASSET_TABLES, ids=lambda table: table.name)
def test_a_column_carried_over_has_the_values_of_its_parent(
    finished_run: tuple[dg.ExecuteInProcessResult, TableStore], table: Table
) -> None:
    store = finished_run[1]
    rows = store.read(table)
    for column, parent_name in carried(table):
        parent = store.read(TABLES[parent_name])
        values = rows[column].drop_nulls()
        if column == "role":  # where two are compared, both are named
            values = values.str.split(" - ").explode()
        assert set(values) <= set(parent[column].drop_nulls()), (table.name, column)
        by = [key for key in KEYS if key == TABLES[parent_name].key and key in table.columns and key != column]
        if by:
            pairs = rows.select(*by, column).join(parent.select(*by, pl.col(column).alias("there")), on=by)
            assert pairs.height == rows.filter(pl.col(by[0]).is_not_null()).height
            assert pairs[column].equals(pairs["there"], null_equal=True), (table.name, column)


def test_a_materialisation_reports_its_column_lineage_to_dagster(
    finished_run: tuple[dg.ExecuteInProcessResult, TableStore],
) -> None:
    for event in finished_run[0].get_asset_materialization_events():
        assert event.asset_key is not None
        table = TABLES[event.asset_key.to_user_string()]
        lineage = event.step_materialization_data.materialization.metadata["dagster/column_lineage"].value
        assert lineage == column_lineage(table)
        assert set(lineage.deps_by_column) == set(table.columns)


@pytest.mark.parametrize(
    "form", [StudentForm(), StudentForm(Marks.THINK), StudentForm(Marks.THINK, Hybrid(0.5))], ids=str
)
def test_what_an_example_is_written_from_is_declared(form: StudentForm) -> None:
    rewritten = join(Structured("We add.", "5"))
    row = RecordingRow(
        {"question": "2+3", "domain": "maths", "starter_code": None, "trace_id": "t", "rewritten": rewritten}
    )
    example_messages(row, smoke().student_prompts, form)
    declared = {origin.column for origin in COLUMN_LINEAGE["sft_dataset"]["messages"]}
    assert row.read <= declared
    assert ("trace_id" in row.read) is (form.hybrid is not None)
