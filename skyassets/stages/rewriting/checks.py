"""Checks of a model's rewrite that need only its text. Grading comes later.

Changed code, or a changed answer that only a grader can compare, is not a failure: it is reported and then graded.
"""

import re
from collections.abc import Mapping

from skyassets.stages.equivalence.compare import same
from skyassets.stages.extraction.final_answer import lenient_answer, strict_answer
from skyassets.stages.extraction.template_tokens import template_token
from skyassets.stages.extraction.thoughts import thought_tag
from skyassets.stages.extraction.trace_format import parse
from skyassets.stages.grading.extract_code import lenient_code, strict_code

CHECKS = ("no error text", "no refusal", "no thought tag", "no turn token", "format", "length", "form", "answer")
"""The order of the checks; the first that fails gives the reason."""

UNSEEN = "there is no thought and no solution to look at"

_ERROR_TEXT = re.compile(
    r"Error code: \d{3}\b"
    r"|\{[\"']error[\"']: ?\{[\"']"
    r"|\bopenai\.\w*Error\b"
    r"|\b(?:RateLimitError|APIConnectionError|APITimeoutError|AuthenticationError|BadRequestError)\b"
    r"|\bRate limit reached for\b"
    r"|\bYou exceeded your current quota\b"
    r"|\bThis model's maximum context length is\b"
    r"|\A\s*(?:Connection error|Request timed out|Internal Server Error|Service Unavailable|Bad Gateway)\.?\s*\Z"
)
_CANNOT = r"(?:can(?:no|['’]?)t|can not|am unable to|['’]m unable to|am not able to|['’]m not able to|won['’]?t)"
_HELP = r"(?:help|assist|comply|fulfil|provide|rewrite|generate)"
_REFUSAL = re.compile(
    rf"\bI(?:['’]m| am) (?:very |so |really )?sorry,? (?:but )?(?:as an AI[^.]{{0,60}}, ?)?I ?{_CANNOT}"
    rf"|\b(?:Sorry|I apologi[sz]e),? (?:but )?I ?{_CANNOT}"
    rf"|\bI ?{_CANNOT} {_HELP}[^.\n]{{0,40}}\b(?:that|this|your|the) (?:request|question|problem|text|content|attempt)"
    r"|\bI ?(?:can(?:no|['’]?)t|can not) (?:help|assist)(?: you)? with (?:that|this)\b"
    r"|\bAs an AI(?: language model| assistant)?,? I\b",
    re.IGNORECASE,
)


def checks(trace: str, text: str, domain: str, shortest: float, longest: float) -> dict[str, str | None]:
    """Why a rewrite of `trace` fails each of CHECKS; None for each check that it passes.

    `shortest` and `longest` limit the thought's length as a share of the trace's.
    """
    parts = parse(text)
    failures: dict[str, str | None] = {
        "no error text": _new(_ERROR_TEXT, trace, text, "an API's error text"),
        "no refusal": _new(_REFUSAL, trace, text, "a refusal"),
        "no thought tag": _left_tag(text),
        "no turn token": _left_token(text),
    }
    if parts is None:
        reason = "the four markers do not stand once each, in order"
        return failures | {"format": reason} | dict.fromkeys(CHECKS[CHECKS.index("format") + 1 :], UNSEEN)
    ratio = len(parts.thought) / max(len(trace), 1)
    too_far = None if shortest <= ratio <= longest else f"the thought is {ratio:.2f} times as long as the trace"
    return (
        failures
        | {"format": None, "length": too_far}
        | (_code(text) if domain == "code" else _answer(trace, text, domain))
    )


def first_failure(failures: Mapping[str, str | None]) -> str | None:
    """The reason of the first failed check; None if all passed."""
    return next((reason for name in CHECKS if (reason := failures[name])), None)


def error_text(text: str) -> str | None:
    """The start of an API error message in place of the model's text; None if there is none."""
    return _new(_ERROR_TEXT, "", text, "an API's error text")


def left_mark(text: str) -> str | None:
    """That a rewrite still holds a thought's tag or a template's token, which its student would learn; else None."""
    return _left_tag(text) or _left_token(text)


def changed(trace: str, text: str, domain: str) -> str | None:
    """What a passing rewrite changed and a grader has to judge; None if the answer or code is the same."""
    if domain == "code":
        before, after = lenient_code(trace), strict_code(text)
        if after is None or (before is not None and before.split() == after.split()):
            return None
        return "the code" if before is not None else "the code: the trace holds none"
    stated, boxed = lenient_answer(trace, domain), strict_answer(text)
    if stated is None or boxed is None or stated == boxed or same(boxed, stated):
        return None
    return f"the answer's spelling: {_short(stated)} became {_short(boxed)}"


def _left_tag(text: str) -> str | None:
    tag = thought_tag(text)
    return None if tag is None else f"a thought's tag is left in the rewrite: {' '.join(tag.split())}"


def _left_token(text: str) -> str | None:
    token = template_token(text)
    return None if token is None else f"a chat template's token is left in the rewrite: {token}"


def _new(pattern: re.Pattern[str], trace: str, text: str, what: str) -> str | None:
    """What the rewrite says but the trace does not: a trace may discuss an error, a rewrite may not add one."""
    match = pattern.search(text)
    return None if match is None or pattern.search(trace) else f"{what}: {_short(text[match.start() :])}"


def _code(text: str) -> dict[str, str | None]:
    form = None if strict_code(text) is not None else "the solution is not exactly one block of code"
    return {"form": form, "answer": form and "there is no code to compare"}


def _answer(trace: str, text: str, domain: str) -> dict[str, str | None]:
    stated, boxed = lenient_answer(trace, domain), strict_answer(text)
    if boxed is None:
        return {"form": "the solution boxes no answer", "answer": "there is no answer to compare"}
    if stated is None:
        return {"form": None, "answer": "the trace states no answer, the rewrite does"}
    # None from `same` means undecided, which is left to a grader.
    is_other = stated != boxed and same(boxed, stated) is False
    why = f"the answer was changed: {_short(stated)} became {_short(boxed)}"
    return {"form": None, "answer": why if is_other else None}


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"
