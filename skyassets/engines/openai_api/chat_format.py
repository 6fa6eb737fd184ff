"""OpenAI's chat-completion format, both ways: a `Request` into the JSON to send, the JSON that came into a `Reply`.

No network here and no policy: whether to ask again is `openai_asker`'s affair.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from skyassets.core.ports import Reply, Request
from skyassets.core.text import well_formed

LARGEST_COUNT = 2**40


class UnusableError(Exception):
    """The server answered, but not with a completion: says what came instead, and the tokens it told of."""

    def __init__(self, reason: str, tokens: tuple[int, int] | None = None) -> None:
        super().__init__(reason)
        self.tokens = tokens


def body_of(request: Request, model_name: str, base_url: str) -> dict[str, Any]:
    """The JSON body that asks for `request`, with every sampling parameter spelled out."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model_name,
        "messages": [{"role": turn.role, "content": turn.content} for turn in request.messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        _limit_word(base_url): sampling.max_tokens,
        "seed": request.seed,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def _limit_word(base_url: str) -> str:
    """OpenAI itself renamed the token limit and refuses the old word on newer models; everybody else knows the old."""
    host = urlsplit(base_url).hostname or ""
    return "max_completion_tokens" if host.endswith(("openai.com", "openai.azure.com")) else "max_tokens"


def reply_of(request: Request, content: bytes, seconds: float, served_by: str) -> Reply:
    """The reply in a response's content.

    Raises:
        ValueError: when it is not JSON (a body cut short).
        UnusableError: when it is JSON, but holds no completion.
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
    # A reply whose tokens nobody told has no known price yet.
    dollars = 0.0 if tokens else None
    return Reply(
        request.id, text, well_formed(str(finish_reason)), *(tokens or (0, 0)), seconds, served_by, dollars=dollars
    )


def _tokens(answer: Any) -> tuple[int, int] | None:
    """The prompt's and the completion's tokens, where both are told as counts."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    told = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return None if told[0] is None or told[1] is None else (told[0], told[1])


def _count(value: Any) -> int | None:
    try:
        count = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if 0 <= count <= LARGEST_COUNT else None


def _text(message: dict[str, Any], finished: bool) -> str | None:
    """The whole text, with reasoning that came apart put back where the model wrote it; None when there is none.

    Reasoning that was cut off by the token limit stays unclosed: it led to no answer, and must not look as if it did.
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
