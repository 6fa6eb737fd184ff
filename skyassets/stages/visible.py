"""Text that shows what it holds: nothing invisible, nothing that turns the direction of what follows."""

import re
import unicodedata

from skyassets.core.text import well_formed

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
