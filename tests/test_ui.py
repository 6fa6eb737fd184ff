"""The UI in a real browser, and the schedule: what a person clicks works, and shows what it should."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from shell import Shell
from ui import PATIENCE, Dagster, browser, dagster_dev, picture

from skyassets.core.table_store import TableStore
from skyassets.core.tables import ASSET_TABLES, REPORTS

pytestmark = pytest.mark.browser

GROUPS = ("problems", "generation", "curation", "training", "evaluation")
EXPANDED = "%2C".join(f"global%40global%3A{group}" for group in GROUPS)


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    with dagster_dev(Shell(tmp_path_factory.mktemp("ui"))) as running:
        yield running


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as opened:
        yield opened


def made(dagster: Dagster) -> bool:
    return TableStore(dagster.shell.data / "smoke").manifest(REPORTS) is not None


def wait_for(condition: object, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE} s"
        time.sleep(0.5)


def test_everything_is_materialized_from_the_ui(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/asset-groups")
    page.get_by_text("Materialize all").first.click()
    wait_for(lambda: made(dagster), "the report")
    assert all(TableStore(dagster.shell.data / "smoke").manifest(table) for table in ASSET_TABLES)
    page.goto(f"{dagster.url}/runs")
    expect(page.get_by_text("Success").first).to_be_visible()
    picture(page, "runs", tmp_path)


def test_the_graph_shows_every_asset(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/asset-groups?expanded={EXPANDED}")
    page.get_by_text("Materialize all").first.wait_for()
    for table in ASSET_TABLES:
        expect(page.get_by_text(table.name, exact=True).first).to_be_attached()
    picture(page, "graph", tmp_path)


def test_the_selection_shows_the_data_set_and_all_that_hangs_on_it(
    dagster: Dagster, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{dagster.url}/asset-groups~key%3A%22sft_dataset%22%2B/?expanded={EXPANDED}")
    page.get_by_text("Materialize all").first.wait_for()
    for name in ("sft_dataset", "checkpoint", "benchmark_answers", "benchmark_reports"):
        expect(page.get_by_text(name, exact=True).first).to_be_attached()
    expect(page.get_by_text("teacher_traces", exact=True)).to_have_count(0)
    picture(page, "selection", tmp_path)


def test_an_assets_page_shows_its_picture_and_its_columns(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/assets/sft_dataset")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    picture(page, "asset", tmp_path)
    expect(page.get_by_text("The first rule the row failed").first).to_be_attached()
    # The UI draws Markdown of a thousand characters and more in a dialog of its own.
    page.locator("tr", has=page.get_by_text("picture", exact=True)).get_by_text("[Show Markdown]").click()
    drawn = page.locator("img[src^='data:image/svg']").first
    drawn.wait_for()
    assert drawn.evaluate("image => image.complete && image.naturalWidth > 100")
    picture(page, "picture", tmp_path)


def test_the_schedule_is_there_and_off(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/automation")
    expect(page.get_by_text("re_evaluation").first).to_be_visible()
    picture(page, "schedule", tmp_path)


def test_nothing_is_asked_of_the_world(dagster: Dagster, page: Page) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.goto(f"{dagster.url}/assets/benchmark_reports")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    assert [url for url in elsewhere if not url.startswith((dagster.url, "data:", "blob:"))] == []
