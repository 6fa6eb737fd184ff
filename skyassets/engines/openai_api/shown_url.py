"""URLs as they may be shown and stored: without passwords, and without the keys that gateways take in the query."""

import re
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit

_HARMLESS = re.compile(r"api-version=[\w.-]*", re.IGNORECASE)
"""The query parameter that is shown as it is. The value of any other one may be a key."""
MASK = "***"
_URL = re.compile(r"https?://[^\s'\"<>]+")


def shown_url(url: str) -> str:
    """`url` with user name, password, the values in its query and its fragment masked; unchanged if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    shown = parts._replace(
        netloc=f"{MASK if user else ''}{at}{host}",
        query="&".join(map(_shown_parameter, parts.query.split("&"))),
        fragment=MASK if parts.fragment else "",
    )
    return url if shown == parts else shown.geturl()


def with_shown_urls(text: str) -> str:
    """`text`, such as an exception's, with each URL in it as `shown_url` gives it."""
    return _URL.sub(lambda match: shown_url(match[0]), text)


def without_secrets_of(url: str, content: bytes, shortest: int) -> bytes:
    """`content` with the masked values of `url` masked too, in each spelling, if they have `shortest` characters."""
    for secret in _secrets(url):
        if len(secret) >= shortest:
            content = content.replace(secret.encode(), MASK.encode())
    return content


def _secrets(url: str) -> list[str]:
    """The secret values, the longest first."""
    parts = urlsplit(url)
    values = [value for each in parts.query.split("&") if (value := _value(each))]
    values += (parts.netloc.rpartition("@")[0]).split(":")
    plain = [unquote_plus(value) for value in values]
    quoted = [spelling for each in plain for spelling in (quote(each), quote(each, safe=""), quote_plus(each))]
    return sorted({*values, *plain, *quoted}, key=len, reverse=True)


def _shown_parameter(parameter: str) -> str:
    value = _value(parameter)
    return f"{parameter.removesuffix(value)}{MASK}" if value else parameter


def _value(parameter: str) -> str:
    """The secret part of a `name=value` in a query; a parameter without a name is secret as a whole."""
    if _HARMLESS.fullmatch(parameter):
        return ""
    name, equals, value = parameter.partition("=")
    return value if equals else name
