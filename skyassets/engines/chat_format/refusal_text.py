"""What a server's refusal is about, by its words: the row's text, the account, a parameter's value, or a role.

Servers share no codes for these, so the words are what there is. Sources: the error references of OpenAI, Azure,
Anthropic, Gemini, Mistral, DeepSeek, xAI, Alibaba, Moonshot, Z.ai, MiniMax and OpenRouter, and vLLM's source.
"""

import re

_FILTERED = re.compile(
    r"moderation|usage (?:guideline|polic)|content[_ ]?(?:polic|management|filter|moderation)|content exists risk|"
    r"(?:content|responsible)_?ai_?polic|safety|prohibited|data_?inspection|inappropriate|\bviolat|unsafe|harmful|"
    r"(?<!case-)(?<!case )sensitive|(?:flagged|blocked)\b.{0,60}\b(?:prompt|input|content|text)|"
    r"\b(?:prompt|input|content|text|request|response|output)s?\b.{0,60}\b(?:flagged|blocked)",
    re.IGNORECASE,
)
_SUPPORTED = re.compile(r"(?<![A-Za-z])supported (?:parameters|arguments|fields|values)\b.*", re.IGNORECASE | re.DOTALL)
"""A list of what a server takes, in a refusal of something else."""
_ACCOUNT = re.compile(
    r"\b(?:account|organi[sz]ation|project|team|api key|user)\b.{0,40}\b(?:flagged|blocked|suspended)|"
    r"organi[sz]ation'?s? polic",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:account )?(?:quota|credits?|balance|funds)|credit balance|not enough (?:credit|balance|funds)|"
    r"(?:out of|no|any|run out of|requires? more|no more) credits?\b|billing[_ ](?:hard[_ ]limit|not[_ ]active)|"
    r"usage limits?\b|spend(?:ing)? limit|budget (?:has been |is )?exceeded|all available credits|"
    r"account.{0,60}suspended|arrear|overdue[- ]payment|in good standing|prepay|欠费|"
    r"balance (?:is )?(?:too low|insufficient|not enough)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[_ ]?(?:length|window|size)|reduce (?:the|your) (?:length|prompt|input|messages)|"
    r"max(?:imum)?[_ ]model[_ ]len|maximum (?:context|prompt|input|number of (?:input )?tokens)|"
    r"too many (?:input )?tokens|entity too large|"
    r"\b(?:prompt|input|messages?|request|text|payload|content)s?\b.{0,40}(?:too (?:long|large|big)|exceed)",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"max_(?:completion_|output_|new_)?tokens.{0,60}(?:too (?:large|big|high)|at most|exceed|maximum|less than|"
    r"supports? )",
    re.IGNORECASE | re.DOTALL,
)
_OUT_OF_RANGE = re.compile(
    r"at least|at most|between|less than|greater than|lower than|higher than|(?:below|above) -?\d|\brange\b|"
    r"too (?:large|small|high|low)|non-?negative|\bpositive\b|minimum|maximum|[<>]=? ?\d",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:system|developer)['\"`]? (?:role|message|instruction|prompt|turn)|role.{0,40}\b(?:system|developer)\b|"
    r"['\"`](?:system|developer)['\"`]|roles? must alternate|only user and assistant|messages\[0\]\.role",
    re.IGNORECASE | re.DOTALL,
)
_STOP = re.compile(
    r"['\"`.]stop\b['\"`]?|: ?stop\b|\bstop:|\bstop (?:parameter|sequence|string|word)s?\b|parameters? stop\b",
    re.IGNORECASE,
)
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\b(?=\w*\d)[\w-]+\b|\s+")
"""What differs between equal refusals: numbers, ids of requests, quoted values."""


def is_filtered(text: str) -> bool:
    """Whether a provider's filter refused the row's text."""
    return bool(_FILTERED.search(text)) and not _ACCOUNT.search(text)


def is_out_of_credit(text: str) -> bool:
    """Whether the account cannot pay."""
    return bool(_NO_CREDIT.search(text))


def is_too_long(text: str) -> bool:
    """Whether the row's text is too long for the model, and not the requested limit."""
    return bool(_TOO_LONG.search(text)) and not re.search("unsupported|not support", text, re.IGNORECASE)


def is_limit_too_large(text: str) -> bool:
    """Whether the requested `max_tokens` is more than the model can write."""
    return bool(_LIMIT.search(text))


def is_out_of_range(text: str) -> bool:
    """Whether a parameter's value, and not the parameter, is refused."""
    return bool(_OUT_OF_RANGE.search(text))


def names_a_role(text: str) -> bool:
    """Whether the model's template takes no system message."""
    return bool(_ROLE.search(text))


def names(parameter: str, text: str) -> bool:
    """Whether a refusal names a parameter. `stop` is an ordinary word too, so it has to stand as a name."""
    text = _SUPPORTED.sub("", text)
    if parameter == "stop":
        return bool(_STOP.search(text))
    return bool(re.search(rf"(?<![\w-]){re.escape(parameter)}(?![\w-])", text, re.IGNORECASE))


def kind_of(text: str) -> str:
    """`text` without what differs between equal refusals of different rows."""
    return _VARYING.sub(" ", text).strip()
