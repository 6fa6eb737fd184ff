"""What a server's answer means: a completion, an answer without one, or an error inside a successful response."""

import json
from typing import Any

from skyassets.core.finish_reasons import ERROR, FILTERED, INTERRUPTED, LENGTH, REFUSAL, STOP, TOOL_CALLS, resolved
from skyassets.core.ports import Reply, Request
from skyassets.core.text import well_formed
from skyassets.engines.chat_format.error_body import ErrorBody, error_in
from skyassets.engines.chat_format.message import MessageParts, message_parts

LARGEST_COUNT = 2**40
WITHOUT_TEXT = (FILTERED, REFUSAL, TOOL_CALLS, LENGTH)
"""Finish reasons of an answer that may lack a text: asking again would be paid for and would not bring one."""
PASSING = (INTERRUPTED, ERROR)
"""Finish reasons of an answer that the server broke off."""


class UnusableError(Exception):
    """The response contains no completion. Holds an excerpt of it, and the token counts if it reported any."""

    def __init__(
        self,
        reason: str,
        tokens: tuple[int, int] | None = None,
        *,
        is_empty: bool = False,
        is_broken_off: bool = False,
    ) -> None:
        super().__init__(reason)
        self.tokens = tokens
        self.is_empty = is_empty
        """Whether the model ended without a text: asking again at once may bring one."""
        self.is_broken_off = is_broken_off
        """Whether the server broke the text off: asking again at any time may bring one."""


class ErrorInAnswerError(Exception):
    """A response with the status 200 that holds an error, as relays return it for the provider behind them."""

    def __init__(self, error: ErrorBody) -> None:
        super().__init__(error.message)
        self.error = error


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
        _raise_error(answer)
        choice = _first_choice(answer)
        _raise_error({"error": choice.get("error"), "code": choice.get("code")})
        parts = message_parts(choice["message"])
        reason = _reason(
            choice, parts, resolved(_word(choice), tokens[1] if tokens else 0, request.sampling.max_tokens)
        )
        text = parts.text(is_cut=reason == LENGTH)
        if reason == REFUSAL:
            text = text or str(choice["message"].get("refusal") or "")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise UnusableError(f"no completion in the answer: {_excerpt(content)}", tokens) from error
    if reason in PASSING:
        raise UnusableError(f"the server broke the answer off ({_word(choice)})", tokens, is_broken_off=True)
    if reason in WITHOUT_TEXT:
        text = text or ""
    elif reason == STOP and not (parts.content or "").strip():
        what = "reasoning and no text" if parts.reasoning else "an empty text"
        raise UnusableError(f"{what} in the answer: {_excerpt(content)}", tokens, is_empty=True)
    elif text is None:
        raise UnusableError(f"no text in the answer: {_excerpt(content)}", tokens)
    if text and tokens and not tokens[1]:
        tokens = None  # a text of no tokens: the count is a placeholder
    # Without token counts, the price of the reply is not known yet.
    dollars = 0.0 if tokens else None
    return Reply(request.id, text, well_formed(reason), *(tokens or (0, 0)), seconds, served_by, dollars=dollars)


def _first_choice(answer: Any) -> dict[str, Any]:
    """The choice with the lowest index: a server may list them in any order."""
    first: dict[str, Any] = min(answer["choices"], key=lambda choice: choice.get("index") or 0)
    return first


def _word(choice: dict[str, Any]) -> Any:
    """The server's word for why the completion ended; some give an object with the word as its type."""
    word = choice.get("finish_reason")
    return word.get("type") if isinstance(word, dict) else word


def _reason(choice: dict[str, Any], parts: MessageParts, reason: str) -> str:
    """The finish reason; a refusal or a tool call without a text counts as one, whatever the server's word is."""
    if reason == STOP and not parts.content:
        message = choice["message"]
        return REFUSAL if message.get("refusal") else TOOL_CALLS if message.get("tool_calls") else reason
    return reason


def _raise_error(answer: Any) -> None:
    error = error_in(answer)
    if error is not None:
        raise ErrorInAnswerError(error)


def _tokens(answer: Any) -> tuple[int, int] | None:
    """Return the prompt and completion token counts, or None unless both are reported.

    Some servers leave the tokens of a thought out of `completion_tokens` and charge for them: the total has them.
    """
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    return prompt, max(completion, (_count(usage.get("total_tokens")) or 0) - prompt)


def _count(value: Any) -> int | None:
    try:
        count = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if 0 <= count <= LARGEST_COUNT else None


def _excerpt(content: bytes) -> str:
    return content[:200].decode("utf-8", "replace")
