"""Conversion to and from a batch's files: requests to lines, and result lines to replies. No network access."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import IO, Any, Literal

from skyassets.core.ports import Reply, Request
from skyassets.core.text import well_formed
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.chat_format.error_body import error_of
from skyassets.engines.chat_format.refusal_text import kind_of
from skyassets.engines.chat_format.reply import ErrorInAnswerError, UnusableError, reply_of
from skyassets.engines.openai_api.failures import MESSAGE_CHARACTERS

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"


def line_of(request: Request, model_name: str, dialect: Dialect) -> bytes:
    """Return the line for `request`; the row's id identifies it."""
    body = dialect.body(request, model_name)
    line = {"custom_id": request.id, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line).encode("ascii") + b"\n"


@dataclass(frozen=True)
class Answer:
    """One row's line in an output or error file: a completion's JSON, or why there is none."""

    id: str
    body: dict[str, Any] | None
    error: str = ""
    """The server's whole message."""


def answer_of(line: bytes) -> Answer:
    """Parse a line.

    Raises:
        ValueError: if it is not a result.
    """
    result = json.loads(line)
    try:
        row, response, error = str(result["custom_id"]), result.get("response"), result.get("error")
        body = response.get("body") if response else None
        if error:
            return Answer(row, None, f"{error.get('code')}: {error.get('message')}")
        if response["status_code"] != 200:
            message = error_of(json.dumps(body).encode(), "no reason given").message
            return Answer(row, None, f"{response['status_code']}: {message}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a batch's line: {line[:200]!r}") from error
    return Answer(row, body if isinstance(body, dict) else {})


def reply_from(request: Request, answer: Answer, seconds: float, served_by: str) -> Reply:
    """Return the reply in an answer; without a completion, a reply with an error and the tokens charged for it."""
    if answer.body is None:
        return failed(request, answer.error[:MESSAGE_CHARACTERS], seconds, served_by)
    try:
        return reply_of(request, json.dumps(answer.body).encode(), seconds, served_by)
    except ErrorInAnswerError as error:
        return failed(request, f"{error.error.code}: {error}".removeprefix(": "), seconds, served_by)
    except UnusableError as error:
        # A batch is one attempt: what it charged for is not asked again, unless the server broke it off.
        reply = replace(failed(request, str(error), seconds, served_by), is_final=not error.is_broken_off)
        if error.tokens is None:
            return replace(reply, dollars=None)
        return replace(reply, prompt_tokens=error.tokens[0], completion_tokens=error.tokens[1])


def failed(request: Request, reason: str, seconds: float, served_by: str) -> Reply:
    """Return the reply for a request that failed."""
    return Reply(request.id, "", "error", 0, 0, seconds, served_by, well_formed(reason))


def answers_of(file: IO[bytes]) -> Iterator[Answer]:
    """Yield the answers in a file, without unreadable lines."""
    file.seek(0)
    for line in file:
        with contextlib.suppress(ValueError):
            yield answer_of(line)


def common_error(files: Iterable[IO[bytes]], rows: Set[str]) -> str:
    """Return an error of the one kind that all `rows` have, if the files hold no others; else an empty text."""
    answers = {answer.id: answer for file in files for answer in answers_of(file)}
    if answers.keys() != rows or any(answer.body is not None for answer in answers.values()):
        return ""
    errors = {kind_of(answer.error): answer.error for answer in answers.values()}
    return errors.popitem()[1] if len(errors) == 1 else ""


def unreadable(file: IO[bytes]) -> int:
    """Return how many lines of a file hold no answer."""
    file.seek(0)
    count = 0
    for line in file:
        try:
            answer_of(line)
        except ValueError:
            count += bool(line.strip())
    return count
