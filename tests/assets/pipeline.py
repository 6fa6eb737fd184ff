"""A small real pipeline for tests: the smoke recipe over a file of problems, a Dagster instance, calls counted."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import dagster as dg

from skyassets.assets.graph import build_definitions
from skyassets.core.sources import LocalFile, Source
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.core.tables.store import TableStore
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke

ROWS = [
    {"question": f"What is {first} times {second}?", "answer": str(first * second)}
    for first, second in [(31, 7), (41, 6), (23, 9), (53, 4), (61, 8), (71, 3)]
]
ALL = [table.name for table in ASSET_TABLES]


@dataclass(frozen=True)
class Outcome:
    """What one run did: which assets it rebuilt, and how many calls reached the model server."""

    rebuilt: frozenset[str]
    calls: int


@dataclass
class Pipeline:
    """Runs a recipe again and again at one place."""

    folder: Path
    recipe: Recipe = field(init=False)
    deployment: Deployment = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write(ROWS)
        source = Source(
            "mine", LocalFile(str(self.file)), licence="Apache-2.0", question="question", ground_truth="answer"
        )
        self.recipe = replace(smoke(), sources=(source,))
        self.deployment = Deployment(data=self.folder / "data")

    @property
    def file(self) -> Path:
        return self.folder / "mine.jsonl"

    @property
    def store(self) -> TableStore:
        return TableStore(self.deployment.data / self.recipe.name)

    def write(self, problems: Iterable[dict[str, str]]) -> None:
        self.file.write_text("".join(json.dumps(problem) + "\n" for problem in problems))

    def calls(self) -> int:
        log = self.deployment.data / "logs" / "tiny-server.jsonl"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def materialize(self, tags: dict[str, str] | None = None, only: str = "") -> dg.ExecuteInProcessResult:
        """Materialize everything, or one asset alone, and hand out what Dagster says of it."""
        job = build_definitions(self.recipe, self.deployment).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                instance=instance,
                tags=tags,
                raise_on_error=False,
                asset_selection=[dg.AssetKey(only)] if only else None,
            )

    def run(self, tags: dict[str, str] | None = None) -> Outcome:
        """Materialize everything; it must succeed."""
        before = self.calls()
        result = self.materialize(tags)
        assert result.success
        events = {event.asset_key.to_user_string(): event for event in result.get_asset_materialization_events()}
        assert set(events) == set(ALL)
        rebuilt = {
            name for name, event in events.items()
            if event.step_materialization_data.materialization.metadata["rebuilt"].value
        }  # fmt: skip
        return Outcome(frozenset(rebuilt), self.calls() - before)


def copy_of(original: Path, folder: Path) -> Pipeline:
    """A pipeline in `folder` that has done what the one in `made` has: that it is another folder changes nothing."""
    shutil.copytree(original, folder)
    return Pipeline(folder)
