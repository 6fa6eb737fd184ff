"""One OpenAI-compatible server as the asker sees it: where it is, what it calls the model, and how much it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field


def _not_lost() -> str:
    return ""


@dataclass(frozen=True)
class Endpoint:
    """Where requests can be sent. Several of them share one queue, each taking what it can."""

    base_url: str
    model_name: str
    """What the server calls the model."""
    api_key: str = field(default="none", repr=False)
    concurrency: int = 32
    """Requests in flight there, at most."""
    served_by: str = "an OpenAI-compatible server"
    rpm: int | None = None
    """Requests a minute, at most; without it, what the server's headers tell."""
    tpm: int | None = None
    """Tokens a minute, at most; without it, what the server's headers tell."""
    lost: Callable[[], str] = field(default=_not_lost, repr=False, compare=False)
    """Says why this server will never answer again; empty while it may."""
