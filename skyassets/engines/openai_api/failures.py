"""What a failed attempt at a model server means: is it worth another, when, and what to say of it.

Pure: it reads the error and says; it asks nobody and sleeps never.
"""

import math
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openai

REFUSALS = {
    401: "the key is refused: check the API key",
    402: "the account has no credit left: top it up",
    403: "access is forbidden: check what the API key may use",
    404: "nothing answers to that name: check the model's name, and that the URL ends where the API begins (often /v1)",
}
PASSING = {408, 409, 425, 429}
LONGEST_RETRY_AFTER = 600.0


@dataclass(frozen=True)
class RequestFailure:
    """Why one attempt brought no completion."""

    reason: str
    is_passing: bool
    """Another attempt may fare better."""
    is_silent: bool = False
    """Nobody answered at all."""
    is_unreached: bool = False
    """No connection came about: the request was never sent."""
    is_busy: bool = False
    """The server has too much to do; it is not broken."""
    is_paid: bool = False
    """The server did the work, and will want its money, though nothing usable came of it."""
    tokens: tuple[int, int] | None = None
    """Prompt and completion tokens, where the server told them all the same."""
    retry_after: float | None = None
    """Seconds the server asked to be left alone."""
    refusal: str | None = None
    """Why no row would fare better, and what to do about it."""


def fault_of(error: "openai.APIStatusError") -> RequestFailure:
    """What an answer with a 4xx or 5xx status means."""
    status = error.status_code
    refusal = REFUSALS.get(status)
    if error.code == "insufficient_quota":
        refusal = "the account's quota is used up: top it up"
    return RequestFailure(
        reason=f"{status}: {_message(error)}",
        is_passing=refusal is None and (status in PASSING or status >= 500),
        is_busy=refusal is None and status == 429,
        retry_after=retry_after(error.response.headers),
        refusal=refusal,
    )


def silence_of(error: Exception) -> RequestFailure:
    """What a connection that failed, broke or fell silent means; its deepest cause tells most."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    is_unreached = isinstance(cause, ConnectionRefusedError | socket.gaierror)
    reason = f"{type(cause).__name__}: {cause}".rstrip(": ")
    return RequestFailure(reason, is_passing=True, is_silent=True, is_unreached=is_unreached, is_paid=not is_unreached)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in a `Retry-After` header, given as a number or as a date; None without one."""
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
    """The server's own words, without the wrapping that differs from one server to the next."""
    body = error.body
    words = body.get("message") if isinstance(body, dict) else None
    return str(words or error.response.text.strip() or error.response.reason_phrase)[:500]
