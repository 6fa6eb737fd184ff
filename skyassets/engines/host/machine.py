"""The hardware of this machine, as planning needs it: its GPUs, or its processor and memory."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from skyassets.core.training.hardware import KNOWN_DEVICES, Device, Hardware
from skyassets.engines.host.devices import gpus

CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""A container's memory limit, in version 2 and version 1 of the kernel's control groups."""
QUERY = ("--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
MIB = 1024 * 1024


def this_machine() -> Hardware:
    """Return the GPUs that a run would see, or the processor if there are none."""
    listing = _nvidia_smi() if gpus() != () else ""
    return of_gpus(listing, gpus(), host_memory_gb()) if listing else this_processor()


def this_processor() -> Hardware:
    """Return the processor alone; its speed is unknown."""
    memory = host_memory_gb()
    return Hardware(Device("cpu", memory, is_gpu=False), host_memory_gb=memory)


def of_gpus(listing: str, visible: tuple[str, ...] | None, host_gb: float) -> Hardware:
    """Return the hardware in nvidia-smi's lines of name and MiB; the first card represents all visible ones.

    A known card gets its known speed and price, and the memory reported; for others only the memory is known.
    """
    cards = [line.rsplit(",", 1) for line in listing.strip().splitlines()]
    name, memory_gb = cards[0][0].strip(), int(cards[0][1]) * MIB / 1e9
    words = re.findall(r"[A-Z0-9]+", name.upper())
    alike = [
        known.device
        for known in KNOWN_DEVICES.values()
        if _words(known.device.name) <= set(words) | {"".join(words[-2:])}
        and abs(known.device.memory_gb / memory_gb - 1) < 0.1
    ]
    best = max(alike, key=lambda device: len(_words(device.name)), default=None)
    if best is None:
        device = Device(name, memory_gb)
    else:
        device = Device(best.name, memory_gb, best.tflops, best.link_gb_s, best.host_gb_s, best.dollars_hour)
    count = len(cards) if visible is None else len(visible)
    return Hardware(device, count, 1, host_gb)


def host_memory_gb() -> float:
    """Return the main memory available to a process: the machine's, or its container's limit."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in CGROUPS:
        text = path.read_text().strip() if path.is_file() else ""
        limits += [int(text)] if text.isdigit() else []
    return min(limits) / 1e9


def _words(name: str) -> set[str]:
    """Return the parts of a known name without its memory: H100-PCIE-80GB has H100 and PCIE."""
    return set(name.upper().split("-")[:-1])


def _nvidia_smi() -> str:
    command = shutil.which("nvidia-smi")
    if command is None:
        return ""
    done = subprocess.run([command, *QUERY], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
