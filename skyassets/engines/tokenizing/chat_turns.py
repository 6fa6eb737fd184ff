"""Splits a templated conversation into turns: for each answer, the text before it and the text of the answer.

Works on strings, without a tokenizer. Checks the template: every message must appear, complete and in order, and
nothing but the answers may be learned. Templates may trim white space, and may write tokens before an answer that a
server leaves to the model, as gpt-oss's writes the name of the channel: they are learned with the answer.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message

Render = Callable[[Sequence[Message], bool], str]
"""Renders messages with a template and, if requested, the generation prompt."""
SHOWN = 60
"""Characters of a text that an error message quotes."""
LONGEST_CHANNEL = 100
"""Characters that a template may write before an answer."""
_CHANNEL = re.compile(r"(?:<\|[a-z_]+\|>[a-z]*)*<\|[a-z_]+\|>")
"""What a template may write before an answer: special tokens, with names between them."""


class UnfitExampleError(TrainerError):
    """One example that the template or the tokenizer cannot represent; others may be fine."""


@dataclass(frozen=True)
class AnswerTurn:
    """One answer of a conversation. The texts of all turns, concatenated, are the template's output."""

    number: int
    """Number of the message in the conversation, from 1."""
    prompt: str
    """What a server adds to the text of the earlier turns to request this answer."""
    answer: str
    """The answer, the marker that ends it, and what the template writes after that."""


def answer_turns(conversation: Conversation, render: Render, marks: Collection[str]) -> list[AnswerTurn]:
    """Return the assistant's turns of `conversation` as `render` writes them, each ended by one of `marks`.

    Raises:
        UnfitExampleError: if the template drops, changes or rewrites messages, or an answer contains one of `marks`.
        TrainerError: if there is no answer, or the template leaves answers open.
    """
    turns, text, start = list[AnswerTurn](), "", 0
    for at, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        who = f"example {conversation.id}: turn {at + 1}"
        before = render(conversation.messages[:at], True)
        after = render(conversation.messages[: at + 1], False)
        if not before.startswith(text) or not after.startswith(before):
            raise UnfitExampleError(_broken(who, message, before, after, marks))
        turn = AnswerTurn(at + 1, before[len(text) :], after[len(before) :])
        _check_prompt(conversation, range(start, at), turn.prompt)
        _check_answer(who, message.content.strip(), before, turn.answer, marks)
        turns.append(turn)
        text, start = after, at + 1
    if not turns:
        raise TrainerError(f"example {conversation.id} has no assistant turn: there is nothing to learn from it")
    return turns


def _check_prompt(conversation: Conversation, messages: range, prompt: str) -> None:
    """Check that every message to the student is in the prompt, in order."""
    end = 0
    for at in messages:
        message = conversation.messages[at]
        words = message.content.strip()
        start = prompt.find(words, end)
        if start < 0:
            raise UnfitExampleError(
                f"example {conversation.id}: turn {at + 1} ({message.role}) is not in the prompt that the chat "
                f"template writes: {_quoted(words)} is missing; use a template that includes it, or move it to the "
                "user's turn"
            )
        end = start + len(words)


def _check_answer(who: str, words: str, before: str, answer: str, marks: Collection[str]) -> None:
    """Check that only the answer, the name of its channel, the end of the turn and white space are learned."""
    for mark in marks:
        if mark in words:
            raise UnfitExampleError(
                f"{who} contains the end-of-turn marker {mark!r} in its text, so the model would learn to stop there; "
                "drop the example or remove the marker"
            )
    rest = _after(words, answer, before)
    if rest is None:
        raise UnfitExampleError(_changed(who, words, answer, marks))
    if not rest.lstrip().startswith(tuple(marks)):
        raise TrainerError(
            f"{who} is ended by the chat template with {_quoted(rest)}, none of the model's end-of-turn tokens "
            f"{sorted(marks)}, so the model would never learn to stop; name the token in generation_config.json "
            "(eos_token_id), or use a template that writes one of these"
        )


def _after(words: str, body: str, before: str) -> str | None:
    """Return what follows the answer `words` in `body`; None if `body` does not begin with them or their channel."""
    inner = body.lstrip()
    if not words:
        return inner
    places = [place.start() for place in re.finditer(re.escape(words), inner[: LONGEST_CHANNEL + len(words)])]
    # The last one, because an answer may look like a part of the channel.
    for start in reversed(places):
        if start == 0 or _CHANNEL.fullmatch(inner, 0, start):
            return inner[start + len(words) :]
    # A prompt may already contain the start of the answer, such as an opening think tag.
    begun = next((size for size in range(min(len(words), SHOWN), 0, -1) if before.endswith(words[:size])), 0)
    return body[len(words) - begun :] if begun and body.startswith(words[begun:]) else None


def _broken(who: str, message: Message, before: str, after: str, marks: Collection[str]) -> str:
    """Return why the template's text of a turn does not continue its prompt."""
    words = message.content.strip()
    if words not in after:
        return _changed(who, words, after[_common(before, after) :], marks)
    return (
        f"{who}: the chat template does not continue its own prompt, so it is unknown which tokens to learn (it "
        "rewrites earlier turns, or its generation prompt has words that it leaves out before a given answer); use a "
        "template that writes each turn unchanged"
    )


def _changed(who: str, words: str, body: str, marks: Collection[str]) -> str:
    """Return how the template changed an answer."""
    ends = [at for mark in marks if (at := body.find(mark)) >= 0]
    text = body[: min(ends, default=len(body))].strip()
    start = _common(words, text)
    end = _common(words[start:][::-1], text[start:][::-1])
    lost, added = words[start : len(words) - end], text[start : len(text) - end]
    changes = [f"leaves out {_quoted(lost)} ({len(lost)} of {len(words)} characters)"] if lost else []
    changes += [f"adds {_quoted(added)}"] if added else []
    return (
        f"{who}: the chat template changes the answer: it {' and '.join(changes)}; the model would not learn what the "
        "data says; use a template that writes answers unchanged (chat_template.jinja in the base model's folder)"
    )


def _common(one: str, other: str) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
