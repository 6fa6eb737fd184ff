"""Harmony, the format of gpt-oss: messages in channels, of which only `final` is the answer.

It is read raw and without its special tokens, which many servers strip: then the names of role and channel stay in the
text, glued to it (`analysisWe need ...assistantfinalThe answer is ...`).
"""

import re

FINAL = "final"
CHANNELS = f"analysis|commentary|{FINAL}"
TOKENS = r"<\|(?:channel|message|constrain)\|>"
"""The special tokens that only this format has."""
_HEADER = re.compile(
    rf"(?:<\|start\|>[^<>]{{0,200}}|assistant)?<\|channel\|>\s*({CHANNELS})\b[^<>]{{0,200}}"
    r"(?:<\|constrain\|>[^<>]{0,200})?<\|message\|>"
)
_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_GLUED = r"(?=[A-Z0-9\\$*#\[{<(\"'`|>\n-])"
"""What follows the name of a channel at once when the tokens are gone."""
BOUNDARY = rf"assistant(?:{CHANNELS}){_GLUED}"
"""The start of a later message without its tokens, as no other text has it."""
_BOUNDARY = re.compile(rf"assistant({CHANNELS})(?: to=\S+)?")
_CLEAR_BOUNDARY = re.compile(rf"assistant({CHANNELS}){_GLUED}")
_OPENING = re.compile(r"\s*(?:analysis|commentary)(?=(?P<glued>[^\W\d_])?)")

Message = tuple[str, str]
"""A message's channel and content."""


def messages(text: str) -> list[Message] | None:
    """The messages of `text` in order; None if it is not in this format.

    Raw text begins with a message, or has one that a finished message or a role precedes. Without the tokens, the text
    begins with a channel's name glued to a letter, or has `assistantfinal` glued to the beginning of an answer: a text
    that only begins with the word "analysis" is prose.
    """
    headers = list(_HEADER.finditer(text))
    if headers and _is_raw(text, headers[0]):
        return _raw(text, headers)
    if re.match(r"\s*(?:<\|start\|>\s*assistant\s*)?<\|channel\|>", text):
        return [("analysis", "")]
    return _stripped(text)


def _is_raw(text: str, first: re.Match[str]) -> bool:
    before = text[: first.start()].rstrip()
    return not before or first[0].startswith(("<|start|>", "assistant")) or before.endswith(("<|end|>", "<|call|>"))


def _raw(text: str, headers: list[re.Match[str]]) -> list[Message]:
    ends = [*(header.start() for header in headers[1:]), len(text)]
    found = [(header[1], _body(text[header.end() : end])) for header, end in zip(headers, ends, strict=True)]
    # A prompt may already open the first message, so that the text begins in the middle of it.
    before = _body(text[: headers[0].start()])
    return [("analysis", before), *found] if before else found


def _body(content: str) -> str:
    end = _END.search(content)
    return content[: end.start() if end else None].strip()


def _stripped(text: str) -> list[Message] | None:
    opening = _OPENING.match(text)
    is_opened = opening is not None and (opening["glued"] is not None or _BOUNDARY.search(text) is not None)
    boundaries = list((_BOUNDARY if is_opened else _CLEAR_BOUNDARY).finditer(text))
    if not is_opened and not boundaries:
        return None
    starts = [opening.end() if opening and is_opened else 0, *(each.end() for each in boundaries)]
    ends = [*(each.start() for each in boundaries), len(text)]
    channels = ["analysis", *(each[1] for each in boundaries)]
    contents = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return list(zip(channels, contents, strict=True))
