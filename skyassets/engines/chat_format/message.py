"""The text of a completion's message, in the forms in which servers return text and reasoning.

| where | who returns it |
| --- | --- |
| `content`: a text | OpenAI and most others |
| `content`: a list of parts (`text`, `thinking`) | Mistral's Magistral, Anthropic-like relays |
| `reasoning_content`, `reasoning`, `thinking`: a text | DeepSeek, vLLM, SGLang; OpenRouter; Ollama |
| `reasoning_details`, `thinking_blocks`: a list of parts | OpenRouter; LiteLLM |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REASONING_TEXTS = ("reasoning_content", "reasoning", "thinking")
REASONING_PARTS = ("reasoning_details", "thinking_blocks")
PART_TEXTS = ("text", "thinking", "reasoning", "summary", "content")
"""The fields of a part that may hold its text, in order of preference."""
THOUGHT_TYPES = ("thinking", "reasoning")


@dataclass(frozen=True)
class MessageParts:
    """What a message holds."""

    content: str | None
    """None if the message has none."""
    reasoning: str
    """The reasoning that was returned separately; empty without any."""

    def text(self, is_cut: bool) -> str | None:
        """The content, with the reasoning in front of it; None if the message has neither.

        Reasoning that the token limit cut off is left unclosed, so that it does not look as if it led to an answer.
        """
        if not self.reasoning:
            return self.content
        if not self.content and is_cut:
            return f"<think>\n{self.reasoning}"
        return f"<think>\n{self.reasoning}\n</think>\n{self.content or ''}"


def message_parts(message: Mapping[str, Any]) -> MessageParts:
    """Take a message apart."""
    content, thought = _content(message.get("content"))
    return MessageParts(content, _reasoning(message) or thought)


def _content(content: Any) -> tuple[str | None, str]:
    """The text and the reasoning of a message's content."""
    if not isinstance(content, list):
        return (content if isinstance(content, str) else None), ""
    texts, thoughts = list[str](), list[str]()
    for part in content:
        (thoughts if _is_thought(part) else texts).append(_part_text(part))
    return ("".join(texts) if texts else None), "".join(thoughts)


def _reasoning(message: Mapping[str, Any]) -> str:
    for name in REASONING_TEXTS:
        if isinstance(message.get(name), str) and message[name]:
            return str(message[name])
    for name in REASONING_PARTS:
        if isinstance(message.get(name), list) and (text := "".join(map(_part_text, message[name]))):
            return text
    return ""


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and str(part.get("type", "")).startswith(THOUGHT_TYPES)


def _part_text(part: Any) -> str:
    """The text of a part, which may contain further parts."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        return "".join(map(_part_text, part))
    if not isinstance(part, dict):
        return ""
    return next((text for name in PART_TEXTS if (text := _part_text(part.get(name)))), "")
