"""The doctor's checks of the machine: packages, compiler, memory, disk, GPUs, Dagster's home, the UI."""

import contextlib
import importlib.metadata
import os
import shutil
import socket
import webbrowser
from pathlib import Path

from skyassets.commands.doctor.finding import Finding, found
from skyassets.core.errors import SkyassetsError, TrainerError
from skyassets.core.hints import INSTALL, prepare_shell
from skyassets.core.sources import HubDataset
from skyassets.engines.fake import engine
from skyassets.engines.host.machine import host_memory_gb, this_machine
from skyassets.engines.host.toolchain import working_compiler
from skyassets.engines.hub.upload import check_token
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe

ALWAYS = ("dagster", "dagster-webserver", "polars", "pyarrow", "openai")
TRAINS = ("torch", "transformers", "deepspeed")
FREE_GB = 5
MEMORY_GB = 4
"""Minimum for the smallest real student; the same holds for the disk."""
UI_PORT = 3000


def trains_really(recipe: Recipe) -> bool:
    """Whether the recipe's student is a real model."""
    return recipe.training.base.name != engine.NAME


def reads_hub(recipe: Recipe) -> bool:
    """Whether any of the recipe's problems come from the Hub."""
    sources = [*recipe.sources, *(benchmark.source for benchmark in recipe.benchmarks)]
    return any(isinstance(each.origin, HubDataset) and not Path(each.origin.repo).is_dir() for each in sources)


def package(name: str, is_needed: bool) -> Finding:
    """Whether a package is installed, and its version."""
    try:
        return found(name, is_fine=True, seen=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return found(name, is_fine=False, seen="not installed", do=INSTALL, is_needed=is_needed)


def compiler(is_needed: bool) -> Finding:
    """Whether DeepSpeed can build its kernels."""
    try:
        return found("compiler", is_fine=True, seen=working_compiler())
    except TrainerError as error:
        seen, _, do = str(error).rpartition("; ")
        return found("compiler", is_fine=False, seen=seen, do=do, is_needed=is_needed)


def memory(is_needed: bool) -> Finding:
    """Whether there is enough main memory for a small model."""
    there = host_memory_gb()
    do = f"{MEMORY_GB} GB are the least for a real student; name a server of another machine"
    return found("memory", there >= MEMORY_GB, f"{there:.0f} GB", do, is_needed)


def disk(deployment: Deployment) -> Finding:
    """Whether there is enough space in the data folder."""
    folder = next(parent for parent in (deployment.data, *deployment.data.parents) if parent.exists())
    free, is_ours = shutil.disk_usage(folder).free / 1e9, os.access(folder, os.W_OK)
    seen = f"{free:.0f} GB free at {folder}" + ("" if is_ours else ", which cannot be written")
    return found(
        "disk", is_ours and free >= FREE_GB, seen, f"free {FREE_GB} GB, or name another folder: SKYASSETS_DATA"
    )


def gpu() -> Finding:
    """The available GPUs."""
    machine = this_machine()
    device = machine.device
    if not device.is_gpu:
        return found("GPU", is_fine=False, seen="none is seen: the processor does it", is_needed=False)
    return found("GPU", is_fine=True, seen=f"{machine.devices} x {device.name}, {device.memory_gb:.0f} GB each")


def dagster_home(deployment: Deployment) -> Finding:
    """Whether Dagster keeps its run history: it needs an absolute, writable folder."""
    told = os.environ.get("DAGSTER_HOME", "")
    do = f"{prepare_shell(deployment.data)}, or export DAGSTER_HOME as an absolute folder of yours"
    home = Path(told)
    if not told:
        return found("Dagster's home", is_fine=False, seen="DAGSTER_HOME is not set: every run is forgotten", do=do)
    if not home.is_absolute():
        return found("Dagster's home", is_fine=False, seen=f"{told} is not absolute", do=do)
    if not home.is_dir() or not os.access(home, os.W_OK):
        return found("Dagster's home", is_fine=False, seen=f"{told} is no folder that can be written", do=do)
    return found("Dagster's home", is_fine=True, seen=told)


def port() -> Finding:
    """Whether the UI's port is free."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", UI_PORT))
        except OSError as error:
            seen, do = f"port {UI_PORT}: {error.strerror}", f"dagster dev -p {UI_PORT + 1}, unless this is its UI"
            return found("port of the UI", is_fine=False, seen=seen, do=do, is_needed=False)
    return found("port of the UI", is_fine=True, seen=f"{UI_PORT} is free")


def browser() -> Finding:
    """Whether a report can be opened in a browser here."""
    with contextlib.suppress(webbrowser.Error):
        return found("browser", is_fine=True, seen=getattr(webbrowser.get(), "name", "there is one"))
    do = "copy report.html to where one is; it needs nothing else"
    return found("browser", is_fine=False, seen="none is found", do=do, is_needed=False)


def hub() -> Finding:
    """Whether there is a token for the Hub, and whether the Hub accepts it."""
    try:
        is_known, told = check_token()
    except SkyassetsError as error:
        is_known, told = False, str(error)
    seen, _, do = told.partition("; ") if is_known is False else (told, "", "")
    return found(
        "hub token", is_known is not False, seen, do and f"for gated sets and to publish: {do}", is_needed=False
    )
