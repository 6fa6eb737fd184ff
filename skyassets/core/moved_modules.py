"""Old module names that recipes imported: they work in this release, with a warning, and are removed in the next."""

import importlib
import importlib.abc
import importlib.machinery
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

MOVED = {
    "skyassets.stages.asking": "skyassets.stages.sampling.config",
    "skyassets.stages.benchmark": "skyassets.stages.evaluation.benchmark",
    "skyassets.stages.contamination": "skyassets.stages.deduplication.contamination",
    "skyassets.stages.curate": "skyassets.stages.curation.curate",
    "skyassets.stages.duplicate_rules": "skyassets.stages.curation.duplicate_rules",
    "skyassets.stages.gates": "skyassets.stages.curation.gates",
    "skyassets.stages.length_policy": "skyassets.stages.sampling.length_policy",
    "skyassets.stages.model_judge": "skyassets.stages.grading.model_judge",
    "skyassets.stages.near_duplicates": "skyassets.stages.deduplication.near_duplicates",
    "skyassets.stages.prompts": "skyassets.stages.sampling.prompts",
    "skyassets.stages.rate": "skyassets.stages.problems.difficulty",
    "skyassets.stages.rewrite": "skyassets.stages.rewriting.rewrite",
    "skyassets.stages.rules": "skyassets.stages.curation.rules",
    "skyassets.stages.scorers": "skyassets.stages.equivalence.scorers",
    "skyassets.stages.selection": "skyassets.stages.curation.selection",
}
"""Old module name to new name."""


class MovedModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module by its old name and loads it under its new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a moved module; None for any other."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module under its new name, with a warning that recommends the stable import."""
        warnings.warn(
            f"{spec.name} is now {MOVED[spec.name]}; import from skyassets.recipe instead: "
            "the old name will be removed in the next release",
            FutureWarning,
            stacklevel=2,
        )
        module = importlib.import_module(MOVED[spec.name])
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing: the module was loaded under its new name and keeps its spec."""
        module.__spec__ = self._spec


def install() -> None:
    """Make the old names importable."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(MovedModules())
