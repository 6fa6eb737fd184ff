"""The environment variables in which people keep the keys of providers; each key is sent to its own provider only."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from skyassets.core.errors import SkyassetsError

KEY_OF_HOST = {
    "api.openai.com": "OPENAI_API_KEY",
    **dict.fromkeys(
        (
            "openai.azure.com", "openai.azure.us", "openai.azure.cn", "services.ai.azure.com",
            "cognitiveservices.azure.com",
        ),
        "AZURE_OPENAI_API_KEY",
    ),
    "api.anthropic.com": "ANTHROPIC_API_KEY",
    "api.deepseek.com": "DEEPSEEK_API_KEY",
    "api.fireworks.ai": "FIREWORKS_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
    "api.groq.com": "GROQ_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "api.moonshot.ai": "MOONSHOT_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
    "api.together.ai": "TOGETHER_API_KEY",
    "api.together.xyz": "TOGETHER_API_KEY",
    "api.x.ai": "XAI_API_KEY",
}  # fmt: skip
"""A host, which includes its subdomains, to the variable that its own documentation names."""


def checked_key(name: str, environment: Mapping[str, str]) -> str:
    """The key in a variable, without the space around it; empty without one.

    Raises:
        SkyassetsError: for a character that no header can hold, such as a line break or a typographic quote.
    """
    key = environment.get(name, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise SkyassetsError(
            f"{name} has a character that no key has (a line break, a typographic quote): paste it again"
        )
    return key


def provider_key(url: str, environment: Mapping[str, str]) -> str:
    """The key for `url` from its provider's own variable; empty without one."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return ""
    host = f".{parts.hostname or ''}"
    return next((checked_key(name, environment) for own, name in KEY_OF_HOST.items() if host.endswith(f".{own}")), "")
