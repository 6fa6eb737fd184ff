"""The parts of a completion's key: what they are, where two keys differ, and which stored key is nearest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from skyassets.core.identity import canonical_json
from skyassets.core.ports import Request

NAMES = {"name": "model", "revision": "revision"}
QUESTION_WORDS = 8
COMPARED_CHARACTERS = 2000
"""How much of two messages is compared when several rows are equally near."""


@dataclass(frozen=True)
class Key:
    """A completion's id and the named parts that it is the digest of, in display order."""

    id: str
    parts: Mapping[str, str]

    @property
    def message(self) -> str:
        """The last message: the prompt."""
        return self.parts.get("user message", "")


@dataclass(frozen=True)
class KeyDifference:
    """A part of the key that differs; None if one of the two keys has no such part."""

    part: str
    stored: str | None
    wanted: str | None


def key_of(request: Request) -> Key:
    """The key of a request."""
    parts = {"model": request.model, "messages": request.messages, "sampling": request.sampling, "seed": request.seed}
    return stored_key(request.id, canonical_json(parts))


def stored_key(ident: str, text: str) -> Key:
    """The key of a row of `completions`, from its column `request`."""
    whole = json.loads(text)
    parts = {NAMES.get(name, name): _as_text(value) for name, value in whole["model"].items() if name}
    *earlier, last = whole["messages"]
    for number, turn in enumerate(earlier, 1):
        parts["system prompt" if turn["role"] == "system" else f"turn {number}"] = turn["content"]
    parts["user message"] = last["content"]
    parts |= {name: _as_text(value) for name, value in whole["sampling"].items() if name}
    return Key(ident, parts | {"seed": _as_text(whole["seed"])})


def differences(stored: Key, wanted: Key) -> list[KeyDifference]:
    """The parts that differ, in the order of the wanted key."""
    names = dict.fromkeys([*wanted.parts, *stored.parts])
    pairs = [KeyDifference(name, stored.parts.get(name), wanted.parts.get(name)) for name in names]
    return [pair for pair in pairs if pair.stored != pair.wanted]


def nearest(wanted: Key, stored: Sequence[Key], question: str) -> Key | None:
    """The stored key that is nearest to the wanted one; None if there is none.

    Keys with the same question come first, then those with the fewest different parts, then those with the most similar
    message. Ties go to the first id, so the result is deterministic.
    """

    def distance(key: Key) -> tuple[bool, int, float, str]:
        ours, theirs = wanted.message[:COMPARED_CHARACTERS], key.message[:COMPARED_CHARACTERS]
        likeness = 1.0 if ours == theirs else SequenceMatcher(None, ours, theirs).quick_ratio()
        return question.strip() not in key.message, len(differences(key, wanted)), -likeness, key.id

    return min(stored, key=distance, default=None)


def as_stored(text: str) -> str:
    """`text` as it is encoded in the column `request`."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def longest_words(question: str) -> list[str]:
    """The longest words of a question, for finding a similar one."""
    return sorted(set(question.split()), key=lambda word: (-len(word), word))[:QUESTION_WORDS]


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
