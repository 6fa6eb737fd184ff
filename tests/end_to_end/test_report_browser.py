"""The report in a real Chromium: on a phone and on a desk, in the dark, without the world, whoever wrote the text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from assets.pipeline import copy_of
from playwright.sync_api import Page
from stages.hostile import hostile
from stages.reports import big
from ui import browser, picture

from skyassets.project.evaluation.report_files import PAGE
from skyassets.stages.reporting.html import report_page

pytestmark = pytest.mark.browser

NARROW, WIDE = 360, 1400
KINDS = ("smoke", "big", "hostile")


@dataclass
class Seen:
    """What a page did while it was looked at."""

    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: self.messages.append(dialog.message))


@pytest.fixture(scope="module")
def pages(pipeline_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    pipeline = copy_of(pipeline_run_once, folder / "pipeline")
    pages = {"smoke": pipeline.store.folder / PAGE}
    for name, facts in (("big", big()), ("hostile", hostile())):
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(report_page(facts), encoding="utf-8")
    return pages


@pytest.fixture(scope="module")
def page(pages: dict[str, Path]) -> Iterator[Page]:
    """Opened after the pipeline ran, whose event loop is its own."""
    with browser() as opened:
        yield opened


def show(page: Page, path: Path, width: int, scheme: str = "light") -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark")])
def test_the_body_never_scrolls_sideways(
    page: Page, pages: dict[str, Path], tmp_path: Path, kind: str, width: int, scheme: str
) -> None:
    show(page, pages[kind], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = "each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.scroll')"
    assert page.evaluate(f"[...document.querySelectorAll('main *')].filter({beyond}).length") == 0
    picture(page, f"report-{kind}-{width}-{scheme}", tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_leaves_and_nothing_runs(page: Page, pages: dict[str, Path], kind: str) -> None:
    seen = Seen()
    seen.watch(page)
    show(page, pages[kind], WIDE)
    page.wait_for_timeout(300)
    assert seen.requests == [pages[kind].as_uri()]
    assert seen.messages == []
    assert page.url == pages[kind].as_uri()
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.scripts.length + document.images.length + frames.length") == 0
    links = page.evaluate("[...document.links].map(link => link.protocol)")
    assert set(links) <= {"file:"}


def test_what_slipped_through_could_neither_run_nor_load(page: Page, pages: dict[str, Path], tmp_path: Path) -> None:
    slipped = (
        "<script>window.ran = 1</script><img id=slipped src='smoke.png' onerror='window.ran = 2'>"
        "<iframe src='smoke.html'></iframe><a id=go href='javascript:window.ran = 3'>go</a>"
    )
    harmed = tmp_path / "harmed.html"
    harmed.write_text(pages["smoke"].read_text(encoding="utf-8").replace("<main>", f"<main>{slipped}"))
    show(page, harmed, WIDE)
    page.locator("#go").click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.querySelector('#slipped').naturalWidth") == 0


@pytest.mark.parametrize(("kind", "least"), [("smoke", 4), ("big", 40)])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_every_plot_can_be_seen(page: Page, pages: dict[str, Path], kind: str, least: int, width: int) -> None:
    show(page, pages[kind], width)
    sizes = page.evaluate(
        "[...document.querySelectorAll('figure')].map(each => { const box = each.getBoundingClientRect();"
        " return [box.width, box.height] })"
    )
    assert len(sizes) >= least
    assert all(wide >= 200 and tall >= 40 for wide, tall in sizes)
    drawn = page.evaluate(
        "[...document.querySelectorAll('figure .mark')].map(each => { const box = each.getBoundingClientRect(),"
        " track = each.closest('.track').getBoundingClientRect();"
        " return [box.width >= 7, box.left >= track.left - 5, box.right <= track.right + 5] })"
    )
    assert drawn
    assert all(all(each) for each in drawn)


CONTRAST = """
() => {
  const light = colour => { const part = colour.match(/[\\d.]+/g).slice(0, 3).map(each => { each /= 255;
      return each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2] };
  const behind = each => { for (; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (!colour.endsWith(', 0)')) return colour } return 'rgb(255, 255, 255)' };
  let least = 21;
  const texts = 'p, td, th, small, li, dt, dd, a, summary, pre, h1, h2, h3, h4, span, caption';
  for (const each of document.querySelectorAll(texts)) {
    if (!each.textContent.trim()) continue;
    const ends = [light(getComputedStyle(each).color), light(behind(each))].sort((a, b) => b - a);
    least = Math.min(least, (ends[0] + 0.05) / (ends[1] + 0.05));
  }
  return least;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(page: Page, pages: dict[str, Path], scheme: str) -> None:
    show(page, pages["big"], WIDE, scheme)
    assert page.evaluate(CONTRAST) >= 4.5  # WCAG 2.2, 1.4.3


def test_light_and_dark_are_two_pages(page: Page, pages: dict[str, Path]) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        show(page, pages["smoke"], WIDE, scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 22, 29)"]


def test_printed_it_shows_what_is_folded(page: Page, pages: dict[str, Path]) -> None:
    page.emulate_media(media="print")
    page.goto(pages["smoke"].as_uri())
    folded = page.locator("details:not([open]) pre").first
    assert folded.evaluate("each => each.getBoundingClientRect().height") > 0
    assert len(page.pdf()) > 10_000
    page.emulate_media(media="screen")


def test_headings_tables_and_language_are_told_to_a_screen_reader(page: Page, pages: dict[str, Path]) -> None:
    show(page, pages["big"], WIDE)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "benchmark report" in page.title()
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("[...document.querySelectorAll('table')].every(each => each.caption.textContent.trim())")
    assert page.evaluate("[...document.querySelectorAll('th')].every(each => each.scope)")
    assert page.evaluate("[...document.querySelectorAll('[role=img]')].every(each => each.getAttribute('aria-label'))")
    broken = (
        "[...document.querySelectorAll('nav a')].filter(each => !document.querySelector(each.getAttribute('href')))"
    )
    assert page.evaluate(f"{broken}.length") == 0
