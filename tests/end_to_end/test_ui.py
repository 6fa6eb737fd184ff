"""The UI in a real browser: what a person clicks works, and shows what it should. One `dagster dev` for all of it."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shell import Shell
from ui import PATIENCE, Dagster, browser, dagster_dev, picture

from skyassets.core.tables.declarations import ANSWERS, ASSET_TABLES, REPORTS
from skyassets.core.tables.store import TableStore
from skyassets.project.evaluation.epoch import EPOCH_TAG

pytestmark = pytest.mark.browser

RECIPE = "every_minute"
GROUPS = ("problems", "generation", "curation", "training", "evaluation")
EXPANDED = "%2C".join(f"global%40global%3A{group}" for group in GROUPS)
SELECTION = f"asset-groups~key%3A%22sft_dataset%22%2B/?expanded={EXPANDED}"
AFTER_THE_DATA_SET = {"sft_dataset", "checkpoint", "benchmark_answers", "benchmark_reports"}
EVERYTHING = {table.name for table in ASSET_TABLES}
SCHEDULE = "locations/skyassets/schedules/re_evaluation"


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    with dagster_dev(Shell(tmp_path_factory.mktemp("ui"), recipe=f"user_recipes:{RECIPE}")) as running:
        yield running


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(page: Page) -> list[str]:
    """Every address that the browser asked for, from the first page on."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE} s"
        time.sleep(0.5)


def launched(dagster: Dagster, click: Callable[[], None]) -> dict[str, Any]:
    """The run that `click` starts, when it has ended well."""
    before = {run["runId"] for run in dagster.runs()}
    click()
    wait_for(lambda: {run["runId"] for run in dagster.runs()} - before, "a run")
    new = next(run["runId"] for run in dagster.runs() if run["runId"] not in before)
    wait_for(lambda: dagster.run(new)["status"] in ("SUCCESS", "FAILURE", "CANCELED"), "its end")
    ended = dagster.run(new)
    assert ended["status"] == "SUCCESS"
    return ended


def test_everything_is_materialized_from_the_ui(dagster: Dagster, page: Page, asked: list[str], tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/asset-groups")
    button = page.get_by_text("Materialize all").first
    button.wait_for()
    run = launched(dagster, button.click)
    assert run["assets"] == EVERYTHING
    store = TableStore(dagster.shell.data / RECIPE)
    assert all(store.manifest(table) for table in ASSET_TABLES)
    page.goto(f"{dagster.url}/runs")
    expect(page.get_by_text("Success").first).to_be_visible()
    picture(page, "runs", tmp_path)


def test_the_graph_shows_every_asset(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/asset-groups?expanded={EXPANDED}")
    page.get_by_text("Materialize all").first.wait_for()
    for table in ASSET_TABLES:
        expect(page.get_by_text(table.name, exact=True).first).to_be_attached()
    picture(page, "graph", tmp_path)


def test_the_selection_shows_and_makes_the_data_set_and_all_that_hangs_on_it(
    dagster: Dagster, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{dagster.url}/{SELECTION}")
    button = page.get_by_text("Materialize all").first
    button.wait_for()
    for name in AFTER_THE_DATA_SET:
        expect(page.get_by_text(name, exact=True).first).to_be_attached()
    expect(page.get_by_text("teacher_traces", exact=True)).to_have_count(0)
    picture(page, "selection", tmp_path)
    assert launched(dagster, button.click)["assets"] == AFTER_THE_DATA_SET


def test_an_assets_page_draws_its_sketch_where_it_stands_and_its_picture_on_a_click(
    dagster: Dagster, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{dagster.url}/assets/sft_dataset")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    thumbnail = page.locator("img[alt='thumbnail']").first
    assert thumbnail.evaluate("image => image.complete && image.naturalWidth > 300 && image.naturalHeight > 30")
    thumbnail.scroll_into_view_if_needed()
    picture(page, "asset", tmp_path)
    page.locator("tr", has=page.get_by_text("picture", exact=True)).get_by_text("[Show Markdown]").click()
    drawn = page.locator("img[alt='picture']").first
    drawn.wait_for()
    assert drawn.evaluate("image => image.complete && image.naturalWidth > 100")
    picture(page, "picture", tmp_path)


def test_an_assets_page_tells_what_its_columns_mean_and_what_they_are_made_from(
    dagster: Dagster, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{dagster.url}/assets/sft_dataset")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    expect(page.get_by_text("The first rule the row failed").first).to_be_attached()
    lineage = page.locator("table", has=page.get_by_text("made from", exact=True)).last
    expect(lineage.locator("tr", has_text="is_imported").last).to_contain_text("raw_problems: imported_trace")
    lineage.scroll_into_view_if_needed()
    picture(page, "columns", tmp_path)


def test_the_checks_show_their_numbers(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/assets/sft_dataset?view=checks")
    for name in ("every_row_is_explained", "held_out_is_apart", "verified_rate"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    page.get_by_text("every_row_is_explained", exact=True).first.click()
    expect(page.get_by_text("dropped with a reason").first).to_be_visible()
    expect(page.get_by_text("unexplained").first).to_be_visible()
    picture(page, "checks", tmp_path)


def test_rebuilding_what_changed_is_one_button(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/locations/skyassets/jobs/rebuild_what_changed")
    button = page.get_by_text("Materialize all").first
    button.wait_for()
    run = launched(dagster, button.click)
    assert run["assets"] == EVERYTHING
    assert run["jobName"] == "rebuild_what_changed"
    # Nothing had changed: the pages say so.
    page.goto(f"{dagster.url}/assets/checkpoint")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    expect(page.get_by_text("no input has changed").first).to_be_attached()


def test_the_schedule_is_off_and_its_next_tick_can_be_looked_at(dagster: Dagster, page: Page, tmp_path: Path) -> None:
    page.goto(f"{dagster.url}/automation")
    expect(page.get_by_text("re_evaluation").first).to_be_visible()
    picture(page, "automation", tmp_path)
    page.goto(f"{dagster.url}/{SCHEDULE}")
    expect(page.get_by_text("Schedule has never run").first).to_be_visible()
    page.get_by_text("Preview tick result").click()
    page.get_by_text("Continue", exact=True).click()
    expect(page.get_by_text("Requested runs (1)").first).to_be_visible()
    picture(page, "tick", tmp_path)
    page.keyboard.press("Escape")


def test_the_schedule_switched_on_re_evaluates_in_an_epoch_of_its_own(
    dagster: Dagster, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{dagster.url}/{SCHEDULE}")
    switch = page.locator("label", has=page.locator("input[type=checkbox]")).first
    run = launched(dagster, switch.click)
    assert run["jobName"] == "re_evaluate"
    assert run["assets"] == {ANSWERS.name, REPORTS.name}
    epoch = str(run["tags"][EPOCH_TAG])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}", epoch)
    expect(page.get_by_text("1 run requested").first).to_be_visible()
    picture(page, "schedule", tmp_path)
    switch.click()
    answered = TableStore(dagster.shell.data / RECIPE).read(ANSWERS)
    assert set(answered["epoch_name"]) == {epoch}


def test_nothing_is_asked_of_the_world(dagster: Dagster, page: Page, asked: list[str]) -> None:
    page.goto(f"{dagster.url}/assets/benchmark_reports")
    page.get_by_text("rebuilt", exact=True).first.wait_for()
    assert len(asked) > 100
    assert [url for url in asked if not url.startswith((dagster.url, "data:", "blob:", "ws:"))] == []
