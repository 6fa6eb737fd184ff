"""Conversion to and from OpenAI's chat-completion format: a `Request` to JSON, and the JSON of a response to a `Reply`.

No network access and no retry policy: the scheduler decides about retries.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from skyassets.core.ports import Reply, Request
from skyassets.core.text import well_formed

LARGEST_COUNT = 2**40


class UnusableError(Exception):
    """The response contains no completion. Holds an excerpt of it, and the token counts if it reported any."""

    def __init__(self, reason: str, tokens: tuple[int, int] | None = None) -> None:
        super().__init__(reason)
        self.tokens = tokens


def body_of(request: Request, model_name: str, base_url: str) -> dict[str, Any]:
    """Return the JSON body for `request`, with every sampling parameter set explicitly."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model_name,
        "messages": [{"role": turn.role, "content": turn.content} for turn in request.messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        _limit_name(base_url): sampling.max_tokens,
        "seed": request.seed,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def _limit_name(base_url: str) -> str:
    """Return the name of the token limit: OpenAI rejects the old name on newer models, others only know the old one."""
    host = urlsplit(base_url).hostname or ""
    return "max_completion_tokens" if host.endswith(("openai.com", "openai.azure.com")) else "max_tokens"


def reply_of(request: Request, content: bytes, seconds: float, served_by: str) -> Reply:
    """Parse the content of a response.

    Raises:
        ValueError: if it is not JSON (a truncated body).
        UnusableError: if it is JSON without a completion.
    """
    try:
        answer = json.loads(content)
    except RecursionError as error:
        raise UnusableError("an answer nested too deep to be a completion") from error
    tokens = _tokens(answer)
    try:
        choice = answer["choices"][0]
        text = _text(choice["message"], finished=choice.get("finish_reason") != "length")
        finish_reason = choice.get("finish_reason") or "unknown"
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise UnusableError(f"no completion in the answer: {_excerpt(content)}", tokens) from error
    if text is None or finish_reason == "error":
        raise UnusableError(f"no text in the answer: {_excerpt(content)}", tokens)
    # Without token counts, the price of the reply is not known yet.
    dollars = 0.0 if tokens else None
    return Reply(
        request.id, text, well_formed(str(finish_reason)), *(tokens or (0, 0)), seconds, served_by, dollars=dollars
    )


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


def _text(message: dict[str, Any], finished: bool) -> str | None:
    """Return the text, with separately returned reasoning put back in front of it; None if there is no text.

    Reasoning that the token limit cut off is left unclosed, so that it does not look as if it led to an answer.
    """
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    content = message.get("content")
    if not isinstance(reasoning, str):
        return content if isinstance(content, str) else None
    if not content and not finished:
        return f"<think>\n{reasoning}"
    return f"<think>\n{reasoning}\n</think>\n{content or ''}"


def _excerpt(content: bytes) -> str:
    return content[:200].decode("utf-8", "replace")
