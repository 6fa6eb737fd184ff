"""Markdown and YAML show any text literally, and no text changes their structure."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from skyassets.stages.markup.markdown import block, code, front_matter, plain, table

PAGE = MarkdownIt("gfm-like", {"linkify": False})
SIGNS = st.sampled_from("ab1.-+>=#*_`~|[]()!<&\\:;$\"' \n\t/")
NASTY = st.text(SIGNS, max_size=30) | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)


def rendered(markdown: str) -> list[str]:
    """The tokens of the page, without the end tags."""
    return [token.type for token in PAGE.parse(markdown) if token.nesting >= 0]


def page_text(markdown: str) -> str:
    """The text of the page's first paragraph."""
    inline = next(token for token in PAGE.parse(markdown) if token.type == "inline")
    return "".join(child.content for child in inline.children or ())


LINE_BREAKS_OF_YAML = "\x85\u2028\u2029"


@given(
    st.text(st.characters(exclude_characters=LINE_BREAKS_OF_YAML))
    | st.text(SIGNS)
    | st.sampled_from(["\ud800", "\ufeff", "\U0010ffff", "\n---\n", "\x00", "\x1b[31m"])
)
def test_yaml_takes_every_text_back(text: str) -> None:
    metadata = {"a": [text, {text: 1}], "b": 1}
    first, *lines, last = front_matter({**metadata, "empty": None}).split("\n")
    assert {first, last} == {"---"}
    assert "---" not in lines
    assert yaml.safe_load("\n".join(lines)) == metadata
    assert all(
        character.isprintable() or character.isspace() for line in lines for character in line if ord(character) < 160
    )


@pytest.mark.parametrize("line_break", LINE_BREAKS_OF_YAML)
def test_a_line_break_of_yaml_ends_no_front_matter(line_break: str) -> None:
    text = front_matter({"a": f"x{line_break}---{line_break}b: 2"})
    assert list(yaml.safe_load(text.removeprefix("---").removesuffix("---"))) == ["a"]


@given(NASTY)
def test_plain_text_is_one_paragraph_that_shows_itself(text: str) -> None:
    wanted = " ".join(text.split())
    if wanted:
        assert rendered(plain(text)) == ["paragraph_open", "inline"]
        assert page_text(plain(text)) == wanted


@given(NASTY)
def test_code_shows_itself(text: str) -> None:
    if wanted := " ".join(text.split()):
        assert page_text(f"x {code(text)} y") == f"x {wanted} y"


@given(NASTY)
def test_no_text_closes_its_block(text: str) -> None:
    assert rendered("\n".join([*block(text), "", "after"])) == ["fence", "paragraph_open", "inline"]


@given(st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=3))
def test_no_text_leaves_its_cell(rows: list[tuple[str, str]]) -> None:
    page = "\n".join(table(("a", "b"), [(plain(left), plain(right)) for left, right in rows]))
    cells = [token.content for token in PAGE.parse(page) if token.type == "inline"]
    assert len(cells) == 2 + 2 * len(rows)


@pytest.mark.parametrize(("value", "line"), [(None, "|  |"), (12_345, "| 12,345 |"), ("a|b", "| a\\|b |")])
def test_a_cell_shows_numbers_and_missing_values(value: object, line: str) -> None:
    assert table(("a",), [(value,)])[2] == line
