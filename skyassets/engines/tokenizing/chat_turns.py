"""A conversation as a chat template writes it: for each answer, the text that asks for it and the text that gives it.

Knows strings, no tokenizer. Holds the template to its word: what people and models said has to be in the text, whole
and in order, and nothing beside it may end up among what is learned. Templates trim white space; that is let through.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message

Render = Callable[[Sequence[Message], bool], str]
"""Writes messages by a template, and, when asked to, the words that ask for the next answer."""
SHOWN = 60
"""Characters of a text that an error message quotes."""


@dataclass(frozen=True)
class Turn:
    """One answer of a conversation; the texts of all turns, one after the other, are what the template writes."""

    number: int
    """Of the message in the conversation, from 1."""
    asked: str
    """What a server adds to the text of the turns before to ask for this answer."""
    answered: str
    """The answer, the marker that ends it, and what the template writes after that."""


def answered_turns(conversation: Conversation, render: Render, marks: Collection[str]) -> list[Turn]:
    """The assistant's turns of `conversation` as `render` writes them, each ended by one of `marks`.

    Raises:
        TrainerError: when nobody answers, or the template drops, changes or rewrites what was said, or leaves an
            answer open, or an answer holds one of `marks` itself.
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
    """All that the student is told is in the prompt, in order."""
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
    """What is learned is the answer and the end of the turn, and nothing else but white space."""
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
    """What follows the answer `words` in `body`, None when it does not begin with them."""
    inner = body.lstrip()
    if inner.startswith(words):
        return inner[len(words) :]
    # A prompt may already begin the answer, as those do that open the thought.
    begun = next((size for size in range(min(len(words), SHOWN), 0, -1) if asked.endswith(words[:size])), 0)
    return body[len(words) - begun :] if begun and body.startswith(words[begun:]) else None


def _broken(who: str, message: Message, asked: str, answered: str, marks: Collection[str]) -> str:
    """Why the template's text of a turn is no continuation of its prompt."""
    words = message.content.strip()
    if words not in answered:
        return _changed(who, words, answered[_shared(asked, answered) :], marks)
    return (
        f"{who}: the chat template does not go on from its own prompt, so nobody can tell which tokens to learn (it "
        "rewrites earlier turns, or asks for an answer with words that it leaves out of a given one); use a template "
        "that writes each turn as it is"
    )


def _changed(who: str, words: str, body: str, marks: Collection[str]) -> str:
    """What the template did to an answer."""
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
    """How many characters the two begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
