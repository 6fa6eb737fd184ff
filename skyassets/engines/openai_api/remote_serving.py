"""Model servers that already run somewhere: OpenAI's, a provider's, your own vLLM. Starts and stops nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.money import FREE, Price, Purse
from skyassets.core.ports import Asker, Model
from skyassets.core.text import silent
from skyassets.engines.openai_api.completions import OpenAIAsker
from skyassets.engines.openai_api.endpoint import Upstream


@dataclass(frozen=True)
class Endpoint:
    """Keeps the `Serving` port for one URL or several."""

    upstreams: tuple[Upstream, ...]
    price: Price = FREE
    purse: Purse = field(default_factory=Purse)
    timeout: float = 1800.0
    attempts: int = 10
    said: Callable[[str], None] = silent

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[Asker]:
        """An asker for `model`, once its servers have shown that they are there.

        Raises:
            ServerError: when none is, one refuses the key, or one cannot have the weights we made ourselves.
        """
        asker = OpenAIAsker(
            self.upstreams, self.timeout, self.attempts, price=self.price, purse=self.purse, said=self.said
        )
        for upstream, names in zip(self.upstreams, asker.models(), strict=True):
            if weights is not None and upstream.model_name not in names:
                raise ServerError(
                    f"{upstream.base_url}: has no model {upstream.model_name!r}, whose weights are ours ({weights}): "
                    "load that folder there under this name, or serve it from here; it has "
                    f"{', '.join(names) or 'no model that it tells of'}"
                )
        yield asker
