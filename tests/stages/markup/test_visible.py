"""Visible text: everything invisible is shown, and everything else stays as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.markup.markdown import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b[31m", "a⟨U+0000⟩b⟨U+001B⟩[31m"),
        ("user\u202egpj.exe", "user⟨U+202E⟩gpj.exe"),
        ("ad\u200bmin", "ad⟨U+200B⟩min"),
        ("\ufeffbom", "⟨U+FEFF⟩bom"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("\U000e0041tag", "⟨U+E0041⟩tag"),
        ("alone \ud800", "alone ?"),
        ("line\r\nnext\tcell", "line\nnext\tcell"),
        ("I ❤\ufe0f π ≤ 4, 数学, עברית", "I ❤\ufe0f π ≤ 4, 数学, עברית"),
        ("a\ufe0f", "a⟨U+FE0F⟩"),
    ],
)
def test_invisible_characters_are_shown(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text())
def test_nothing_shown_is_a_control_or_turns_the_direction(text: str) -> None:
    output = visible(text)
    assert not [letter for letter in output if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]
    assert not set(output) & set("\u200b\u200e\u200f\u202a\u202d\u202e\u2066\u2069\u2028\u2029\ufeff")
    assert visible(output) == output


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"))))
def test_letters_and_figures_stay_as_they_are(text: str) -> None:
    seen = [letter for letter in text if letter not in "\u115f\u1160\u3164\uffa0"]
    assert visible("".join(seen)) == "".join(seen)
