"""The gates between the data set and the training, held against the stored tables."""

from skyassets.core.errors import GateError
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS
from skyassets.project.project import Project
from skyassets.stages.curation.duplicate_rules import contaminated, stated
from skyassets.stages.curation.examples import kept
from skyassets.stages.curation.gates import HELD_OUT, Finding, Numbers, findings

SHOWN = 5
"""Pieces of evidence that a finding shows."""


def apart(project: Project) -> Finding:
    """Whether no kept example asks what a benchmark asks, with the evidence."""
    items = stated(project.store.read(BENCHMARK_PROBLEMS))
    rows = kept(project.store.read(EXAMPLES)).select("problem_id")
    asked = rows.join(project.store.read(PROBLEMS), on="problem_id").select("problem_id", "question").unique()
    questions = dict(asked.sort("problem_id").iter_rows())
    found = contaminated(questions, items, project.recipe.curation.decontamination)
    shared = set(asked["question"]) & set(items["question"])
    numbers: Numbers = {
        "questions held against the benchmarks": asked.height,
        "benchmark problems": items.height,
        "contaminated": len(found),
        "the same question": len(shared),
        "evidence": "; ".join(f"{problem}: {seen}" for problem, seen in list(found.items())[:SHOWN]) or "none",
    }
    return Finding(HELD_OUT, not found and not shared, numbers)


def broken(project: Project) -> list[Finding]:
    """The gates that the data set does not keep, without those that the recipe merely reports."""
    found = [*findings(project.store.read(EXAMPLES), project.recipe.gates), apart(project)]
    return [finding for finding in found if not finding.passed and finding.name not in project.recipe.gates.reported]


def hold(project: Project) -> None:
    """Hold the data set against its gates once more, before anything is trained on it.

    Dagster leaves the checks out of a run that selects the checkpoint alone.

    Raises:
        GateError: when a gate that the recipe does not merely report is not kept.
    """
    if found := broken(project):
        raise GateError(
            "checkpoint: nothing is trained, for the data set does not keep the recipe's gates: "
            f"{'; '.join(map(str, found))}. "
            "Mend the data, change the bound in the recipe's gates, or name the gate in Gates(reported=...)"
        )
