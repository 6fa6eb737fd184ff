"""The page and the Markdown: the same figures in both, everything escaped, small and made in seconds."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stages.hostile import ATTACK, hostile
from stages.reports import MADE_WITH, SPENT, big, content, example, gain, row

from skyassets.stages.reporting.content import AssetCost, ReportContent
from skyassets.stages.reporting.html import report_page
from skyassets.stages.reporting.markdown import in_brief, report_text

SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
HARMLESS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "h1", "h2", "h3", "h4", "p",
    "ul", "li", "dl", "dt", "dd", "a", "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "div", "span",
    "figure", "figcaption", "svg", "line", "circle", "text", "rect", "polyline", "details", "summary", "pre",
}  # fmt: skip
EMPTY = {"meta", "line", "circle", "rect", "polyline"}


class Reader(HTMLParser):
    """Collects the tags and attributes of a page, and checks that the tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def one() -> list[dict[str, object]]:
    return [
        row("sums", "base", "strict accuracy", 0.25, samples=160),
        row("sums", "student", "strict accuracy", 0.75, samples=160),
        gain("sums", 0.5, 0.0012),
    ]


@pytest.mark.parametrize("build", [hostile, lambda: big(2, 4, 3), lambda: content([]), lambda: content(one())])
def test_a_page_has_harmless_tags_that_are_all_closed(build: object) -> None:
    page = report_page(build())  # type: ignore[operator]
    reader = read(page)
    assert reader.tags <= HARMLESS
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in ("src", "style", "srcdoc")]
    links = [value or "" for name, value in reader.attributes if name == "href"]
    assert not [link for link in links if not re.fullmatch(r"#[\w-]+", link)]
    assert f'<meta http-equiv="Content-Security-Policy" content="{SECURITY.replace(chr(39), "&#39;")}">' in page


def test_the_page_loads_nothing_from_outside() -> None:
    page = report_page(big(2, 4, 3))
    assert "://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_an_attack_is_shown_as_it_was_written() -> None:
    page = report_page(hostile())
    assert "&lt;script&gt;window.ran=&#39;script&#39;&lt;/script&gt;" in page
    assert "⟨U+202E⟩" in page
    assert "\u202e" not in page
    assert "{{ 7*7 }}" in page


def test_an_attack_is_escaped_in_markdown_too() -> None:
    text = report_text(hostile())
    fence = ""
    outside = []
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif opening := re.match("`{3,}", line):
            fence = opening[0]
        else:
            outside.append(re.sub("`[^`]*`", "", line))
    assert fence == ""
    assert not [line for line in outside if re.search(r"(?<!\\)(<script|<img|<meta|!\[)", line)]
    assert [number for number, line in enumerate(outside) if line.startswith("# ")] == [0]
    assert "\u202e" not in text


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=60))
def test_any_text_gives_a_page_and_markdown(text: str) -> None:
    rows = [row(text, "base", "strict accuracy", 0.5), row(text, text, text, 0.5, by="family", part=text, method=text)]
    report = replace(content(rows, examples=(example(text, True, text),), contaminated={text: text}), description=text)
    assert read(report_page(report)).tags <= HARMLESS
    assert report_text(report).startswith("# smoke")


@pytest.mark.parametrize(
    "figure",
    ["25.0", "20.0 to 30.0", "n = 40, 160 answers", "75.0", "+50.0", "+45.0 to +55.0", "0.0012", "better",
     "The student is better than its base on sums.", "sampling.max_tokens", "0.6"],
)  # fmt: skip
def test_page_and_markdown_have_the_same_figures(figure: str) -> None:
    report = content(one())
    assert figure in report_page(report)
    assert figure in report_text(report).replace("\\", "")


def test_the_whole_manifest_is_listed_by_dotted_names() -> None:
    page = report_page(content(one()))
    for name in ("recipe", "sampling.temperature", "sampling.max_tokens", "gpus", "git"):
        assert f">{name}" in page
    assert "not known" in page
    assert MADE_WITH["git"] is None


