"""transformers on this machine, through `transformers_app`: the server for machines where vLLM cannot run.

As seeded and as strict about sampling as vLLM, and slower; the two do not draw the same texts from the same seed.
"""

import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.hints import INSTALL
from skyassets.core.money import Budget
from skyassets.core.ports import CompletionClient, Model
from skyassets.engines.host.metering import Metered, metering, unmetered
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.serving.process import LOGS, ServerProcess, free_ports
from skyassets.engines.serving.supervisor import Restarts, kept

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait for each other sleep: spinning, they cost 25 times the time wherever anything else runs too."""


@dataclass(frozen=True)
class TransformersServer:
    """Keeps the `ModelProvider` port with a transformers server of our own."""

    resolve: Callable[[Model], Path | str]
    """Where a model's weights are: a folder, or a hub id for transformers to fetch."""
    concurrency: int = 32
    """Rows decoded at once."""
    restarts: Restarts = field(default_factory=Restarts)
    patience: float = 600.0
    timeout: float = 1800.0
    logs: Path = LOGS
    said: Callable[[str], None] = print
    metered: Metered = unmetered
    """Told of the one machine that is held, from the start to the stop."""
    run_budget: Budget = field(default_factory=Budget)
    """The run's: the calls cost nothing, but none goes out once machine time has used up the budget."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """An asker for `model`, with a server of its own behind it.

        Raises:
            ServerError: when transformers is missing, or the server does not start, with the end of its log.
        """
        if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
            raise ServerError(f"transformers: not installed: {INSTALL}")
        place = weights or self.resolve(model)
        (port,) = free_ports(1)
        program = (sys.executable, "-m", "skyassets.engines.serving.transformers_app")
        options = ("--model", place, "--name", model.name, "--port", port, "--most-rows", self.concurrency)
        process = ServerProcess(
            name=f"transformers ({model.name})",
            command=(*program, *map(str, options)),
            environment=SHARING | ({"HF_HUB_OFFLINE": "1"} if isinstance(place, Path) else {}),
            health_url=f"http://127.0.0.1:{port}/health",
            log=self.logs / f"transformers-{port}.log",
            patience=self.patience,
            said=self.said,
        )
        with metering(self.metered, 1) as unmeterable, kept((process,), self.restarts) as (keeper,):
            endpoint = Endpoint(
                f"http://127.0.0.1:{port}/v1",
                model.name,
                concurrency=self.concurrency,
                served_by=f"transformers {importlib.metadata.version('transformers')}",
                lost=lambda: keeper.lost() or unmeterable(),
            )
            patience = self.restarts.longest(self.patience)
            yield OpenAIClientPool(
                (endpoint,), self.timeout, patience=patience, run_budget=self.run_budget, said=self.said
            )
