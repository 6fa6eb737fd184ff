"""Tokenizes long texts word by word, each word once: most of the time of a tokenizer goes into finding the words.

Only for tokenizers that are known to look at each word alone, by the rule with which they split a text; for these, the
tokens are the same as those of the whole text. Every other tokenizer is left to its own code.
"""

import json
import re
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # numpy is not imported with the asset graph.
    import numpy as np
    from numpy.typing import NDArray

MOST_WORDS = 200_000
"""Most words in the cache, some 50 MB; beyond that it is cleared."""

_CUT = re.compile(r"(?<=[!-~])(?= )")
"""Before a space that follows a visible ASCII character. No rule below has a space behind such a character in one word,
and none looks back, so a text that is cut here is split into the same words as the whole."""

_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
_RULES = frozenset({rf"{_WORDS}|\p{{N}}{_TAIL}", rf"{_WORDS}|\p{{N}}{{1,3}}{_TAIL}"})
"""How Qwen2 and Llama 3 split (their `tokenizer.json`); GPT-2's rule is what `ByteLevel` has built in."""


def cuts_safely(tokenizer: Any) -> bool:
    """Whether cutting a text at `_CUT` keeps its tokens, for a tokenizer of the `tokenizers` library."""
    if type(tokenizer.model).__name__ != "BPE" or tokenizer.pre_tokenizer is None:
        return False
    if any(
        token.lstrip or token.rstrip or token.single_word or " " in token.content
        for token in tokenizer.get_added_tokens_decoder().values()
    ):
        return False
    if tokenizer.normalizer is not None and type(tokenizer.normalizer).__name__ != "NFC":
        return False
    steps = json.loads(tokenizer.pre_tokenizer.__getstate__())
    steps = steps["pretokenizers"] if steps["type"] == "Sequence" else [steps]
    return all(map(_is_known, steps)) and any(map(_splits, steps))


def _is_known(step: dict[str, Any]) -> bool:
    return step["type"] == "Digits" or _splits(step) or (step["type"] == "ByteLevel" and not step["add_prefix_space"])


def _splits(step: dict[str, Any]) -> bool:
    if step["type"] == "ByteLevel":
        return bool(step["use_regex"]) and not step["add_prefix_space"]
    is_rule = step["type"] == "Split" and step["pattern"].get("Regex") in _RULES
    return is_rule and step["behavior"] == "Isolated" and not step["invert"]


class WordCache:
    """A tokenizer for which `cuts_safely` holds, with a cache of words."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def ids(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        """Return the tokens of each text; special tokens only where the text contains them."""
        import numpy as np

        if len(self._known) > MOST_WORDS:
            self._known.clear()
        words = [_CUT.split(text) for text in texts]
        new = list(set(chain.from_iterable(words)) - self._known.keys())
        for word, encoding in zip(new, self._tokenizer.encode_batch_fast(new, add_special_tokens=False), strict=True):
            self._known[word] = encoding.ids
        known = self._known.__getitem__
        return [np.fromiter(chain.from_iterable(map(known, each)), dtype=np.int32) for each in words]
