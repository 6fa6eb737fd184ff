"""Conversations as token ids with a loss mask, by a model's own tokenizer and chat template.

Every text is taken from the template, never spelled here. The trainer and the count that drops over-long rows before
it share this code, so they cannot disagree about a length. `chat_tokens` runs it in a process of its own.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message, TokenPiece
from skyassets.engines.tokenizing.chat_turns import Turn, answered_turns
from skyassets.engines.tokenizing.token_file import TokenExample
from skyassets.engines.tokenizing.word_cache import RememberedWords, cuts_safely

if TYPE_CHECKING:
    # numpy is not loaded with the graph.
    import numpy as np
    from numpy.typing import NDArray

BATCH_CHARACTERS = 1 << 21
"""Characters that are tokenised at once: work for many cores (some 32 long traces), and some 200 MB while it lasts."""


class ChatTokenizer:
    """A tokenizer with its chat template and the tokens that end a turn."""

    def __init__(self, tokenizer: Any, ends: Collection[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._fast = getattr(tokenizer, "backend_tokenizer", None)
        if self._fast is not None:
            # A folder may ask for either, and a text is tokenised whole here, and no more than that.
            self._fast.no_truncation()
            self._fast.no_padding()
        self._words = RememberedWords(self._fast) if self._fast is not None and cuts_safely(self._fast) else None
        named = {*ends, tokenizer.eos_token_id} - {None}
        marks = zip(named, tokenizer.convert_ids_to_tokens(list(named)), strict=True)
        self._ends = {end: str(mark) for end, mark in marks if mark}
        if not self._ends or not tokenizer.chat_template:
            lacks = "chat template (chat_template.jinja)" if self._ends else "end-of-turn token (eos_token)"
            raise TrainerError(f"{tokenizer.name_or_path or 'the tokenizer'} has no {lacks}; take an instruct model's")
        # Some tokenizers put a space before any text: theirs cannot be taken piece by piece.
        alone, after = self._ids(["a", "\na"])
        self._is_piecewise = after[-len(alone) :].tolist() == alone.tolist()

    @classmethod
    def of(cls, folder: Path) -> "ChatTokenizer":
        """The tokenizer of a Hugging Face folder, and the turn ends its generation config names.

        Raises:
            TrainerError: when it has no tokenizer, or one without a chat template or an end of turn.
        """
        from transformers import AutoTokenizer

        if not (folder / "tokenizer_config.json").is_file():
            raise TrainerError(f"{folder} has no tokenizer_config.json; name a standard Hugging Face folder")
        config = folder / "generation_config.json"
        named = json.loads(config.read_text(encoding="utf-8")).get("eos_token_id") if config.is_file() else None
        ends = named if isinstance(named, list) else [named] if named is not None else []
        return cls(AutoTokenizer.from_pretrained(folder), ends)

    def encode(self, conversation: Conversation) -> TokenExample:
        """`conversation` as tokens, learned on the assistant's words and the token that ends each of its turns.

        The text before an assistant turn is what a server renders to ask for that turn, tokenised by itself, so the
        model learns to go on from exactly the tokens it will be given.

        Raises:
            TrainerError: when nobody answers, or the template drops, changes or rewrites what was said, or leaves an
                answer open.
        """
        return next(self.encode_all([conversation]))

    def encode_all(self, conversations: Iterable[Conversation]) -> Iterator[TokenExample]:
        """`encode` for many, in order, on all cores, holding a few of them at a time."""
        for batch in _batches(conversations):
            turns = [answered_turns(one, self._renderer(one), self._ends.values()) for one in batch]
            texts = [[text for turn in each for text in (turn.asked, turn.answered)] for each in turns]
            if self._is_piecewise:
                ids = iter(self._ids([text for each in texts for text in each]))
                pieces = [[next(ids) for _ in each] for each in texts]
            else:
                pieces = [self._in_context(each) for each in texts]
            for conversation, each, tokens in zip(batch, turns, pieces, strict=True):
                yield self._example(conversation.id, each, tokens)

    def pieces(self, example: TokenExample) -> list[TokenPiece]:
        """The example as text again, cut where the mask changes."""
        import numpy as np

        cuts = [0, *(np.flatnonzero(np.diff(example.learned)) + 1).tolist(), len(example.tokens)]
        shown = []
        for start, stop in pairwise(cuts):
            ids = example.tokens[start:stop].tolist()
            text = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            is_learned = bool(example.learned[start])
            end = self._ends.get(ids[-1], "") if is_learned else ""
            shown.append(TokenPiece(str(text), is_learned, len(ids), end))
        return shown

    def _renderer(self, conversation: Conversation) -> Any:
        from jinja2 import TemplateError

        def render(messages: Sequence[Message], asks: bool) -> str:
            said = [asdict(message) for message in messages]
            try:
                return str(self._tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=asks))
            except TemplateError as error:
                roles = ", ".join(message.role for message in messages)
                todo = "use a template that takes them"
                if any(message.role == "system" for message in messages):
                    todo += ", or say the system's words in the first user turn (the recipe's prompts)"
                raise TrainerError(
                    f"example {conversation.id}: the chat template refuses its turns ({roles}): {error}; {todo}"
                ) from error

        return render

    def _example(self, ident: str, turns: Sequence[Turn], pieces: Sequence["NDArray[np.int32]"]) -> TokenExample:
        """The tokens of all turns in a row; `pieces` are those of a question, of its answer, of the next question..."""
        import numpy as np

        learned = []
        for turn, asked, answered in zip(turns, pieces[::2], pieces[1::2], strict=True):
            ends = np.isin(answered, list(self._ends))
            if not ends.any():
                raise TrainerError(
                    f"example {ident}: turn {turn.number} has none of the model's end-of-turn tokens "
                    f"{sorted(self._ends)}, so the model would never learn to stop; correct the tokenizer's list of "
                    "special tokens"
                )
            end = int(ends.argmax())
            unknown = self._tokenizer.unk_token_id
            if unknown is not None and unknown in answered[:end] and self._tokenizer.unk_token not in turn.answered:
                raise TrainerError(
                    f"example {ident}: turn {turn.number} holds characters that the tokenizer has no token for; drop "
                    "it, or train a model that knows them"
                )
            learned += [np.zeros(len(asked), dtype=bool), np.arange(len(answered)) <= end]
        mask = np.concatenate(learned)
        last = int(np.flatnonzero(mask)[-1]) + 1
        return TokenExample(ident, np.concatenate(pieces)[:last], mask[:last])

    def _in_context(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        """Each text as tokens after those of the ones before it, which stay as they are."""
        before, tokens = "", list[Any]()
        for text in texts:
            whole, alone = self._ids([before + text, text])
            size = sum(map(len, tokens))
            is_same = whole[:size].tolist() == [token for each in tokens for token in each]
            tokens.append(whole[size:] if is_same else alone)
            before += text
        return tokens

    def _ids(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        import numpy as np

        if self._words is not None:
            return self._words.ids(texts)
        if self._fast is None:
            found = self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        else:
            # Where each token stands in its text is what takes the time, and nobody asks for it.
            found = [each.ids for each in self._fast.encode_batch_fast(list(texts), add_special_tokens=False)]
        return [np.array(ids, dtype=np.int32) for ids in found]


def _batches(conversations: Iterable[Conversation]) -> Iterator[list[Conversation]]:
    batch, size = list[Conversation](), 0
    for conversation in conversations:
        batch.append(conversation)
        size += sum(len(message.content) for message in conversation.messages)
        if size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
