"""The repository: the graph is as designed, loading it is light, every recipe builds, and the docs match."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from skyassets.assets.graph import build_definitions
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.core.tables.docs_page import page
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.registry import RECIPES, find_recipe

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "vllm", "transformers", "datasets", "sympy", "math_verify", "openai", "matplotlib", "deepspeed")

GRAPH = {
    "raw_problems": set(),
    "benchmark_problems": set(),
    "teacher_traces": {"raw_problems"},
    "rewritten_traces": {"teacher_traces", "raw_problems"},
    "verdicts": {"teacher_traces", "rewritten_traces", "raw_problems"},
    "sft_dataset": {"teacher_traces", "rewritten_traces", "verdicts", "raw_problems", "benchmark_problems"},
    "checkpoint": {"sft_dataset"},
    "benchmark_answers": {"sft_dataset", "checkpoint", "benchmark_problems"},
    "benchmark_reports": {"sft_dataset", "checkpoint", "benchmark_answers"},
}


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return find_recipe(request.param)


@pytest.fixture
def definitions(recipe: Recipe, tmp_path: Path) -> dg.Definitions:
    return build_definitions(recipe, Deployment(data=tmp_path))


def test_the_graph_is_the_designed_one(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    drawn = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert drawn == GRAPH


def test_one_hop_from_the_data_set_reaches_all_its_descendants(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    start = {dg.AssetKey("sft_dataset")}
    everything = start.copy()
    while new := {child for key in everything for child in graph.get(key).child_keys} - everything:
        everything |= new
    # The very text a user types, resolved as the command line resolves it.
    typed = dg.AssetSelection.from_string("sft_dataset+").resolve(graph)
    one_hop = start | graph.get(dg.AssetKey("sft_dataset")).child_keys
    assert typed == one_hop == everything


def test_every_asset_is_described(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert node.group_name != "default"
        assert node.code_version
        schema = node.metadata["dagster/column_schema"]
        assert all(column.description for column in schema.columns)


def test_no_asset_is_partitioned(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert not [key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned]


def test_loading_the_definitions_loads_nothing_heavy() -> None:
    program = f"import sys, skyassets.definitions; sys.exit(str([name for name in {HEAVY} if name in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.stderr.strip().endswith("[]"), result.stderr


def test_the_page_of_tables_matches_the_declarations() -> None:
    assert (ROOT / "docs" / "tables.md").read_text() == page(), "run: python -m skyassets.core.tables.docs_page"


def test_every_asset_table_is_an_asset() -> None:
    assert {table.name for table in ASSET_TABLES} == set(GRAPH)
