"""Thumbnails: short enough for a page, well-formed, and harmless for any name."""

from urllib.parse import unquote
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.plots import thumbnail

COLOURS = {"good": "#2a9d8f", "bad": "#e76f51"}
SHORT = 1000
counts = st.dictionaries(
    st.text(), st.fixed_dictionaries({"good": st.integers(0, 10**9), "bad": st.integers(0, 10**9)})
)
shares = st.floats(0, 1)


def drawn(svg: str) -> ElementTree.Element:
    """The thumbnail as a browser reads it out of its Markdown, which must be short."""
    markdown = thumbnail.as_markdown(svg)
    assert len(markdown) < SHORT
    assert "\n" not in markdown
    uri = markdown.removeprefix("![thumbnail](<data:image/svg+xml,").removesuffix(">)")
    assert not set(uri) & set("<>#")
    return ElementTree.fromstring(unquote(uri))


@given(counts)
def test_bars_are_short_and_well_formed_for_any_names(rows: dict[str, dict[str, int]]) -> None:
    assert drawn(thumbnail.bars("title", rows, COLOURS)).tag.endswith("svg")


@given(st.lists(st.tuples(st.text(), st.sampled_from(list(COLOURS.values())), shares, shares, shares)))
def test_intervals_are_short_and_well_formed(rows: list[tuple[str, str, float, float, float]]) -> None:
    assert drawn(thumbnail.intervals("title", rows)).tag.endswith("svg")


@given(st.lists(st.floats(-1e6, 1e6)))
def test_curves_and_histograms_are_short_and_well_formed(values: list[float]) -> None:
    for svg in (thumbnail.curve("loss", values, "#1d6fb8"), thumbnail.histogram("tokens", values, "#1d6fb8")):
        assert drawn(svg).tag.endswith("svg")


def test_a_bar_is_as_long_as_its_count() -> None:
    svg = thumbnail.bars("title", {"all": {"good": 30, "bad": 10}, "half": {"good": 20, "bad": 0}}, COLOURS)
    good, bad = (path.get("d") for path in drawn(svg).iter("{http://www.w3.org/2000/svg}path"))
    width = round(thumbnail.REACH * 30 / 40)
    assert good == f"M170 20h{width}v11h-{width}zM170 35h{thumbnail.REACH // 2}v11h-{thumbnail.REACH // 2}z"
    assert bad is not None
    assert bad.startswith(f"M{170 + width} 20h{round(thumbnail.REACH * 10 / 40)}v11")


def test_rows_without_room_are_counted_in_the_title() -> None:
    rows = {f"a rather long name {number}": {"good": number} for number in range(40)}
    text = thumbnail.bars("families", rows, COLOURS)
    drawn = sum(f"name {number}<" in text for number in range(40))
    assert 3 <= drawn < 40
    assert f"families (and {40 - drawn} more)" in text


def test_a_curve_passes_through_its_first_and_last_value() -> None:
    svg = thumbnail.curve("loss", [2.0, 1.0, 0.5], "#1d6fb8")
    (path,) = drawn(svg).iter("{http://www.w3.org/2000/svg}path")
    assert path.get("d") == "M0 20L225 60L450 80"
    assert ">2<" in svg
    assert ">0.5<" in svg
