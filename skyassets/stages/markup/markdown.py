"""Pieces of Markdown with a YAML head, as the Hugging Face hub shows it, that no text from outside can break."""

import json
import re
import unicodedata
from collections.abc import Sequence

from skyassets.core.text import well_formed

_UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\ud800-\udfff]")
"""What a YAML text may not hold as it is, or would read as the end of a line (YAML 1.1, sections 5.1 and 5.4)."""
_SPECIAL = re.compile(r"([\\`*_\[\]#~$&])")
_FIRST = re.compile(r"^(\d*)([-+>=.):])")
"""What makes a list, a quotation or a line where it begins one."""
_BACKTICKS = re.compile("`+")


def yaml_text(text: str) -> str:
    """`text` as a quoted YAML value of one line, which any reader takes back as `text`."""
    # A JSON text is a YAML text, but for the characters that YAML does not allow.
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def plain(text: str) -> str:
    """`text` in one line that means nothing to Markdown: no heading, link, emphasis or tag comes of it.

    Its bars are left to `table`, to which they mean something.
    """
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;")
    return _FIRST.sub(r"\1\\\2", line)


def code(text: str) -> str:
    """`text` in one line of code, within backticks that it cannot close."""
    line = " ".join(text.split())
    ticks = _fence(line, 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"


def block(text: str, language: str = "") -> list[str]:
    """The lines of `text` as a block of code that it cannot close."""
    fence = _fence(text, 3)
    return [f"{fence}{language}", *text.splitlines(), fence]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table. Whole numbers have commas, None is an empty cell; a text may be Markdown."""
    cells = [[cell(value) for value in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [list(head), ["---"] * len(head), *cells]]


def cell(value: object) -> str:
    """A value as a table's cell."""
    text = "" if value is None else f"{value:,}" if isinstance(value, int) else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Controls other than tab and line feed, marks of direction, characters without a width, and tags."""


def visible(text: str) -> str:
    """`text` with the number of each character that would not be seen, or would move others."""
    return _HIDDEN.sub(_shown, well_formed(text).replace("\r\n", "\n"))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    # A heart or a keycap: a variation selector after a symbol is how they are written, and harmless there.
    if code == 0xFE0F and found.start() and unicodedata.category(found.string[found.start() - 1]) in ("So", "Po", "Nd"):
        return found[0]
    return f"⟨U+{code:04X}⟩"
