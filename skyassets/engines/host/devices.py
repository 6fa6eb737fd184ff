"""The GPUs and CPU cores of this machine that a server can use. Only reads what the system lists."""

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia/gpus")
CPUS = Path("/sys/devices/system/cpu")


def gpus(environment: Mapping[str, str] = os.environ, listing: Path = NVIDIA) -> tuple[str, ...] | None:
    """Return the GPUs, named as in CUDA_VISIBLE_DEVICES; None if nothing lists them."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        # CUDA itself stops at the first invalid name.
        last = next((place for place, name in enumerate(names) if name.startswith("-") or not name), len(names))
        return tuple(names[:last])
    if not listing.is_dir():
        return None
    return tuple(str(number) for number, _ in enumerate(listing.iterdir()))


def cores(listing: Path = CPUS) -> tuple[int, ...]:
    """Return the cores this process may use, ordered by socket, with the threads of one core together."""
    return tuple(sorted(os.sched_getaffinity(0), key=lambda cpu: (*_socket_and_core(listing, cpu), cpu)))


def shares(cpus: Sequence[int], number: int) -> tuple[tuple[int, ...], ...]:
    """Split `cpus` into `number` contiguous parts of nearly equal size."""
    ends = [place * len(cpus) // number for place in range(number + 1)]
    return tuple(tuple(cpus[begin:end]) for begin, end in itertools.pairwise(ends))


def _socket_and_core(listing: Path, cpu: int) -> tuple[int, int]:
    try:
        topology = listing / f"cpu{cpu}" / "topology"
        return int((topology / "physical_package_id").read_text()), int((topology / "core_id").read_text())
    except (OSError, ValueError):
        return 0, cpu
