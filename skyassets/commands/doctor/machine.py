"""The doctor's checks of the machine: packages, compiler, memory, disk, GPUs, Dagster's home, the UI."""

import contextlib
import importlib.metadata
import os
import shutil
import socket
import webbrowser
from pathlib import Path

from skyassets.commands.doctor.diagnosis import Diagnosis, diagnosis
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


def package(name: str, is_needed: bool) -> Diagnosis:
    """Whether a package is installed, and its version."""
    try:
        return diagnosis(name, is_fine=True, seen=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return diagnosis(name, is_fine=False, seen="not installed", do=INSTALL, is_needed=is_needed)


def compiler(is_needed: bool) -> Diagnosis:
    """Whether DeepSpeed can build its kernels."""
    try:
        return diagnosis("compiler", is_fine=True, seen=working_compiler())
    except TrainerError as error:
        seen, _, do = str(error).rpartition("; ")
        return diagnosis("compiler", is_fine=False, seen=seen, do=do, is_needed=is_needed)


def memory(is_needed: bool) -> Diagnosis:
    """Whether there is enough main memory for a small model."""
    memory_gb = host_memory_gb()
    do = f"train on a machine with at least {MEMORY_GB} GB, which the smallest real student needs"
    return diagnosis("memory", memory_gb >= MEMORY_GB, f"{memory_gb:.0f} GB", do, is_needed)


def disk(deployment: Deployment) -> Diagnosis:
    """Whether there is enough space in the data folder."""
    folder = next(parent for parent in (deployment.data, *deployment.data.parents) if parent.exists())
    free, is_writable = shutil.disk_usage(folder).free / 1e9, os.access(folder, os.W_OK)
    seen = f"{free:.0f} GB free at {folder}" + ("" if is_writable else ", which is not writable")
    do = f"free {FREE_GB} GB, or choose another folder: SKYASSETS_DATA"
    return diagnosis("disk", is_writable and free >= FREE_GB, seen, do)


def gpu() -> Diagnosis:
    """The available GPUs."""
    machine = this_machine()
    device = machine.device
    if not device.is_gpu:
        return diagnosis("GPU", is_fine=False, seen="none found: the CPU is used", is_needed=False)
    return diagnosis("GPU", is_fine=True, seen=f"{machine.devices} x {device.name}, {device.memory_gb:.0f} GB each")


def dagster_home(deployment: Deployment) -> Diagnosis:
    """Whether Dagster keeps its run history: it needs an absolute, writable folder."""
    value = os.environ.get("DAGSTER_HOME", "")
    home = Path(value)
    is_writable = home.is_dir() and os.access(home, os.W_OK)
    if value and home.is_absolute() and is_writable:
        return diagnosis("DAGSTER_HOME", is_fine=True, seen=value)
    seen = "it is not set, so Dagster forgets every run"
    if value:
        seen = f"{value} is not a writable folder" if home.is_absolute() else f"{value} is not an absolute path"
    do = f"{prepare_shell(deployment.data)}, or set DAGSTER_HOME to an absolute path of your own"
    return diagnosis("DAGSTER_HOME", is_fine=False, seen=seen, do=do)


def port() -> Diagnosis:
    """Whether the UI's port is free."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", UI_PORT))
        except OSError as error:
            seen, do = f"{UI_PORT}: {error.strerror}", f"dagster dev -p {UI_PORT + 1}, unless the UI itself uses it"
            return diagnosis("UI port", is_fine=False, seen=seen, do=do, is_needed=False)
    return diagnosis("UI port", is_fine=True, seen=f"{UI_PORT} is free")


def browser() -> Diagnosis:
    """Whether a report can be opened in a browser here."""
    with contextlib.suppress(webbrowser.Error):
        return diagnosis("browser", is_fine=True, seen=getattr(webbrowser.get(), "name", "found"))
    do = "copy report.html, which needs no other file, to a machine with a browser"
    return diagnosis("browser", is_fine=False, seen="none found", do=do, is_needed=False)


def hub() -> Diagnosis:
    """Whether there is a token for the Hub, and whether the Hub accepts it."""
    try:
        is_known, message = check_token()
    except SkyassetsError as error:
        is_known, message = False, str(error)
    seen, _, do = message.partition("; ") if is_known is False else (message, "", "")
    do = do and f"for gated data sets and for publishing: {do}"
    return diagnosis("hub token", is_known is not False, seen, do, is_needed=False)
