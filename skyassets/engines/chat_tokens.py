"""Conversations as token ids with a loss mask, by a model's own tokenizer and chat template.

Every text is taken from the template, never spelled here. The trainer and the count that drops over-long rows before
it share this code, so they cannot disagree about a length. `python -m skyassets.engines.chat_tokens` is that count in
a process of its own, because a tokenizer brings torch with it.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message, TokenCount


@dataclass(frozen=True)
class TokenExample:
    """One conversation as the trainer sees it; `learned[i]` says whether token `i` counts in the loss."""

    id: str
    tokens: list[int]
    learned: list[bool]


def token_lengths(
    folder: Path, conversations: Sequence[Conversation], python: str = sys.executable
) -> list[TokenCount]:
    """How many tokens the trainer would see of each conversation, and learn, by the tokenizer in `folder`.

    Raises:
        TrainerError: when the tokenizer cannot be read or a conversation does not fit its template.
    """
    done = subprocess.run(
        [python, "-m", "skyassets.engines.chat_tokens", str(folder)],
        input=written(conversations),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise TrainerError(f"counting tokens with {folder} failed: {said[-1].removeprefix('TrainerError: ')}")
    return [TokenCount(*map(int, line.split())) for line in done.stdout.splitlines()]


def written(conversations: Iterable[Conversation]) -> str:
    """The conversations as JSON lines; `read` gives them back."""
    return "".join(json.dumps(asdict(each), ensure_ascii=True) + "\n" for each in conversations)


def read(lines: Iterable[str]) -> list[Conversation]:
    """The conversations that `written` wrote."""
    rows = [json.loads(line) for line in lines]
    return [Conversation(row["id"], tuple(Message(**turn) for turn in row["messages"])) for row in rows]


class ChatTokenizer:
    """A tokenizer with its chat template and the tokens that end a turn."""

    def __init__(self, tokenizer: Any, ends: Collection[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._ends = {*ends, tokenizer.eos_token_id}

    @classmethod
    def of(cls, folder: Path) -> "ChatTokenizer":
        """The tokenizer of a Hugging Face folder, and the turn ends its generation config names."""
        from transformers import AutoTokenizer

        if not (folder / "tokenizer_config.json").is_file():
            raise TrainerError(f"{folder} has no tokenizer_config.json; name a standard Hugging Face folder")
        config = folder / "generation_config.json"
        named = json.loads(config.read_text(encoding="utf-8")).get("eos_token_id") if config.is_file() else None
        ends = named if isinstance(named, list) else [named] if named is not None else []
        return cls(AutoTokenizer.from_pretrained(folder), ends)

    def encode(self, conversation: Conversation) -> TokenExample:
        """`conversation` as tokens, learned on the assistant's words and the token that ends each of its turns.

        The text before an assistant turn is what a server renders to ask for that turn, so the model learns to go on
        from exactly what it will be given.

        Raises:
            TrainerError: when nobody answers, or the template rewrites earlier turns or leaves an answer open.
        """
        text, tokens, learned = "", list[int](), list[bool]()
        for turn, message in enumerate(conversation.messages):
            if message.role != "assistant":
                continue
            asked = self._render(conversation, turn, asks=True)
            answered = self._render(conversation, turn + 1, asks=False)
            if not asked.startswith(text) or not answered.startswith(asked):
                raise TrainerError(
                    f"example {conversation.id}: the chat template does not go on from its own prompt at turn "
                    f"{turn + 1}, so nobody can tell which tokens to learn; use a template that renders each turn as is"
                )
            tokens = self._continued(tokens, text, asked)
            learned += [False] * (len(tokens) - len(learned))
            start, tokens = len(tokens), self._continued(tokens, asked, answered)
            end = max((at for at in range(start, len(tokens)) if tokens[at] in self._ends), default=None)
            if end is None:
                raise TrainerError(
                    f"example {conversation.id}: the chat template ends turn {turn + 1} with none of the model's "
                    f"end-of-turn tokens {sorted(self._ends)}, so the model would never learn to stop"
                )
            learned += [start <= at <= end for at in range(start, len(tokens))]
            text = answered
        if not any(learned):
            raise TrainerError(f"example {conversation.id} has no assistant turn: there is nothing to learn from it")
        last = len(learned) - learned[::-1].index(True)
        return TokenExample(conversation.id, tokens[:last], learned[:last])

    def _render(self, conversation: Conversation, turns: int, *, asks: bool) -> str:
        from jinja2 import TemplateError

        messages = [asdict(message) for message in conversation.messages[:turns]]
        try:
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asks))
        except TemplateError as error:
            raise TrainerError(f"example {conversation.id}: the chat template refuses it: {error}") from error

    def _continued(self, tokens: list[int], text: str, longer: str) -> list[int]:
        """The tokens of `longer`, which begins with `text`, keeping `tokens` of `text` as its first ones."""
        whole = self._ids(longer)
        return whole if whole[: len(tokens)] == tokens else tokens + self._ids(longer[len(text) :])

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def main() -> int:
    """Print all tokens and learned tokens of each conversation on standard input, by the tokenizer of the folder."""
    try:
        tokenizer = ChatTokenizer.of(Path(sys.argv[1]))
        examples = [tokenizer.encode(each) for each in read(sys.stdin)]
    except TrainerError as error:
        sys.stderr.write(f"TrainerError: {error}\n")
        return 1
    sys.stdout.write("".join(f"{len(each.tokens)} {sum(each.learned)}\n" for each in examples))
    return 0


if __name__ == "__main__":
    sys.exit(main())
