"""Classifies a failed request to a model server: whether and when to retry it, and the error message.

No network access and no waiting.
"""

import json
import math
import random
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import Budget, in_dollars
from skyassets.engines.chat_format.error_body import WEB_PAGE, ErrorBody, error_of
from skyassets.engines.chat_format.refusal_text import is_filtered, is_limit_too_large, is_out_of_credit, is_too_long
from skyassets.engines.openai_api.shown_url import shown_url, with_shown_urls

if TYPE_CHECKING:
    import openai

REFUSALS = {
    401: "the API key is rejected: check it",
    402: "the account has no credit left: top it up",
    403: "access is forbidden: check what the API key may use",
    404: "not found: check the model's name, and that the URL ends where the API begins (often /v1)",
}
NO_CREDIT = "the account's quota is used up or it has no credit left: top it up"
FILTERING = {400, 403, 422, 451}
"""Statuses with which providers refuse one text by their filter."""
NEVER = {501, 505}
"""Statuses of a server that cannot do what is asked at all."""
TRANSIENT = {408, 409, 425, 429}
LONGEST_RETRY_AFTER = 600.0
MESSAGE_CHARACTERS = 500
SHORTEST_REPEATED = 8
"""Characters of a sent text that are looked for in an error."""
STATUS_OF_CODE = (
    (("insufficient_quota", "insufficient_credit", "insufficient_balance", "billing", "payment"), 402),
    (("rate_limit", "too_many_requests", "resource_exhausted", "throttl"), 429),
    (("api_key", "authentication", "unauthenticated", "unauthorized"), 401),
    (("permission", "forbidden"), 403),
    (("not_found",), 404),
    (("invalid", "context_length", "content_filter", "bad_request", "unsupported"), 400),
    (("timeout",), 408),
)
"""Parts of the codes that name an error where there is no status, and the status they stand for."""
STATUS_OF_MESSAGE = (
    (("rate limit", "too many requests", "request limit"), 429),
    (("api key", "unauthorized"), 401),
    (("does not exist",), 404),
    (("not supported", "unsupported", "unrecognized"), 400),
)
"""The same for messages, where the code names nothing; else it is 500."""


class RefusedError(ServerError):
    """A server refuses every request. What is in flight may still be answered."""


@dataclass(frozen=True)
class RequestFailure:
    """Why an attempt returned no completion."""

    reason: str
    """At most `MESSAGE_CHARACTERS` of the server's message, after the status."""
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
    is_of_the_row: bool = False
    """Whether a rejection is about this row's text, so that it says little about the others."""
    is_empty: bool = False
    """Whether the model ended without a text."""
    is_page: bool = False
    """Whether the answer is a web page."""
    is_broken_off: bool = False
    """Whether the server broke the text off."""
    is_paid: bool = False
    """Whether the server did the work and will charge for it, although the result is unusable."""
    tokens: tuple[int, int] | None = None
    """Prompt and completion tokens, if the server reported them."""
    retry_after: float | None = None
    """Seconds the server asked to wait before a retry."""
    message: str = ""
    """The server's whole message."""
    refusal: str | None = None
    """Why every row would fail, and what to do about it; None for other failures."""

    def pause(self, attempts: int, backoff: float, longest: float) -> float:
        """Return the seconds until a retry: what the server asked for, or exponential backoff with full jitter.

        Full jitter, after M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
        """
        if self.retry_after is not None:
            return self.retry_after + random.uniform(0, backoff)
        return random.uniform(0, min(longest, backoff * 2 ** min(attempts - 1, 16)))


def response_failure(error: "openai.APIStatusError", sent: Iterable[str] = ()) -> RequestFailure:
    """Classify a response with another status than success. The texts that were `sent` say nothing about it."""
    response = error.response
    body = error_of(response.content, response.reason_phrase)
    body = replace(body, message=_without(body.message, sent))
    if response.status_code // 100 == 3:
        place = shown_url(response.headers.get("location", "another place"))
        refusal = f"it redirects to {place}, which is not followed: set the URL to that place if you trust it"
        return RequestFailure(_reason(response.status_code, body), is_transient=False, refusal=refusal)
    return status_failure(response.status_code, body, response.headers)


def answer_failure(body: ErrorBody) -> RequestFailure:
    """Classify an error inside a successful response like the status that it names. It is not charged."""
    if body.code.isdecimal() and len(body.code) == 3 and 400 <= int(body.code) < 600:
        return status_failure(int(body.code), body, {})
    code = body.code.lower().replace("-", "_").replace(" ", "_")
    named = [status for words, status in STATUS_OF_CODE if any(word in code for word in words)]
    if is_out_of_credit(body.message):
        named.append(402)
    elif is_filtered(body.message):
        named.append(400)
    named += [status for words, status in STATUS_OF_MESSAGE if any(word in body.message.lower() for word in words)]
    return status_failure(named[0] if named else 500, body, {})


def page_failure() -> RequestFailure:
    """Classify a web page with the status 200: no model made it. It may pass, as a proxy's page does."""
    return RequestFailure(f"200: {WEB_PAGE}", is_transient=True, is_page=True)


def status_failure(status: int, body: ErrorBody, headers: Mapping[str, str]) -> RequestFailure:
    """Classify a failure by its status, the error in its body and the headers."""
    is_client_error = 400 <= status < 500 or status in NEVER
    refusal = REFUSALS.get(status)
    is_of_the_row = status == 413 or (is_too_long(body.message) and not is_limit_too_large(body.message))
    if is_client_error and (is_out_of_credit(body.message) or is_out_of_credit(body.code)):
        refusal = NO_CREDIT
    elif status in FILTERING and (is_filtered(body.message) or is_filtered(body.code)):
        refusal, is_of_the_row = None, True
    return RequestFailure(
        reason=_reason(status, body),
        is_transient=refusal is None and (status in TRANSIENT or (status >= 500 and status not in NEVER)),
        is_busy=refusal is None and status == 429,
        is_rejected=refusal is None and is_client_error and status not in TRANSIENT,
        is_of_the_row=is_of_the_row,
        retry_after=retry_after(headers),
        message=body.message,
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


def _without(message: str, sent: Iterable[str]) -> str:
    """`message` without the texts of the request that it repeats, as they are or as they stand in JSON."""
    for text in sent:
        for written in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            if len(written) >= SHORTEST_REPEATED:
                message = message.replace(written, "...")
    return message


def _reason(status: int, body: ErrorBody) -> str:
    return f"{status}: {body.message[:MESSAGE_CHARACTERS]}"
