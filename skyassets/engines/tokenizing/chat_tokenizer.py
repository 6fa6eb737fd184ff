"""Conversations as token ids with a loss mask, by a model's own tokenizer and chat template.

All text comes from the template. The trainer and the count that drops over-long rows share this code, so they always
agree about a length. `process` runs it in a separate process.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyassets.core.batches import batches
from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message, TokenPiece
from skyassets.engines.tokenizing.chat_turns import AnswerTurn, Render, UnfitExampleError, answer_turns
from skyassets.engines.tokenizing.token_file import TokenExample
from skyassets.engines.tokenizing.word_cache import WordCache, cuts_safely

if TYPE_CHECKING:
    # numpy is not imported with the asset graph.
    import numpy as np
    from numpy.typing import NDArray

BATCH_CHARACTERS = 1 << 21
"""Characters that are tokenized at once: about 32 long traces, enough for many cores, which take about 200 MB."""
TEMPLATE_DATE = datetime(2024, 7, 26)
"""What a template sees as today's date, so that an example has the same tokens on every day: the date that Llama 3's
templates write when they have no clock."""


class ChatTokenizer:
    """A tokenizer with its chat template and the tokens that end a turn."""

    def __init__(self, tokenizer: Any, ends: Collection[int] = ()) -> None:
        self.tokenizer = tokenizer
        """Of transformers."""
        self._fast = getattr(tokenizer, "backend_tokenizer", None)
        if self._fast is not None:
            # A folder's settings may enable these, but each text is tokenized as a whole.
            self._fast.no_truncation()
            self._fast.no_padding()
        self._words = WordCache(self._fast) if self._fast is not None and cuts_safely(self._fast) else None
        named = {*ends, tokenizer.eos_token_id} - {None}
        self.writes_date = False
        """Whether the template has asked for today's date."""
        marks = zip(named, tokenizer.convert_ids_to_tokens(list(named)), strict=True)
        self.ends = {end: str(mark) for end, mark in marks if mark}
        """The tokens that end a turn, with their texts."""
        if not self.ends or not tokenizer.chat_template:
            missing = "chat template (chat_template.jinja)" if self.ends else "end-of-turn token (eos_token)"
            raise TrainerError(f"{tokenizer.name_or_path or 'the tokenizer'} has no {missing}; use an instruct model's")
        # Some tokenizers put a space before every text, so their texts cannot be tokenized piece by piece.
        alone, after = self.ids(["a", "\na"])
        self._is_piecewise = after[-len(alone) :].tolist() == alone.tolist()

    @classmethod
    def of(cls, folder: Path) -> "ChatTokenizer":
        """Load the tokenizer of a Hugging Face folder, with the end-of-turn tokens of its generation config.

        Raises:
            TrainerError: if there is no tokenizer, or it has no chat template or no end-of-turn token.
        """
        from transformers import AutoTokenizer

        if not (folder / "tokenizer_config.json").is_file():
            raise TrainerError(f"{folder} has no tokenizer_config.json; name a standard Hugging Face folder")
        config = folder / "generation_config.json"
        named = json.loads(config.read_text(encoding="utf-8")).get("eos_token_id") if config.is_file() else None
        ends = named if isinstance(named, list) else [named] if named is not None else []
        return cls(AutoTokenizer.from_pretrained(folder), ends)

    def encode(self, conversation: Conversation) -> TokenExample:
        """Return the tokens of `conversation`; the loss covers the answers and their end-of-turn tokens.

        The text before an assistant turn is the prompt that a server renders for that turn, tokenized separately, so
        the model learns to continue exactly the tokens that it will be given.

        Raises:
            TrainerError: if there is no answer, or the template drops, changes or rewrites messages, or leaves an
                answer open.
        """
        return next(self.encode_all([conversation]))

    def encode_all(self, conversations: Iterable[Conversation]) -> Iterator[TokenExample]:
        """Encode many conversations, in order, on all cores, with a few of them in memory at a time."""
        for batch in batches(conversations, characters, BATCH_CHARACTERS):
            for example in self.encode_each(batch):
                if isinstance(example, UnfitExampleError):
                    raise example
                yield example

    def encode_each(self, batch: Sequence[Conversation]) -> Iterator[TokenExample | UnfitExampleError]:
        """Encode conversations that fit into memory together; for one that is unfit, the error itself."""
        turns = [self._turns(conversation) for conversation in batch]
        fitting = [[] if isinstance(each, UnfitExampleError) else each for each in turns]
        texts = [[text for turn in each for text in (turn.prompt, turn.answer)] for each in fitting]
        if self._is_piecewise:
            ids = iter(self.ids([text for each in texts for text in each]))
            pieces = [[next(ids) for _ in each] for each in texts]
        else:
            pieces = [self._in_context(each) for each in texts]
        for conversation, each, tokens in zip(batch, turns, pieces, strict=True):
            try:
                yield each if isinstance(each, UnfitExampleError) else self._example(conversation.id, each, tokens)
            except UnfitExampleError as error:
                yield error

    def _turns(self, conversation: Conversation) -> list[AnswerTurn] | UnfitExampleError:
        try:
            return answer_turns(conversation, self.renderer(conversation.id), self.ends.values())
        except UnfitExampleError as error:
            return error

    def pieces(self, example: TokenExample) -> list[TokenPiece]:
        """Return the example's decoded text, split where the mask changes."""
        import numpy as np

        cuts = [0, *(np.flatnonzero(np.diff(example.learned)) + 1).tolist(), len(example.tokens)]
        pieces = []
        for start, stop in pairwise(cuts):
            ids = example.tokens[start:stop].tolist()
            text = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            is_learned = bool(example.learned[start])
            end = self.ends.get(ids[-1], "") if is_learned else ""
            pieces.append(TokenPiece(str(text), is_learned, len(ids), end))
        return pieces

    def renderer(self, ident: str) -> Render:
        """Return a function that renders messages of the example `ident` with the template."""
        from jinja2 import TemplateError

        def today(layout: str) -> str:
            self.writes_date = True
            return TEMPLATE_DATE.strftime(layout)

        def render(messages: Sequence[Message], is_prompt: bool) -> str:
            turns = [asdict(message) for message in messages]
            try:
                text = self.tokenizer.apply_chat_template(
                    turns, tokenize=False, add_generation_prompt=is_prompt, strftime_now=today
                )
            except TemplateError as error:
                roles = ", ".join(message.role for message in messages)
                remedy = "use a template that accepts them"
                if any(message.role == "system" for message in messages):
                    remedy += ", or put the system prompt into the first user turn (the recipe's prompts)"
                raise UnfitExampleError(
                    f"example {ident}: the chat template rejects its turns ({roles}): {error}; {remedy}"
                ) from error
            return str(text)

        return render

    def _example(self, ident: str, turns: Sequence[AnswerTurn], pieces: Sequence["NDArray[np.int32]"]) -> TokenExample:
        """Return the tokens of all turns, concatenated; `pieces` alternate between prompts and answers."""
        import numpy as np

        learned = []
        for turn, prompt, answer in zip(turns, pieces[::2], pieces[1::2], strict=True):
            ends = np.isin(answer, list(self.ends))
            if not ends.any():
                raise TrainerError(
                    f"example {ident}: turn {turn.number} has none of the model's end-of-turn tokens "
                    f"{sorted(self.ends)}, so the model would never learn to stop; correct the tokenizer's list of "
                    "special tokens"
                )
            end = int(ends.argmax())
            unknown = self.tokenizer.unk_token_id
            if unknown is not None and unknown in answer[:end] and self.tokenizer.unk_token not in turn.answer:
                raise UnfitExampleError(
                    f"example {ident}: turn {turn.number} contains characters that the tokenizer has no token for; "
                    "drop it, or train a model that knows them"
                )
            learned += [np.zeros(len(prompt), dtype=bool), np.arange(len(answer)) <= end]
        mask = np.concatenate(learned)
        last = int(np.flatnonzero(mask)[-1]) + 1
        return TokenExample(ident, np.concatenate(pieces)[:last], mask[:last])

    def _in_context(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        """Return the tokens of each text in the context of the earlier ones, whose tokens stay the same."""
        before, tokens = "", list[Any]()
        for text in texts:
            whole, alone = self.ids([before + text, text])
            size = sum(map(len, tokens))
            is_same = whole[:size].tolist() == [token for each in tokens for token in each]
            tokens.append(whole[size:] if is_same else alone)
            before += text
        return tokens

    def ids(self, texts: Sequence[str]) -> list["NDArray[np.int32]"]:
        """Return the tokens of each text; special tokens only where the text contains them."""
        import numpy as np

        if self._words is not None:
            return self._words.ids(texts)
        if self._fast is None:
            tokens = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        else:
            # The fast version does not compute the tokens' positions in the text, which takes most of the time.
            tokens = [each.ids for each in self._fast.encode_batch_fast(list(texts), add_special_tokens=False)]
        return [np.array(ids, dtype=np.int32) for ids in tokens]


def characters(conversation: Conversation) -> int:
    """Return the size of a conversation."""
    return sum(len(message.content) for message in conversation.messages)
