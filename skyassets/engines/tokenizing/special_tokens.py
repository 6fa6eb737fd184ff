"""Special tokens and turn marks in the text of messages, as a model's own tokenizer sees them.

A question with one of them forges a turn, and an answer with one ends in the middle. The list comes from the tokenizer
and the chat template, so it holds for every family.
"""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.tokenizing.chat_turns import Render

if TYPE_CHECKING:
    # numpy is not imported with the asset graph.
    import numpy as np
    from numpy.typing import NDArray

PARTS = {"system": "system prompt", "user": "question", "assistant": "answer"}
SHORTEST_LABEL = 8
"""Characters of a generation prompt in plain words, such as `ASSISTANT:`. A shorter one may stand in any text."""

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
"""A byte of a character that has no token, which some tokenizers list as special."""
_MARK = re.compile(r"<+[^\s<>]+>+|\[/?[A-Z][A-Z_]+\]")
"""How templates spell marks: `<|im_start|>`, `<end_of_turn>`, `<<SYS>>`, `[/INST]`."""
_PROBE = ("FIRSTQUESTION", "FIRSTANSWER", "SECONDQUESTION")


class SpecialTokens:
    """What no message may contain: special tokens, end-of-turn tokens, and the template's marks between turns.

    `allowed` are exceptions, such as the marks of a thought.
    """

    def __init__(self, chat: ChatTokenizer, allowed: Collection[str] = ()) -> None:
        tokenizer = chat.tokenizer
        self._encode = chat.ids
        added = (ident for ident, token in tokenizer.added_tokens_decoder.items() if token.special)
        names = {ident: str(tokenizer.convert_ids_to_tokens(ident)) for ident in {*added, *tokenizer.all_special_ids}}
        names |= {ident: str(tokenizer.convert_ids_to_tokens(ident)) for ident in chat.ends}
        self._names = {
            ident: name for ident, name in names.items() if name not in allowed and not _BYTE.fullmatch(name)
        }
        self._spellings = _exact_spellings(tokenizer, self._names)
        # Characters that the tokenizer does not know have the unknown token, too: they are no special token.
        self._unknown = (tokenizer.unk_token_id, tokenizer.unk_token)
        self._marks = [
            mark for mark in turn_marks(chat.renderer("of a question"), allowed) if mark not in self._names.values()
        ]

    def faults(self, conversations: Sequence[Conversation]) -> list[str | None]:
        """For each conversation, the first special token or turn mark in its messages, and where it stands."""
        ids = iter(self._tokens([message.content for one in conversations for message in one.messages]))
        return [self._first(one.messages, [next(ids) for _ in one.messages]) for one in conversations]

    def _tokens(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        """The tokens of each text; none for a text that cannot have a special one, which saves most of the time."""
        import numpy as np

        found = [self._spellings is None or any(each in text for each in self._spellings) for text in texts]
        encoded = iter(self._encode([text for text, is_found in zip(texts, found, strict=True) if is_found]))
        return [next(encoded) if is_found else np.zeros(0, dtype=np.int32) for is_found in found]

    def _first(self, messages: Sequence[Message], tokens: Sequence["NDArray[np.int32]"]) -> str | None:
        for message, ids in zip(messages, tokens, strict=True):
            part = PARTS.get(message.role, message.role)
            if token := self._token(message.content, ids):
                return f"the {part} contains {token!r}, a special token of the student's tokenizer"
            if mark := next((mark for mark in self._marks if mark in message.content), None):
                return f"the {part} contains {mark!r}, which the student's chat template writes between turns"
        return None

    def _token(self, text: str, ids: "NDArray[np.int32]") -> str | None:
        import numpy as np

        for ident in ids[np.isin(ids, list(self._names))].tolist():
            if ident != self._unknown[0] or self._unknown[1] in text:
                return self._names[ident]
        return None


def _exact_spellings(tokenizer: Any, idents: Collection[int]) -> list[str] | None:
    """The texts that a tokenizer looks for before it splits a text; None if other texts may give these tokens too."""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        return None
    added = fast.get_added_tokens_decoder()
    tokens = [added.get(ident) for ident in idents]
    if any(token is None or (token.normalized and fast.normalizer is not None) for token in tokens):
        return None
    return [token.content for token in tokens if token is not None]


def turn_marks(render: Render, allowed: Collection[str] = ()) -> list[str]:
    """The marks that a template writes between turns, whether or not they are tokens.

    A generation prompt in plain words is one mark as a whole. What stands before the first question is left out,
    because a default system prompt may contain anything.
    """
    roles = ("user", "assistant", "user")
    try:
        text = render([Message(role, words) for role, words in zip(roles, _PROBE, strict=True)], True)
    except TrainerError:
        return []
    if not re.search(".*".join(_PROBE), text, re.DOTALL):
        return []
    written = re.split("|".join(_PROBE), text)[1:]
    marks = [mark for segment in written for mark in _MARK.findall(segment) if mark not in allowed]
    label = written[-1].strip()
    if not _MARK.search(label) and len(label) >= SHORTEST_LABEL:
        marks.append(label)
    return list(dict.fromkeys(marks))
