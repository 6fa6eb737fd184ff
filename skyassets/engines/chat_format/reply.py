"""What a server's answer means: a completion, an answer without one, or an error inside a successful response."""

import json
from typing import Any

from skyassets.core.finish_reasons import ERROR, FILTERED, REFUSAL, STOP, TOOL_CALLS, resolved
from skyassets.core.ports import Reply, Request
from skyassets.core.text import well_formed
from skyassets.engines.chat_format.message import message_text

LARGEST_COUNT = 2**40
WITHOUT_TEXT = (FILTERED, REFUSAL, TOOL_CALLS)
"""Finish reasons of an answer that may lack a text: asking again would be paid for and would not bring one."""


class UnusableError(Exception):
    """The response contains no completion. Holds an excerpt of it, and the token counts if it reported any."""

    def __init__(self, reason: str, tokens: tuple[int, int] | None = None, is_empty: bool = False) -> None:
        super().__init__(reason)
        self.tokens = tokens
        self.is_empty = is_empty
        """Whether the model ended without a text, which may be a passing fault."""


class ErrorInAnswerError(Exception):
    """A response with the status 200 that holds an error, as relays return it for the provider behind them."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
        """A status, or a word such as `rate_limit_exceeded`; empty if there is none."""


def reply_of(request: Request, content: bytes, seconds: float, served_by: str) -> Reply:
    """Parse the content of a response.

    Raises:
        ValueError: if it is not JSON (a truncated body).
        ErrorInAnswerError: if it holds an error instead of a completion.
        UnusableError: if it is JSON without a completion.
    """
    try:
        answer = json.loads(content)
    except RecursionError as error:
        raise UnusableError("an answer nested too deep to be a completion") from error
    tokens = _tokens(answer)
    try:
        choice = _first_choice(answer)
        _raise_error(answer if choice is None else choice)
        if choice is None:
            raise UnusableError(f"no completion in the answer: {_excerpt(content)}", tokens)
        message = choice["message"]
        reason = resolved(choice.get("finish_reason"), tokens[1] if tokens else 0, request.sampling.max_tokens)
        if reason == STOP and message.get("refusal") and not message.get("content"):
            reason = REFUSAL
        elif reason == STOP and message.get("tool_calls") and not message.get("content"):
            reason = TOOL_CALLS
        text = message_text(message, is_cut=reason == "length")
        if reason == REFUSAL:
            text = text or str(message.get("refusal") or "")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise UnusableError(f"no completion in the answer: {_excerpt(content)}", tokens) from error
    if reason in WITHOUT_TEXT:
        text = text or ""
    elif text is None or reason == ERROR:
        raise UnusableError(f"no text in the answer: {_excerpt(content)}", tokens)
    elif reason == STOP and not text.strip():
        raise UnusableError(f"an empty text in the answer: {_excerpt(content)}", tokens, is_empty=True)
    # Without token counts, the price of the reply is not known yet.
    dollars = 0.0 if tokens else None
    return Reply(request.id, text, well_formed(reason), *(tokens or (0, 0)), seconds, served_by, dollars=dollars)


def _first_choice(answer: Any) -> dict[str, Any] | None:
    """The choice with the lowest index; None without one. A server may list them in any order."""
    choices = answer.get("choices")
    if not choices:
        return None
    first: dict[str, Any] = min(choices, key=lambda choice: choice.get("index") or 0)
    return first


def _raise_error(holder: dict[str, Any]) -> None:
    """Raise the error that `holder`, a whole answer or one choice, contains."""
    error = holder.get("error")
    if not error:
        return
    if not isinstance(error, dict):
        raise ErrorInAnswerError(str(error), str(holder.get("code") or ""))
    metadata = error.get("metadata")
    cause = metadata.get("raw") if isinstance(metadata, dict) else None
    message = str(error.get("message") or error)
    code = error.get("code") or error.get("status") or error.get("type") or ""
    raise ErrorInAnswerError(f"{message} ({cause})" if cause else message, str(code))


def _tokens(answer: Any) -> tuple[int, int] | None:
    """Return the prompt and completion token counts, or None unless both are reported."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return None if prompt is None or completion is None else (prompt, completion)


def _count(value: Any) -> int | None:
    try:
        count = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if 0 <= count <= LARGEST_COUNT else None


def _excerpt(content: bytes) -> str:
    return content[:200].decode("utf-8", "replace")
