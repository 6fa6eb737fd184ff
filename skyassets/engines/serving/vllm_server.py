"""Local vLLM servers of one model, for as long as they are needed. Never imports vLLM itself.

Flags that change the output are fixed here: a row's id covers its sampling parameters, so nothing may come from the
model's own `generation_config.json`. The other flags depend on this machine, GPU or CPU.
"""

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.hints import INSTALL_CPU, INSTALL_VLLM
from skyassets.core.money import Budget
from skyassets.core.ports import CompletionClient, Model
from skyassets.engines.host.devices import cores, gpus, shares
from skyassets.engines.host.metering import Metered, metering, unmetered
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.serving.idle_server import running
from skyassets.engines.serving.process import LOGS, ServerProcess
from skyassets.engines.serving.supervisor import Restarts
from skyassets.engines.serving.vllm_options import VllmOptions

MEMORY_SHARE_ON_CPU = 0.3
"""Share of the machine's memory, for all servers together."""
ON_CPU = (
    "--enforce-eager",
    # Seeded sampling with chunked prefill crashes the CPU build ("CPU Generator does not use offset").
    "--no-enable-chunked-prefill",
    # Samples of one problem share the blocks of its prompt. vLLM's default of 128 tokens exceeds many prompts.
    *("--block-size", "32"),
)
"""Flags of the CPU build."""
IN_ONE_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "GOMP_SPINCOUNT": "10000"}
"""Environment of an engine that runs the model itself. Its threads spin for some microseconds when they wait: with the
default of milliseconds they take the time of all other processes, and nearly stop on a busy machine."""


