"""A model server that already runs somewhere: OpenAI's, a provider's, your own vLLM. Starts and stops nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from skyassets.core.errors import ServerError
from skyassets.core.ports import Asker, Model
from skyassets.engines.openai_asker import OpenAIAsker


@dataclass(frozen=True)
class Endpoint:
    """Keeps the `Serving` port for a URL."""

    base_url: str
    api_key: str = field(default="none", repr=False)
    model_name: str | None = None
    """What the server calls the model, where that is not the model's own name."""
    concurrency: int = 32
    timeout: float = 1800.0
    attempts: int = 8

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[Asker]:
        """An asker for `model`, once the server has shown that it is there.

        Raises:
            ServerError: when it is not, refuses the key, or cannot have the weights we made ourselves.
        """
        name = self.model_name or model.name
        asker = OpenAIAsker(
            self.base_url,
            name,
            self.api_key,
            self.concurrency,
            served_by=urlsplit(self.base_url).hostname or self.base_url,
            timeout=self.timeout,
            attempts=self.attempts,
        )
        names = asker.models()
        if weights is not None and name not in names:
            raise ServerError(
                f"{self.base_url}: has no model {name!r}, whose weights are ours ({weights}): load that folder there "
                f"under this name, or serve it from here; it has {', '.join(names) or 'no model that it tells of'}"
            )
        yield asker
