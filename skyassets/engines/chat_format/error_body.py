"""The error in a server's answer, in the forms in which servers return one.

| form | who returns it |
| --- | --- |
| `{"error": {"message", "type", "param", "code"}}`, `{"error": "text"}` | OpenAI and most others; Ollama, TGI |
| `{"error": {"message", "code", "metadata": {"raw"}}}` | OpenRouter, for the provider behind it |
| `[{"error": {"message", "status", "details"}}]` | Gemini |
| `{"object": "error", "message": {"detail": [{"loc", "msg"}]}}` | Mistral, earlier vLLM |
| `{"detail": "text"}`, `{"detail": [{"loc", "msg"}]}` | FastAPI |
| `{"code", "message"}`, `{"error_code", "error_msg"}` | SiliconFlow, Baidu and other gateways |
| `{"base_resp": {"status_code", "status_msg"}}` | MiniMax, with status_code 0 in a success |
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MESSAGES = ("message", "msg", "error_msg", "error_message", "status_msg", "error", "detail", "title", "reason", "raw")
"""The fields that may hold an error's message, in order of preference."""
CODES = ("code", "error_code", "status_code", "status", "type")
"""The fields that may name an error, in order of preference."""
FURTHER = (
    "param", "loc", "detail", "details", "errors", "metadata", "provider_name", "innererror", "reason", "reasons",
    "description",
)  # fmt: skip
"""The fields that may say more than the message, such as the parameter it is about. A field `input` repeats what was
sent and is left out."""
LABELLED = ("param", "loc", "provider_name")
"""Further fields that need their name to be understood."""
SUCCESS = ("", "0", "200", "ok", "success")
"""Codes that are no error."""
LONGEST = 5000
"""Characters of a message that are kept: enough for a provider's message inside a relay's."""
DEEPEST = 8
WEB_PAGE = "a web page instead of JSON: check that the URL is that of the API (often it ends in /v1)"
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ErrorBody:
    """An error as a server describes it."""

    message: str
    """With the further fields, such as `param`, in parentheses; at most `LONGEST` characters."""
    code: str
    """A status, or a word such as `rate_limit_exceeded`; empty if there is none."""


def error_in(answer: Any) -> ErrorBody | None:
    """The error in the JSON of a successful response; None if it holds none."""
    holder = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(holder, Mapping):
        return None
    if holder.get("error") and not _is_blank(holder["error"]):
        return _body(holder["error"], _code(holder))
    base = holder.get("base_resp")
    if isinstance(base, Mapping) and _code(base).lower() not in SUCCESS:
        return _body(base)
    if holder.get("choices"):
        return None
    if holder.get("errors"):
        return _body(holder["errors"], _code(holder))
    has_message = any(holder.get(name) for name in MESSAGES)
    is_error = holder.get("object") == "error" or "detail" in holder or _code(holder).lower() not in SUCCESS
    return _body(holder) if has_message and is_error else None


def error_of(content: bytes, otherwise: str) -> ErrorBody:
    """The error in the content of a failed response, in whatever form; `otherwise` if it is empty."""
    text = content.decode("utf-8", "replace").strip()
    if is_web_page(content):
        return ErrorBody(WEB_PAGE, "")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return ErrorBody((text or otherwise)[:LONGEST], "")
    error = error_in(answer)
    if error is None:
        error = _body(answer) if isinstance(answer, Mapping | list) else None
    return error if error is not None and error.message else ErrorBody((text or otherwise)[:LONGEST], "")


def _is_blank(error: Any) -> bool:
    """Whether an error object says nothing, as some relays add one to every answer."""
    return isinstance(error, Mapping) and not any(error.values())


def is_web_page(content: bytes) -> bool:
    """Whether a response is HTML, as from a server that is no model server, or a proxy."""
    return bool(_HTML.match(content))


def _body(error: Any, code: str = "") -> ErrorBody:
    first = error[0] if isinstance(error, list) and error else error
    named = _code(first) if isinstance(first, Mapping) else ""
    return ErrorBody(_words(error, 0)[:LONGEST], named or code)


def _code(holder: Mapping[str, Any]) -> str:
    return next((str(holder[name]) for name in CODES if isinstance(holder.get(name), str | int) and holder[name]), "")


def _words(value: Any, depth: int) -> str:
    """What an error says, in one line."""
    if isinstance(value, str):
        return _unpacked(value.strip(), depth)
    if isinstance(value, int | float):
        return str(value)
    if depth > DEEPEST:
        return ""
    if isinstance(value, list):
        is_path = all(isinstance(part, str | int) for part in value)
        return (".".join if is_path else "; ".join)(filter(None, (_words(part, depth + 1) for part in value)))
    if not isinstance(value, Mapping):
        return ""
    main, words = next(((name, text) for name in MESSAGES if (text := _words(value.get(name), depth + 1))), ("", ""))
    more = [(name, _words(value.get(name), depth + 1)) for name in FURTHER if name != main]
    news = [f"{name}: {text}" if name in LABELLED else text for name, text in more if text and text not in words]
    if words and news:
        return f"{words} ({', '.join(news)})"
    # Not the names of unknown fields: `fieldViolations` says nothing of a violation.
    return words or ", ".join(news) or ", ".join(filter(None, (_words(part, depth + 1) for part in value.values())))


def _unpacked(text: str, depth: int) -> str:
    """`text`; or what it says, if it is itself an error's JSON, as relays pass one on."""
    if text.startswith(("{", "[")) and depth <= DEEPEST:
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return _words(inner, depth + 1)
    return text
