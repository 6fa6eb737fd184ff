"""The hardware and versions of this process, without names of machines, users or folders."""

import contextlib
import importlib.metadata
import platform
from collections.abc import Iterable
from pathlib import Path

from skyassets.engines.host.devices import cores
from skyassets.engines.host.machine import this_machine

CPUS = Path("/proc/cpuinfo")


def hardware_summary() -> dict[str, str]:
    """Return the GPUs with their number, and the processor with its usable cores."""
    hardware = this_machine()
    gpus = f"{hardware.count} x {hardware.device.name}" if hardware.device.is_gpu else "none"
    return {"gpu": gpus, "cpu": f"{len(cores())} cores of {processor(CPUS)}"}


def processor(listing: Path) -> str:
    """Return the processor's name from `listing` (Linux's cpuinfo), or else its architecture."""
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed."""
    versions = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions
