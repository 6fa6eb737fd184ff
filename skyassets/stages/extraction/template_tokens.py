"""Tokens of chat templates that a server decoded into a model's text, and that a student would learn."""

import re

from skyassets.stages.extraction.trace_format import MARKERS

_NAMES = "end|eot|eom|eos|bos|pad|sep|user|call|tool|turn"
"""Short names of tokens; of a longer name, the spelling alone is enough: `<|y|>` is mathematics."""
_NO_PROSE = re.compile(
    rf"<\|(?:{_NAMES}|[A-Za-z][A-Za-z0-9]*[_0-9][A-Za-z0-9_]*|[A-Za-z]{{5,}})\|>"  # ChatML, Llama 3, Phi, GLM, ...
    r"|<｜[^<>｜\s]+｜>"  # DeepSeek
    r"|</?(?:start|end)_of_turn>|<\|turn>|<turn\|>"  # Gemma
    r"|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"  # Llama 2, Mistral
    r"|\[\|(?:system|user|assistant|endofturn)\|\]"  # EXAONE
    r"|\]~!?b\[|\]~b\]|\[e~\["  # MiniMax
    r"|<seed:(?:bos|eos)>|<(?:extra_id_|SPECIAL_|reserved_|unused)\d+>"  # Seed-OSS, Nemotron, Baichuan, Gemma
)
_INST = r"\[/?INST\]"
_ENDS = r"</?s>"
_AMBIGUOUS = rf"{_INST}|{_ENDS}|<(?:bos|eos|pad|unk|sop|eop)>|\[gMASK\]"
_FIRST, _LAST = re.compile(_AMBIGUOUS), re.compile(rf"(?:{_AMBIGUOUS})\Z")
_ADJACENT = re.compile(rf"{_ENDS}\s*{_INST}|{_INST}\s*{_ENDS}")
_PARTS = re.compile("|".join(map(re.escape, MARKERS)))


def template_token(text: str) -> str | None:
    """The first token of a chat template in `text`, of whichever model; None if there is none.

    A spelling that no other text has (`<|im_end|>`, `<end_of_turn>`, `<｜end▁of▁sentence｜>`) counts anywhere. One that
    prose, HTML or programs have too (`[INST]`, `</s>`, `<eos>`) counts where a template writes it: at the very start or
    end of the text, of its thought or of its solution, or as `</s>` next to `[INST]`. An `<s>` that is closed within
    the text is HTML, and so is its end. Our own four markers do not count.

    What the student's own tokenizer reads as a special token is not known here: it is asked when tokens are counted.
    """
    found = [token for token in _NO_PROSE.finditer(text) if token[0] not in MARKERS][:1]
    found += [token for token in (_ADJACENT.search(text),) if token]
    if found:
        return min(found, key=re.Match.start)[0]
    return next(filter(None, map(_at_an_end, _PARTS.split(text))), None)


def _at_an_end(part: str) -> str | None:
    """The ambiguous token that `part` begins or ends with."""
    part = part.strip()
    first, last = _FIRST.match(part), _LAST.search(part[-16:])
    if first and first[0] == "<s>" and "</s>" in part[3:-4]:
        first = None
    if last and last[0] == "</s>" and not first and part.rfind("<s>") > part[:-4].rfind("</s>"):
        last = None
    token = first or last
    return token[0] if token else None
