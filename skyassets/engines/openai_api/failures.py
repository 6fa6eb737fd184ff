"""Classifies a failed request to a model server: whether and when to retry it, and the error message.

No network access and no waiting.
"""

import math
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from skyassets.core.errors import BudgetError
from skyassets.core.money import Budget, in_dollars
from skyassets.engines.chat_format.reply import ErrorInAnswerError
from skyassets.engines.openai_api.shown_url import shown_url, with_shown_urls

if TYPE_CHECKING:
    import openai

REFUSALS = {
    401: "the API key is rejected: check it",
    402: "the account has no credit left: top it up",
    403: "access is forbidden: check what the API key may use",
    404: "not found: check the model's name, and that the URL ends where the API begins (often /v1)",
}
TRANSIENT = {408, 409, 425, 429}
LONGEST_RETRY_AFTER = 600.0
MESSAGE_CHARACTERS = 500
STATUS_OF_WORD = (
    (("insufficient_quota", "insufficient_credit", "insufficient_balance", "billing", "payment"), 402),
    (("rate_limit", "too_many_requests", "resource_exhausted", "throttl"), 429),
    (("api_key", "authentication", "unauthenticated", "unauthorized"), 401),
    (("permission", "forbidden"), 403),
    (("not_found",), 404),
    (("invalid", "context_length", "content_filter", "bad_request", "unsupported"), 400),
    (("timeout",), 408),
)
"""Parts of the words that name an error where there is no status, and the status they stand for; else it is 500."""


@dataclass(frozen=True)
class RequestFailure:
    """Why an attempt returned no completion."""

    reason: str
    is_transient: bool
    """Whether a retry may succeed."""
    is_silent: bool = False
    """Whether the server did not respond at all."""
    is_timed_out: bool = False
    """Whether the request's time limit ended it."""
    is_unreached: bool = False
    """Whether the connection failed, so that the request was never sent."""
    is_busy: bool = False
    """Whether the server is overloaded rather than broken."""
    is_rejected: bool = False
    """Whether the server rejected the request as it was written."""
    is_empty: bool = False
    """Whether the model ended without a text."""
    is_paid: bool = False
    """Whether the server did the work and will charge for it, although the result is unusable."""
    tokens: tuple[int, int] | None = None
    """Prompt and completion tokens, if the server reported them."""
    retry_after: float | None = None
    """Seconds the server asked to wait before a retry."""
    refusal: str | None = None
    """Why every row would fail, and what to do about it; None for other failures."""

    def pause(self, attempts: int, backoff: float, longest: float) -> float:
        """Return the seconds until a retry: what the server asked for, or exponential backoff with full jitter.

        Full jitter, after M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
        """
        if self.retry_after is not None:
            return self.retry_after + random.uniform(0, backoff)
        return random.uniform(0, min(longest, backoff * 2 ** min(attempts - 1, 16)))


def response_failure(error: "openai.APIStatusError") -> RequestFailure:
    """Classify a response with another status than success."""
    status, headers = error.status_code, error.response.headers
    if status // 100 == 3:
        place = shown_url(headers.get("location", "another place"))
        refusal = f"it redirects to {place}, which is not followed: set the URL to that place if you trust it"
        return RequestFailure(f"{status}: {_message(error)}", is_transient=False, refusal=refusal)
    return status_failure(status, _message(error), str(error.code or ""), headers)


def answer_failure(error: ErrorInAnswerError) -> RequestFailure:
    """Classify an error inside a successful response like the status that it names. It is not charged."""
    code = error.code.strip().lower().replace("-", "_").replace(" ", "_")
    words = (status for names, status in STATUS_OF_WORD if any(name in code for name in names))
    status = int(code) if code.isdecimal() and len(code) == 3 else next(words, 500)
    return status_failure(status, str(error)[:MESSAGE_CHARACTERS], code, {})


def status_failure(status: int, message: str, code: str, headers: Mapping[str, str]) -> RequestFailure:
    """Classify a failure by its status, the error's code and the headers."""
    refusal = REFUSALS.get(status)
    if code == "insufficient_quota":
        refusal = "the account's quota is used up: top it up"
    return RequestFailure(
        reason=f"{status}: {message}",
        is_transient=refusal is None and (status in TRANSIENT or status >= 500),
        is_busy=refusal is None and status == 429,
        is_rejected=refusal is None and 400 <= status < 500 and status not in TRANSIENT,
        retry_after=retry_after(headers),
        refusal=refusal,
    )


def connection_failure(error: Exception) -> RequestFailure:
    """Classify a connection that failed, broke or timed out. The innermost cause gives the message."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    is_sent = not isinstance(cause, ConnectionRefusedError | socket.gaierror)
    reason = with_shown_urls(f"{type(cause).__name__}: {cause}".rstrip(": "))
    return RequestFailure(reason, is_transient=True, is_silent=True, is_unreached=not is_sent, is_paid=is_sent)


def budget_error(budget: Budget, calls: str, worst: float) -> BudgetError:
    """Return the error for calls that the budget has no room for."""
    return BudgetError(
        f"the budget is {in_dollars(budget.budget or 0.0)}, {in_dollars(budget.spent)} of it are spent, and {calls} "
        f"could cost {in_dollars(worst)}; everything so far is kept: raise SKYASSETS_BUDGET (or the recipe's budget), "
        "and run again"
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in a `Retry-After` header, which holds a number or a date; None without the header."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _message(error: "openai.APIStatusError") -> str:
    """Return the server's error message, without the wrapping that differs between servers."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error.response.text.strip() or error.response.reason_phrase)[:MESSAGE_CHARACTERS]
