"""OpenAI's chat-completion format, both ways: a `Request` into the JSON to send, the JSON that came into a `Reply`.

No network here and no policy: whether to ask again is `openai_asker`'s affair.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from skyassets.core.ports import Reply, Request


class UnusableError(Exception):
    """The server answered, but not with a completion: says what came instead."""


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
    answer = json.loads(content)
    try:
        choice = answer["choices"][0]
        text = _text(choice["message"], finished=choice.get("finish_reason") != "length")
        finish_reason = choice.get("finish_reason") or "unknown"
        usage = answer.get("usage") or {}
        tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise UnusableError(f"no completion in the answer: {_excerpt(content)}") from error
    if text is None or finish_reason == "error":
        raise UnusableError(f"no text in the answer: {_excerpt(content)}")
    return Reply(request.id, text, str(finish_reason), *tokens, seconds, served_by)


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
