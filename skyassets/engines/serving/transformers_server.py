"""A local transformers server, through `transformers_app`, for machines where vLLM cannot run.

It honours seeds and sampling parameters as vLLM does, but is slower. The same seed gives different texts in the two.
"""

import functools
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
from skyassets.engines.serving.idle_server import running
from skyassets.engines.serving.process import LOGS, ServerProcess
from skyassets.engines.serving.supervisor import Restarts

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait for each other sleep. If they spin, they take 25 times as long when anything else runs."""


@dataclass(frozen=True)
class TransformersServer:
    """Implements the `ModelProvider` port with a local transformers server."""

    resolve: Callable[[Model], Path | str]
    """Returns where a model's weights are: a folder, or a hub id for transformers to download."""
    concurrency: int = 32
    """Rows decoded at once."""
    restarts: Restarts = field(default_factory=Restarts)
    patience: float = 600.0
    timeout: float = 1800.0
    logs: Path = LOGS
    log: Callable[[str], None] = print
    metered: Metered = unmetered
    """Records the use of this one machine, from start to stop."""
    run_budget: Budget = field(default_factory=Budget)
    """The run's budget. Calls cost nothing, but none goes out once machine time has used it up."""
    stays: bool = False
    """Whether the server stays idle after its use, for a later one of the same model (see `idle_server`)."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Yield a client for `model`, served by a local server.

        Raises:
            ServerError: if transformers is missing or the server does not start, with the end of its log.
        """
        if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
            raise ServerError(f"transformers: not installed: {INSTALL}")
        place = weights or self.resolve(model)
        processes = functools.partial(self.processes, model, place)
        with (
            metering(self.metered, 1) as unmeterable,
            running(processes, 1, self.restarts, self.log, stays=self.stays) as (keeper,),
        ):
            endpoint = Endpoint(
                keeper.process.url,
                model.name,
                concurrency=self.concurrency,
                served_by=f"transformers {importlib.metadata.version('transformers')}",
                lost=lambda: keeper.lost() or unmeterable(),
            )
            patience = self.restarts.longest(self.patience)
            yield OpenAIClientPool(
                (endpoint,), self.timeout, patience=patience, run_budget=self.run_budget, log=self.log
            )

    def processes(self, model: Model, place: Path | str, ports: tuple[int, ...]) -> tuple[ServerProcess, ...]:
        """Return the process to run, on the only port."""
        (port,) = ports
        program = (sys.executable, "-m", "skyassets.engines.serving.transformers_app")
        options = ("--model", place, "--name", model.name, "--port", port, "--most-rows", self.concurrency)
        process = ServerProcess(
            name=f"transformers ({model.name})",
            command=(*program, *map(str, options)),
            environment=SHARING | ({"HF_HUB_OFFLINE": "1"} if isinstance(place, Path) else {}),
            health_url=f"http://127.0.0.1:{port}/health",
            log=self.logs / f"transformers-{port}.log",
            patience=self.patience,
            log_line=self.log,
        )
        return (process,)
