"""Completes requests through OpenAI's Batch API: at half the price, within a day, and resumed by the next run.

How results and failures are handled:

| state | result |
| --- | --- |
| completed, expired, cancelled | its completed rows are replies; each other row has its line's error |
| failed because the queue is full | sent again when another batch has ended; if alone, as smaller batches |
| failed for another reason (an invalid line, an unknown model) | ServerError with the messages |
| 408, 409, 425, 429, 5xx, a broken or silent connection | retried; ServerError after `patience` seconds |
| 401, 402, 403, 404, an exhausted quota | ServerError |
| rows that could exceed the budget | not sent; BudgetError, after what was sent has been collected |

A batch continues without us. Its rows are recorded before it is created, so after a kill at any point the next run
finds it and pays for nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.ports import CompletionClient, Model, Reply, Request
from skyassets.engines.openai_batch.client import BatchAccount
from skyassets.engines.openai_batch.run import BatchRun
from skyassets.engines.openai_batch.settings import BatchSettings
from skyassets.engines.openai_batch.spool import scratch


@dataclass
class OpenAIBatch(BatchSettings):
    """Implements the ports `ModelProvider` and `CompletionClient` with the Batch API of one server."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Yield this object; no request is sent before `ask`.

        Raises:
            ServerError: for weights that we trained ourselves: the server does not have them.
        """
        if weights is not None:
            raise ServerError(
                f"{self.endpoint.shown}: the Batch API does not have {model.name}, which we trained ({weights}): "
                "serve it from this machine, without batches"
            )
        yield self

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Complete every request, passing the replies of a batch to `keep` as soon as it has ended.

        Raises:
            ServerError: if the server cannot be used or rejects a batch; the next run finds the batches in progress.
            BudgetError: if some rows could exceed the budget; all others have been completed.
        """
        with (
            BatchAccount(self.endpoint, self.folder, self.patience, self.backoff, self.listing_delay) as account,
            scratch(self.folder) as spool,
        ):
            BatchRun(self, account, requests, spool, keep).run()
