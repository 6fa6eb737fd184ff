"""Shared by all tests: the tests' own folder is importable, and nothing of the user's environment reaches them."""

import os
import signal
import sys
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
settings.register_profile("deep", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def pipeline_run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that has run once, made once for all workers. To be copied, never changed."""
    from assets.pipeline import Pipeline

    from skyassets.core.files import locked

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, done = shared / "pipeline_run_once", shared / "pipeline_run_once.done"
    with locked(shared / "pipeline_run_once.lock", lambda line: None):
        if not done.exists():
            Pipeline(made).run()
            done.touch()
    return made


@pytest.fixture
def pipeline(tmp_path: Path, pipeline_run_once: Path) -> "Pipeline":
    """A pipeline that has run once."""
    from assets.pipeline import copy_of

    return copy_of(pipeline_run_once, tmp_path / "pipeline")
