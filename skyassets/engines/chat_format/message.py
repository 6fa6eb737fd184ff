"""The text of a completion's message, in the forms in which servers return text and reasoning.

| where | who returns it |
| --- | --- |
| `content`: a text | OpenAI and most others |
| `content`: a list of parts (`text`, `thinking`) | Mistral's Magistral, Anthropic-like relays |
| `reasoning_content`, `reasoning`, `thinking`: a text | DeepSeek, vLLM, SGLang; OpenRouter; Ollama |
| `reasoning_details`, `thinking_blocks`: a list of parts | OpenRouter; LiteLLM |
"""

from collections.abc import Mapping
from typing import Any

REASONING_TEXTS = ("reasoning_content", "reasoning", "thinking")
REASONING_PARTS = ("reasoning_details", "thinking_blocks")
PART_TEXTS = ("text", "thinking", "reasoning", "summary", "content")
"""The fields of a part that may hold its text, in order of preference."""
THOUGHT_TYPES = ("thinking", "reasoning")


def message_text(message: Mapping[str, Any], is_cut: bool) -> str | None:
    """The text, with reasoning that was returned separately in front of it; None if the message has neither.

    Reasoning that the token limit cut off is left unclosed, so that it does not look as if it led to an answer.
    """
    content, thought = _content(message.get("content"))
    reasoning = _reasoning(message) or thought
    if not reasoning:
        return content
    if not content and is_cut:
        return f"<think>\n{reasoning}"
    return f"<think>\n{reasoning}\n</think>\n{content or ''}"


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
