"""Model servers that already run elsewhere: OpenAI's, another provider's, your own vLLM. Starts and stops nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.money import FREE, Budget, Price
from skyassets.core.ports import CompletionClient, Model
from skyassets.core.text import silent
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint


@dataclass(frozen=True)
class RemoteServing:
    """Implements the `ModelProvider` port with one or more URLs."""

    endpoints: tuple[Endpoint, ...]
    price: Price = FREE
    run_budget: Budget = field(default_factory=Budget)
    timeout: float = 1800.0
    attempts: int = 10
    log: Callable[[str], None] = silent

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Yield a client for `model`, after checking that its servers respond.

        Raises:
            ServerError: if none responds, one rejects the key, or one does not have the model we trained ourselves.
        """
        client = OpenAIClientPool(
            self.endpoints, self.timeout, self.attempts, price=self.price, run_budget=self.run_budget, log=self.log
        )
        for endpoint, names in zip(self.endpoints, client.models(), strict=True):
            if weights is not None and endpoint.model_name not in names:
                raise ServerError(
                    f"{endpoint.shown}: has no model {endpoint.model_name!r}, which we trained: load the folder "
                    f"{weights} there under this name, or serve it from this machine; the server lists "
                    f"{', '.join(names) or 'no models'}"
                )
        yield client
