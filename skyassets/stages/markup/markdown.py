"""Markdown with a YAML front matter, as the Hugging Face hub renders it, safe against untrusted text."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from skyassets.core.text import well_formed

_SPECIAL = re.compile(r"([\\`*_\[\]#~$&])")
_FIRST = re.compile(r"^(\d*)([-+>=.):])")
"""What starts a list, a quotation or a rule at the beginning of a line."""
_BACKTICKS = re.compile("`+")


def front_matter(metadata: Mapping[str, object]) -> str:
    """`metadata` as YAML between its two markers, without the entries that are empty."""
    from huggingface_hub import CardData

    given = {name: value for name, value in metadata.items() if value}
    return f"---\n{CardData(**given).to_yaml()}\n---"


def plain(text: str) -> str:
    """`text` on one line with Markdown escaped: it renders as plain text, without headings, links, emphasis or tags.

    Vertical bars are escaped by `table` only.
    """
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;")
    return _FIRST.sub(r"\1\\\2", line)


def code(text: str) -> str:
    """`text` as inline code on one line, fenced with enough backticks that it cannot close them."""
    line = " ".join(text.split())
    ticks = _fence(line, 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"


def block(text: str, language: str = "") -> list[str]:
    """The lines of `text` as a code block that it cannot close."""
    fence = _fence(text, 3)
    return [f"{fence}{language}", *text.splitlines(), fence]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table. Integers get thousands separators, None is an empty cell; strings may be Markdown."""
    cells = [[cell(value) for value in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [list(head), ["---"] * len(head), *cells]]


def cell(value: object) -> str:
    """A value as a table cell."""
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Control characters other than tab and line feed, direction marks, zero-width characters, and tag characters."""


def visible(text: str) -> str:
    """`text` with each invisible or reordering character replaced by its code point."""
    return _HIDDEN.sub(_code_point, well_formed(text).replace("\r\n", "\n"))


def _code_point(match: re.Match[str]) -> str:
    code = ord(match[0])
    # A variation selector after a symbol (a heart, a keycap) is harmless.
    if code == 0xFE0F and match.start() and unicodedata.category(match.string[match.start() - 1]) in ("So", "Po", "Nd"):
        return match[0]
    return f"⟨U+{code:04X}⟩"
