from pathlib import Path

import pytest
from assets.pipeline import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """A pipeline that has run once."""
    made = Pipeline(tmp_path)
    made.run()
    return made
