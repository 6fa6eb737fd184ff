"""Splits a templated conversation into turns: for each answer, the text before it and the text of the answer.

Works on strings, without a tokenizer. Checks the template: every message must appear, complete and in order, and
nothing but the answers may be learned. Templates may trim white space.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message

Render = Callable[[Sequence[Message], bool], str]
"""Renders messages with a template and, if requested, the generation prompt."""
SHOWN = 60
"""Characters of a text that an error message quotes."""


@dataclass(frozen=True)
class Turn:
    """One answer of a conversation. The texts of all turns, concatenated, are the template's output."""

    number: int
    """Number of the message in the conversation, from 1."""
    asked: str
    """What a server adds to the text of the earlier turns to request this answer."""
    answered: str
    """The answer, the marker that ends it, and what the template writes after that."""


def answered_turns(conversation: Conversation, render: Render, marks: Collection[str]) -> list[Turn]:
    """Return the assistant's turns of `conversation` as `render` writes them, each ended by one of `marks`.

    Raises:
        TrainerError: if there is no answer, or the template drops, changes or rewrites messages or leaves an answer
            open, or an answer contains one of `marks` itself.
    """
    turns, text, said = list[Turn](), "", 0
    for at, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        who = f"example {conversation.id}: turn {at + 1}"
        asked = render(conversation.messages[:at], True)
        answered = render(conversation.messages[: at + 1], False)
        if not asked.startswith(text) or not answered.startswith(asked):
            raise TrainerError(_broken(who, message, asked, answered, marks))
        _check_given(conversation, range(said, at), asked[len(text) :])
        _check_answer(who, message.content, asked, answered, marks)
        turns.append(Turn(at + 1, asked[len(text) :], answered[len(asked) :]))
        text, said = answered, at + 1
    if not turns:
        raise TrainerError(f"example {conversation.id} has no assistant turn: there is nothing to learn from it")
    return turns


def _check_given(conversation: Conversation, which: range, asked: str) -> None:
    """Check that every message to the student is in the prompt, in order."""
    read = 0
    for at in which:
        message = conversation.messages[at]
        words = message.content.strip()
        found = asked.find(words, read)
        if found < 0:
            raise TrainerError(
                f"example {conversation.id}: turn {at + 1} ({message.role}) is not in the prompt that the chat "
                f"template writes: {_quoted(words)} is missing; use a template with a place for it, or say it in the "
                "user's turn"
            )
        read = found + len(words)


def _check_answer(who: str, content: str, asked: str, answered: str, marks: Collection[str]) -> None:
    """Check that only the answer, the end of the turn and white space are learned."""
    words, body = content.strip(), answered[len(asked) :]
    for mark in marks:
        if mark in words:
            raise TrainerError(
                f"{who} holds the end-of-turn marker {mark!r} in its text, so the model would learn to stop there; "
                "drop the example or take the marker out"
            )
    rest = _after(words, body, asked)
    if rest is None:
        raise TrainerError(_changed(who, words, body, marks))
    if not rest.lstrip().startswith(tuple(marks)):
        raise TrainerError(
            f"{who} is ended by the chat template with {_quoted(rest)}, none of the model's end-of-turn tokens "
            f"{sorted(marks)}, so the model would never learn to stop; name the token in generation_config.json "
            "(eos_token_id), or use a template that writes one of these"
        )


def _after(words: str, body: str, asked: str) -> str | None:
    """Return what follows the answer `words` in `body`; None if `body` does not begin with them."""
    inner = body.lstrip()
    if inner.startswith(words):
        return inner[len(words) :]
    # A prompt may already contain the start of the answer, such as an opening think tag.
    begun = next((size for size in range(min(len(words), SHOWN), 0, -1) if asked.endswith(words[:size])), 0)
    return body[len(words) - begun :] if begun and body.startswith(words[begun:]) else None


def _broken(who: str, message: Message, asked: str, answered: str, marks: Collection[str]) -> str:
    """Return why the template's text of a turn does not continue its prompt."""
    words = message.content.strip()
    if words not in answered:
        return _changed(who, words, answered[_shared(asked, answered) :], marks)
    return (
        f"{who}: the chat template does not go on from its own prompt, so nobody can tell which tokens to learn (it "
        "rewrites earlier turns, or asks for an answer with words that it leaves out of a given one); use a template "
        "that writes each turn as it is"
    )


def _changed(who: str, words: str, body: str, marks: Collection[str]) -> str:
    """Return how the template changed an answer."""
    ends = [at for mark in marks if (at := body.find(mark)) >= 0]
    kept = body[: min(ends, default=len(body))].strip()
    start = _shared(words, kept)
    end = _shared(words[start:][::-1], kept[start:][::-1])
    lost, added = words[start : len(words) - end], kept[start : len(kept) - end]
    did = f"leaves out {_quoted(lost)} ({len(lost)} of {len(words)} characters)" if lost else ""
    did += " and " if lost and added else ""
    did += f"writes {_quoted(added)}, which nobody said" if added else ""
    return (
        f"{who}: the chat template changes the answer: it {did}; what would be learned is not what the data says; use "
        "a template that writes answers as they are (chat_template.jinja in the folder of the base model)"
    )


def _shared(one: str, other: str) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
