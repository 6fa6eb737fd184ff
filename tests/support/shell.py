"""A shell prepared as the README says, for tests that type commands as a user does."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SELECT_ALL = ("dagster", "asset", "materialize", "--select", "*")


@dataclass(frozen=True)
class Shell:
    """Runs commands in the repository's root with everything they write under `folder`."""

    folder: Path
    recipe: str = "smoke"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environment(self, **more: str) -> dict[str, str]:
        home = self.folder / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        config = home / "dagster.yaml"
        config.write_text((ROOT / "deploy" / "dagster.yaml").read_text())
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DAGSTER_HOME": str(home),
            "DAGSTER_CLI_ASSET_MATERIALIZE_MODULE_NAME": "skyassets.definitions",
            "SKYASSETS_RECIPE": self.recipe,
            "SKYASSETS_DATA": str(self.data),
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "tests", ROOT / "tests" / "support"))),
            **more,
        }

    def run(self, *command: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; standard output and error together."""
        return subprocess.run(
            command,
            cwd=cwd,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
