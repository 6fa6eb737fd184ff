"""The commands shown in messages: each works in a checkout and with an installed package."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

PYTORCH_CPU = "https://download.pytorch.org/whl/cpu"
"""PyTorch's public index of CPU builds."""
INSTALL = "pip install 'skyassets[transformers]'"
INSTALL_CPU = f"pip install 'skyassets[cpu]' --extra-index-url {PYTORCH_CPU}"
INSTALL_VLLM = f"pip install 'skyassets[gpu]', or on a machine without a GPU: {INSTALL_CPU}"
_DEFINITIONS = "skyassets.definitions"
_SHELL = Path(__file__).parents[2] / "deploy" / "shell.sh"
"""Exists in a checkout, but not in an installed package."""


def materialize(selection: str = "'*'") -> str:
    """The command that materializes the selected assets; all by default."""
    return f"dagster asset materialize -m {_DEFINITIONS} --select {selection}"


def materialize_all_for(name: str) -> str:
    """The command that materializes an asset and everything that it is made from."""
    return materialize(f"'*{name}'")


def prepare_shell(data: Path) -> str:
    """The command that pins the data folder, and DAGSTER_HOME, without which Dagster forgets its runs.

    It also creates Dagster's databases: of two runs that start together in a new home, both would create them, and one
    fails.
    """
    if _SHELL.is_file():
        return f"source {shlex.quote(os.path.relpath(_SHELL))}"
    folder, home = (shlex.quote(str(path)) for path in (data, data / "dagster"))
    create = "dagster instance migrate > /dev/null"
    return f"mkdir -p {home} && export SKYASSETS_DATA={folder} DAGSTER_HOME={home} && {create}"


def open_ui(data: Path, environment: Mapping[str, str]) -> str:
    """The command that starts Dagster's UI from the current folder."""
    start = "dagster dev" if Path("workspace.yaml").is_file() else f"dagster dev -m {_DEFINITIONS}"
    is_prepared = {"SKYASSETS_DATA", "DAGSTER_HOME"} <= environment.keys() and not _SHELL.is_file()
    return start if is_prepared else f"{prepare_shell(data)} && {start}"
