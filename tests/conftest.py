"""Shared by all tests: the tests' own folder is importable, and nothing of the user's environment reaches them."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

# A job that a script puts into the background ignores these signals, and so would every process the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

for name in [name for name in os.environ if name.startswith(("SKYASSETS_", "DAGSTER_", "OPENAI_"))]:
    del os.environ[name]
os.environ["HF_HUB_OFFLINE"] = "1"
IMPORTABLE = [str(HERE), str(HERE / "support")]
sys.path[:0] = IMPORTABLE
# For the programs that tests start, too.
os.environ["PYTHONPATH"] = os.pathsep.join([*IMPORTABLE, *filter(None, [os.environ.get("PYTHONPATH")])])
# The tests start hundreds of processes: the first compiles the package, the others read what it wrote.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if TYPE_CHECKING:
    from assets.pipeline import Pipeline

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("quick", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills, once for all workers. To be copied, never changed."""
    from skyassets.core.files import locked

    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, done = shared / name, shared / f"{name}.done"
    with locked(shared / f"{name}.lock", lambda line: None):
        if not done.exists():
            make(made)
            done.touch()
    return made


@pytest.fixture(scope="session")
def pipeline_run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that has run once."""
    from assets.pipeline import Pipeline

    return made_once(tmp_path_factory, "pipeline_run_once", lambda folder: Pipeline(folder).run())


@pytest.fixture(scope="session")
def smoke_run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shell in which a real, cold command has run the smoke recipe."""
    from shell import SELECT_ALL, Shell

    def run(folder: Path) -> None:
        done = Shell(folder).run_cold(*SELECT_ALL)
        assert done.returncode == 0, done.stdout

    return made_once(tmp_path_factory, "smoke_run_once", run)


@pytest.fixture(scope="session")
def rewritten_run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shell in which a recipe with a rewriting model has run."""
    from shell import SELECT_ALL, Shell

    def run(folder: Path) -> None:
        done = Shell(folder, "explained_recipes:rewritten").run(*SELECT_ALL)
        assert done.returncode == 0, done.stdout

    return made_once(tmp_path_factory, "rewritten_run_once", run)


@pytest.fixture(scope="session")
def converted_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that holds the packaged one, converted."""
    from skyassets.engines.models.weights import weights_folder
    from skyassets.recipes.embedded import SMOLLM2

    return made_once(tmp_path_factory, "converted_models", lambda folder: weights_folder(SMOLLM2, folder))


@pytest.fixture
def pipeline(tmp_path: Path, pipeline_run_once: Path) -> "Pipeline":
    """A pipeline that has run once."""
    from assets.pipeline import copy_of

    return copy_of(pipeline_run_once, tmp_path / "pipeline")