def test_an_unmeasured_part_has_no_section() -> None:
    bare = report_page(content(one()))
    assert not [ident for ident in ("cost", "data", "training", "examples") if f'id="{ident}"' in bare]
    full = report_page(big(1, 4, 2))
    assert all(f'id="{ident}"' in full for ident in ("cost", "data", "training", "examples"))


def cost_of(gained: float | None, p: float | None, spent: tuple[AssetCost, ...] = SPENT) -> str:
    text = report_text(content([gain("sums", gained, p)], asset_costs=spent))
    return next(line for line in text.splitlines() if line.startswith("| sums |") and "strict accuracy)" in line)


def test_a_point_costs_what_the_student_took_without_its_measuring() -> None:
    line = cost_of(0.25, 0.001)
    assert "$17.99" in line  # (31.50 + 418.20) / 25
    assert "6.08" in line  # 152 / 25


@pytest.mark.parametrize(
    ("gained", "p", "spent", "reason"),
    [
        (0.25, 0.4, SPENT, "may be noise"),
        (-0.25, 0.001, SPENT, "nothing was gained"),
        (0.25, 0.001, (AssetCost("checkpoint", 0, 0, 2.0, 0.0),), "nothing was paid"),
        (0.25, 0.001, (AssetCost("teacher_traces", 1, 1, 0.0, None),), "a price is not known"),
    ],
)
def test_an_unknown_cost_says_why(gained: float, p: float, spent: tuple[AssetCost, ...], reason: str) -> None:
    assert reason in cost_of(gained, p, spent)


@pytest.mark.parametrize(
    ("contaminated", "sentence"),
    [
        (None, "was not searched"),
        ({}, "0 of 40 items were found"),
        ({"item": "9 of 10 13-grams"}, "1 of 40 items were found"),
    ],
)
def test_the_contaminated_items_are_counted_with_their_evidence(
    contaminated: dict[str, str] | None, sentence: str
) -> None:
    report = content(one(), contaminated=contaminated)
    for text in (report_page(report), report_text(report)):
        assert sentence in text
        assert all(evidence in text for evidence in (contaminated or {}).values())


def test_unjudged_items_are_among_those_that_were_searched_for() -> None:
    rows = [
        row("sums", "base", "strict accuracy", 0.5, n=3, unjudged=9),
        row("sums", "student", "strict accuracy", 0.5, n=7, unjudged=5),
        row("more", "base", "strict accuracy", None, n=0, unjudged=2),
    ]
    report = content(rows, contaminated={f"item {place}": "seen" for place in range(12)})
    assert "12 of 14 items were found in the questions of the training set." in report_text(report)


def test_a_score_shows_what_it_would_be_if_nothing_were_left_out() -> None:
    report = content([row("sums", "base", "strict accuracy", 0.5, n=30, unjudged=10)])
    for text in (report_page(report), report_text(report)):
        assert "n = 30" in text
        assert "37.5 of all 40" in text


def test_an_unjudged_score_is_marked_as_unjudged() -> None:
    report = content([row("sums", "base", "strict accuracy", None, n=0, unjudged=7)])
    assert "not judged" in report_page(report)
    assert "base 7" in report_text(report)


def test_ten_models_on_twelve_benchmarks_are_a_small_page_in_seconds() -> None:
    report = big(contenders=8, benchmarks=12, families=20)
    started = time.process_time()
    page = report_page(report)
    text = report_text(report)
    assert time.process_time() - started < 15
    assert len(page.encode()) < 3_000_000
    assert len(text.encode()) < 3_000_000


def test_the_same_content_gives_the_same_page() -> None:
    def once() -> ReportContent:
        return big(1, 4, 2)

    assert report_page(once()) == report_page(once())


def test_the_hostile_report_has_attacks_throughout() -> None:
    assert report_page(hostile()).count("window.ran=&#39;script&#39;") > 40
    assert "javascript:" in ATTACK


def test_the_brief_report_has_the_verdict_and_the_headlines_and_no_trace() -> None:
    brief = in_brief(big(8, 12, 4))
    assert brief.startswith("The student ")
    assert "| MATH500 " in brief
    assert "boxed" not in brief
    assert len(brief) < 20_000
