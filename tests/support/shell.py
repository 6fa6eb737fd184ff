"""A shell prepared as the README says, for tests that type commands as a user does."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

from warm_commands import Command, Commands, python_script

ROOT = Path(__file__).parents[2]
COMMANDS = Commands()
SELECT_ALL = ("dagster", "asset", "materialize", "--select", "*")


@dataclass(frozen=True)
class Shell:
    """Runs commands in the repository's root with everything they write under `folder`."""

    folder: Path
    recipe: str = "smoke"

    @classmethod
    def copy_of(cls, made: Path, folder: Path, recipe: str = "smoke") -> Self:
        """A shell in `folder` in which the commands have run that ran in the shell in `made`."""
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return cls(folder, recipe)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def link_models(self, converted: Path) -> None:
        """Have `converted` models where the data folder keeps its own, so that no command converts them again."""
        shutil.copytree(converted, self.data / "models", copy_function=os.link)

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
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests" / "support"))),
            **more,
        }

    def run(self, *command: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; standard output and error together. A script of this Python runs in a fork of a warm one."""
        environment = self.environment(**more)
        if python_script(command[0], environment) is None:
            return self.run_cold(*command, cwd=cwd, **more)
        reading, writing = os.pipe()
        with os.fdopen(reading) as output:
            started = COMMANDS.start(command, cwd=cwd, env=environment, stdout=writing, stderr=writing)
            os.close(writing)
            text = output.read()
        return subprocess.CompletedProcess(command, started.wait(), text)

    def run_cold(self, *command: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end in a process of its own, as a user's shell does; standard output and error together."""
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

    @contextmanager
    def started(self, *command: str, **more: str) -> Iterator[tuple[Command, TextIO]]:
        """A command under way, at the head of a process group, and what it prints; killed at the end."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as output:
            run = COMMANDS.start(
                command, cwd=ROOT, env=self.environment(**more), stdout=writing, stderr=writing, start_new_session=True
            )
            os.close(writing)
            try:
                yield run, output
            finally:
                if run.poll() is None:
                    os.killpg(run.pid, signal.SIGKILL)
                    run.wait()