@dataclass(frozen=True)
class VllmServer:
    """Implements the `ModelProvider` port with local vLLM servers."""

    resolve: Callable[[Model], Path | str]
    """Returns where a model's weights are: a folder, or a hub id for vLLM to download."""
    concurrency: int = 64
    """Sequences each server decodes at once. On two cores, 64 give 1.5 times the tokens per second of 32."""
    options: VllmOptions = field(default_factory=VllmOptions)
    restarts: Restarts = field(default_factory=Restarts)
    patience: float = 1200.0
    """Seconds to wait for the servers: a small model takes seconds, 32B from a cold disk many minutes."""
    timeout: float = 1800.0
    logs: Path = LOGS
    log: Callable[[str], None] = print
    metered: Metered = unmetered
    """Records the GPUs in use (1 for a machine without GPUs), from the first start to the last stop."""
    run_budget: Budget = field(default_factory=Budget)
    """The run's budget. Calls cost nothing, but none goes out once machine time has used it up."""
    stays: bool = False
    """Whether the server stays idle after its use, for a later one of the same model (see `idle_server`)."""

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Yield a client for `model`, served by local servers.

        Raises:
            ServerError: if vLLM cannot run here or a server does not start, with the end of its log.
        """
        problem = vllm_problem()
        if problem:
            raise ServerError(f"vllm: {problem}")
        place = weights or self.resolve(model)
        on_cpu = _is_cpu_build()
        devices = 1 if on_cpu else self.options.replicas * self.options.tensor_parallel
        processes = functools.partial(self.processes, model, place)
        with (
            metering(self.metered, devices) as unmeterable,
            running(processes, self.options.replicas, self.restarts, self.log, stays=self.stays and on_cpu) as keepers,
        ):
            endpoints = tuple(
                Endpoint(
                    keeper.process.url,
                    model.name,
                    concurrency=self.concurrency,
                    served_by=f"vllm {_version()}",
                    lost=lambda keeper=keeper: keeper.lost() or unmeterable(),  # type: ignore[misc]  # bound at once
                )
                for keeper in keepers
            )
            patience = self.restarts.longest(self.patience)
            yield OpenAIClientPool(endpoints, self.timeout, patience=patience, run_budget=self.run_budget, log=self.log)

    def processes(self, model: Model, place: Path | str, ports: tuple[int, ...]) -> tuple[ServerProcess, ...]:
        """Return the processes to run, one per port.

        Raises:
            ServerError: if the machine has too few GPUs or cores for them.
        """
        return tuple(
            ServerProcess(
                name=f"vllm ({model.name})" + (f" {number + 1} of {len(ports)}" if len(ports) > 1 else ""),
                command=self.command(model, place, port),
                environment=self.environment(place) | share,
                health_url=f"http://127.0.0.1:{port}/health",
                log=self.logs / f"vllm-{port}.log",
                patience=self.patience,
                log_line=self.log,
            )
            for number, (port, share) in enumerate(zip(ports, self.device_shares(), strict=True))
        )

    def command(self, model: Model, place: Path | str, port: int) -> tuple[str, ...]:
        """Return the command line, which can also be run by hand."""
        options = self.options
        share_on_cpu = MEMORY_SHARE_ON_CPU / options.replicas if _is_cpu_build() else None
        flags = {
            "--served-model-name": model.name,
            "--host": "127.0.0.1",
            "--port": port,
            "--generation-config": "vllm",
            "--seed": 0,
            "--max-num-seqs": self.concurrency,
            "--tensor-parallel-size": options.tensor_parallel,
            "--dtype": options.dtype,
            "--max-model-len": options.max_model_len,
            "--gpu-memory-utilization": options.memory_share or share_on_cpu,
            "--revision": None if isinstance(place, Path) else model.revision or None,
        }
        spelled = [str(word) for flag, value in flags.items() if value is not None for word in (flag, value)]
        on_cpu: tuple[str, ...] = ON_CPU if _is_cpu_build() else ()
        if on_cpu and self._runs_in_one_process:
            on_cpu += ("--distributed-executor-backend", "uni")
        return (*_program(place), *spelled, "--disable-uvicorn-access-log", *on_cpu, *options.extra)

    def environment(self, place: Path | str) -> dict[str, str]:
        """Return the environment of every server: no telemetry, and offline if the weights are local."""
        offline = {"HF_HUB_OFFLINE": "1"} if isinstance(place, Path) else {}
        return {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"} | offline

    def device_shares(self) -> tuple[dict[str, str], ...]:
        """Return the environment that assigns GPUs or cores to each replica.

        Raises:
            ServerError: if there are fewer than the replicas need.
        """
        replicas, each = self.options.replicas, self.options.tensor_parallel
        if not _is_cpu_build():
            seen = gpus()
            _see_that_there_are_enough(self.options, None if seen is None else len(seen), "GPUs")
            names = seen if seen is not None else tuple(map(str, range(replicas * each)))
            if replicas == 1:
                return ({},)
            return tuple(
                {"CUDA_VISIBLE_DEVICES": ",".join(names[number * each : (number + 1) * each])}
                for number in range(replicas)
            )
        if replicas == 1 and each > 1:
            return ({},)  # vLLM gives each rank a memory node of its own
        here = cores()
        if self._runs_in_one_process:
            return ({**IN_ONE_PROCESS, "OMP_NUM_THREADS": str(len(here))},)
        _see_that_there_are_enough(self.options, len(here), "cores")
        # By default vLLM keeps one core free for each replica.
        ranks = [shares(own, each) for own in shares(here, replicas)]
        return tuple(
            {
                "VLLM_CPU_OMP_THREADS_BIND": "|".join(",".join(map(str, rank)) for rank in own),
                "OMP_NUM_THREADS": str(len(own[0])),
            }
            for own in ranks
        )

    @property
    def _runs_in_one_process(self) -> bool:
        """Whether vLLM's engine on a CPU runs the model itself rather than in a worker process.

        A worker takes as long to start as the engine, which then polls for its results on a core that the model needs.
        Only workers are bound to cores, and only replicas have to be.
        """
        return self.options.replicas == self.options.tensor_parallel == 1


def _see_that_there_are_enough(options: VllmOptions, seen: int | None, what: str) -> None:
    wanted = options.replicas * options.tensor_parallel
    if seen is not None and wanted > seen:
        hint = ", or see what CUDA_VISIBLE_DEVICES says" if what == "GPUs" else ""
        raise ServerError(
            f"vllm: {options.replicas} replicas with {options.tensor_parallel} {what} each take {wanted} {what}, and "
            f"{seen} are seen here: lower SKYASSETS_REPLICAS or SKYASSETS_TENSOR_PARALLEL{hint}"
        )


def _program(place: Path | str) -> tuple[str, ...]:
    """Return the `vllm serve` command, or its equivalent on a CPU: the CPU wheel's `vllm` cannot read its version."""
    if not _is_cpu_build():
        return (sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", str(place))
    return (sys.executable, "-m", "skyassets.engines.serving.vllm_on_cpu", "--model", str(place))


def vllm_problem() -> str | None:
    """Return why vLLM cannot run here, or None. Imports and starts nothing."""
    if sys.platform != "linux":
        return f"runs on Linux only, and this is {sys.platform}"
    if importlib.util.find_spec("vllm") is None:
        return f"not installed: {INSTALL_VLLM}"
    if not _is_cpu_build():
        if not any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")):
            return f"the GPU build is installed, and no GPU is seen here; pip uninstall vllm, then {INSTALL_CPU}"
        return None
    if os.uname().machine == "x86_64" and "avx2" not in Path("/proc/cpuinfo").read_text().split():
        return "the CPU build needs a processor with AVX2, and this one has none"
    return None


def _is_cpu_build() -> bool:
    return "cpu" in _version()


def _version() -> str:
    """Return the installed version of vLLM: `0.32.0`, or `0.32.0+cpu` for a build without GPU support."""
    if _has_distribution("vllm"):
        return importlib.metadata.version("vllm")
    if _has_distribution("vllm-cpu"):
        return f"{importlib.metadata.version('vllm-cpu')}+cpu"
    return "not installed"


def _has_distribution(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
