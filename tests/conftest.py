"""Shared by all tests: the tests' own folder is importable, and nothing of the user's environment reaches them."""

import os
import sys
from pathlib import Path

for name in [name for name in os.environ if name.startswith(("SKYASSETS_", "DAGSTER_", "OPENAI_"))]:
    del os.environ[name]
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parent))
