"""Evaluates the gates between the data set and the training on the stored tables."""

import polars as pl

from skyassets.core.errors import GateError
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS
from skyassets.project.project import Project
from skyassets.stages.curation.duplicate_rules import contaminated, with_question
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.gates import HELD_OUT, CheckResult, Numbers, check_gates

EVIDENCE = 5
"""Number of pieces of evidence that a finding shows."""


def kept_questions(project: Project) -> dict[str, str]:
    """The questions of the kept examples, by problem id."""
    rows = kept_examples(project.store.scan(EXAMPLES).select("problem_id", "dropped_by").collect())
    problems = project.store.scan(PROBLEMS).filter(pl.col("problem_id").is_in(rows["problem_id"].unique().to_list()))
    return dict(problems.select("problem_id", "question").sort("problem_id").collect().iter_rows())


def contamination(project: Project) -> CheckResult:
    """Whether no kept example contains a benchmark question, with the evidence."""
    items = with_question(project.store.read(BENCHMARK_PROBLEMS))
    questions = kept_questions(project)
    matches = contaminated(questions, items, project.recipe.curation.decontamination)
    shared = set(questions.values()) & set(items["question"])
    numbers: Numbers = {
        "questions held against the benchmarks": len(questions),
        "benchmark problems": items.height,
        "contaminated": len(matches),
        "the same question": len(shared),
        "evidence": "; ".join(f"{problem}: {seen}" for problem, seen in list(matches.items())[:EVIDENCE]) or "none",
    }
    return CheckResult(HELD_OUT, not matches and not shared, numbers)


def failed_gates(project: Project) -> list[CheckResult]:
    """The gates that the data set fails, except those that the recipe only reports."""
    results = [*check_gates(project.store.read(EXAMPLES), project.recipe.gates), contamination(project)]
    return [finding for finding in results if not finding.passed and finding.name not in project.recipe.gates.reported]


def require_gates(project: Project) -> None:
    """Check the data set against its gates once more before training.

    Dagster skips the asset checks in a run that selects only the checkpoint.

    Raises:
        GateError: when a gate fails that the recipe does not only report.
    """
    if failed := failed_gates(project):
        raise GateError(
            f"checkpoint: not trained, because the data set fails gates of the recipe: {'; '.join(map(str, failed))}. "
            "Fix the data, change the bound in the recipe's gates, or list the gate in Gates(reported=...)"
        )
