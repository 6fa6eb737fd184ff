"""vLLM on this machine: one `vllm serve` per model, for as long as it is needed. Never imports vLLM itself.

The flags that change the output are fixed here: a row's id covers its sampling parameters, so nothing may come from the
model's own `generation_config.json`. The rest is about this machine, GPU or CPU.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.ports import Asker, Model
from skyassets.engines.openai_asker import OpenAIAsker
from skyassets.engines.server_process import LOGS, ServerProcess, free_port
from skyassets.engines.upstream import Upstream


@dataclass(frozen=True)
class VllmServer:
    """Keeps the `Serving` port with a vLLM server of our own."""

    resolve: Callable[[Model], Path | str]
    """Where a model's weights are: a folder, or a hub id for vLLM to fetch."""
    concurrency: int = 64
    """Sequences decoded at once; on two cores, 64 give half as many tokens a second again as 32."""
    max_model_len: int | None = None
    """Longest prompt and completion together; the model's own limit without it."""
    tensor_parallel: int = 1
    memory_share: float | None = None
    """Of the GPU's memory (vLLM's default without it) or of the machine's (0.3), for weights and cache."""
    extra: tuple[str, ...] = ()
    """More flags of `vllm serve`."""
    patience: float = 1200.0
    """Seconds to wait for the server: seconds for a small model, many minutes for 32B from a cold disk."""
    timeout: float = 1800.0
    logs: Path = LOGS
    said: Callable[[str], None] = print

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[Asker]:
        """An asker for `model`, with a server of its own behind it.

        Raises:
            ServerError: when vLLM cannot run here, or the server does not start, with the end of its log.
        """
        problem = vllm_problem()
        if problem:
            raise ServerError(f"vllm: {problem}")
        place = weights or self.resolve(model)
        port = free_port()
        process = ServerProcess(
            name=f"vllm ({model.name})",
            command=self.command(model, place, port),
            environment=self.environment(place),
            health_url=f"http://127.0.0.1:{port}/health",
            log=self.logs / f"vllm-{port}.log",
            patience=self.patience,
            said=self.said,
        )
        with process.running():
            upstream = Upstream(
                f"http://127.0.0.1:{port}/v1",
                model.name,
                concurrency=self.concurrency,
                served_by=f"vllm {_version()}",
            )
            yield OpenAIAsker((upstream,), timeout=self.timeout)

    def command(self, model: Model, place: Path | str, port: int) -> tuple[str, ...]:
        """The command line; printed, it can be run by hand."""
        flags = {
            "--model": place,
            "--served-model-name": model.name,
            "--host": "127.0.0.1",
            "--port": port,
            "--generation-config": "vllm",
            "--seed": 0,
            "--max-num-seqs": self.concurrency,
            "--tensor-parallel-size": self.tensor_parallel,
            "--max-model-len": self.max_model_len,
            "--gpu-memory-utilization": self.memory_share or (0.3 if _is_cpu_build() else None),
            "--revision": None if isinstance(place, Path) else model.revision or None,
        }
        spelled = [str(word) for flag, value in flags.items() if value is not None for word in (flag, value)]
        # Seeded sampling and split prefills together crash the CPU build ("CPU Generator does not use offset").
        on_cpu = ("--enforce-eager", "--no-enable-chunked-prefill") if _is_cpu_build() else ()
        program = (sys.executable, "-m", "vllm.entrypoints.openai.api_server")
        return (*program, *spelled, "--disable-uvicorn-access-log", *on_cpu, *self.extra)

    def environment(self, place: Path | str) -> dict[str, str]:
        """What the server needs to know: stay silent and offline, and which cores are its own."""
        environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        if isinstance(place, Path):
            environment["HF_HUB_OFFLINE"] = "1"
        if _is_cpu_build() and self.tensor_parallel == 1:
            # Left alone, vLLM keeps one core free, which on two cores is half the machine.
            cores = sorted(os.sched_getaffinity(0))
            environment["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores))
            environment["OMP_NUM_THREADS"] = str(len(cores))
        return environment


def vllm_problem() -> str | None:
    """Why vLLM cannot run here, None when it seems it can; looks, but imports and starts nothing."""
    if sys.platform != "linux":
        return f"runs on Linux only, and this is {sys.platform}"
    if importlib.util.find_spec("vllm") is None:
        return "not installed: pip install 'skyassets[gpu]', or 'skyassets[cpu]' on a machine without a GPU"
    if not _is_cpu_build():
        has_gpu = any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg"))
        return None if has_gpu else "the GPU build is installed, and no GPU is seen here: pip install 'skyassets[cpu]'"
    if os.uname().machine == "x86_64" and "avx2" not in Path("/proc/cpuinfo").read_text().split():
        return "the CPU build needs a processor with AVX2, and this one has none"
    return None


def _is_cpu_build() -> bool:
    return "cpu" in _version()


def _version() -> str:
    """The version of whichever distribution brought vLLM: `0.32.0`, or `0.32.0+cpu` for a build without GPU support."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("vllm")
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return f"{importlib.metadata.version('vllm-cpu')}+cpu"
    return "not installed"
