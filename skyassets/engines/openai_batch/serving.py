"""Asks through OpenAI's Batch API: at half the price, within a day, and taken up again by whichever run comes next.

What a batch's fate becomes:

| seen | becomes |
| --- | --- |
| completed, expired, cancelled | its completed rows are replies; each other row has the error its line tells |
| failed for the queue being full | sent again when another batch has ended; alone, as smaller batches |
| failed for anything else (a wrong line, an unknown model) | ServerError with the messages |
| 408, 409, 425, 429, 5xx, a broken or silent connection | tried again; ServerError after `patience` seconds of it |
| 401, 402, 403, 404, a quota used up | ServerError |
| rows that could pass the budget | not sent; BudgetError, once what was sent has been collected |

A batch goes on without us. What it holds is noted before it is created, so a run that was killed, at any point, finds
it again and pays nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.ports import CompletionClient, Model, Reply, Request
from skyassets.engines.openai_batch.client import BatchAccount
from skyassets.engines.openai_batch.run import BatchAsk
from skyassets.engines.openai_batch.settings import BatchSettings
from skyassets.engines.openai_batch.spool import scratch


@dataclass
class OpenAIBatch(BatchSettings):
    """Keeps the ports `ModelProvider` and `CompletionClient` over the Batch API of one server."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Itself, for as long as the context lasts; nobody is asked anything before there is something to ask.

        Raises:
            ServerError: for weights that we made ourselves: they are not there.
        """
        if weights is not None:
            raise ServerError(
                f"{self.endpoint.base_url}: a batch cannot ask for {model.name}, whose weights are ours ({weights}): "
                "serve them from here, without batches"
            )
        yield self

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Answer every request, handing the replies of a batch to `keep` as soon as it has ended.

        Raises:
            ServerError: when nobody can be asked, or a batch is refused; batches under way are found by the next run.
            BudgetError: when some could pass the budget; all others have been answered.
        """
        with (
            BatchAccount(self.endpoint, self.folder, self.patience, self.backoff, self.settling) as account,
            scratch(self.folder) as spool,
        ):
            BatchAsk(self, account, requests, spool, keep).run()
