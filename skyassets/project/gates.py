"""Evaluates the gates between the data set and the training on the stored tables."""

from skyassets.core.errors import GateError
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS
from skyassets.project.project import Project
from skyassets.stages.curation.duplicate_rules import contaminated, with_question
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.gates import HELD_OUT, CheckResult, Numbers, check_gates

SHOWN = 5
"""Number of pieces of evidence that a result shows."""


def apart(project: Project) -> CheckResult:
    """Whether no kept example contains a benchmark question, with the evidence."""
    items = with_question(project.store.read(BENCHMARK_PROBLEMS))
    rows = kept_examples(project.store.read(EXAMPLES)).select("problem_id")
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
    return CheckResult(HELD_OUT, not found and not shared, numbers)


def broken(project: Project) -> list[CheckResult]:
    """The gates that the data set fails, except those that the recipe only reports."""
    results = [*check_gates(project.store.read(EXAMPLES), project.recipe.gates), apart(project)]
    return [result for result in results if not result.passed and result.name not in project.recipe.gates.reported]


def hold(project: Project) -> None:
    """Check the data set against its gates once more before training.

    Dagster skips the asset checks in a run that selects only the checkpoint.

    Raises:
        GateError: when a gate fails that the recipe does not only report.
    """
    if found := broken(project):
        raise GateError(
            "checkpoint: nothing is trained, for the data set does not keep the recipe's gates: "
            f"{'; '.join(map(str, found))}. "
            "Mend the data, change the bound in the recipe's gates, or name the gate in Gates(reported=...)"
        )
