"""One OpenAI-compatible server: its URL, its name for the model, and its limits."""

from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.engines.openai_api.shown_url import shown_url


def _not_lost() -> str:
    return ""


@dataclass(frozen=True)
class Endpoint:
    """A server to send requests to. Several endpoints share one queue, each taking what it has capacity for."""

    base_url: str = field(repr=False)
    """Where to send requests. It may hold a gateway's key: messages, logs and tables have `shown`."""
    model_name: str
    """The server's name for the model."""
    api_key: str = field(default="none", repr=False)
    concurrency: int = 32
    """Most requests in flight."""
    served_by: str = "an OpenAI-compatible server"
    rpm: int | None = None
    """Most requests a minute; if None, the limit in the server's headers."""
    tpm: int | None = None
    """Most tokens a minute; if None, the limit in the server's headers."""
    lost: Callable[[], str] = field(default=_not_lost, repr=False, compare=False)
    """Returns why this server will never respond again; empty as long as it may."""

    @property
    def shown(self) -> str:
        """The URL as it may be shown."""
        return shown_url(self.base_url)
