"""Shared by all tests: the tests' own folder is importable, and nothing of the user's environment reaches them."""

import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

HERE = Path(__file__).parent

# A job that a script puts into the background starts out deaf to these, and so would every process the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

for name in [name for name in os.environ if name.startswith(("SKYASSETS_", "DAGSTER_", "OPENAI_"))]:
    del os.environ[name]
os.environ["HF_HUB_OFFLINE"] = "1"
for folder in (HERE / "support", HERE):
    sys.path.insert(0, str(folder))

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("quick", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
