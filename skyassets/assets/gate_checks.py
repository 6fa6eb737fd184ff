"""The gates between the data set and the training, as asset checks with their numbers."""

from collections.abc import Iterator

import dagster as dg

from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS
from skyassets.project.gates import apart
from skyassets.project.project import Project
from skyassets.stages.curation.gates import HELD_OUT, NAMES, CheckResult, check_gates

DESCRIPTIONS = {
    "minimum_rows": "Enough examples are kept.",
    "no_duplicates": "No kept example says what another one says.",
    "verified_rate": "The kept examples were judged correct, before and after the rewriting.",
    "format_rate": "Traces could be put into the structure, and every kept example has it.",
    "finished_rate": "Traces ended by themselves, and no kept one was cut by the token limit.",
    "language_mix": "The kept examples do not slip into another script.",
    "mixture": "The kept examples are mixed as the recipe wants them.",
}


def gate_checks(project: Project) -> dg.AssetChecksDefinition:
    """The recipe's gates as checks; those not listed as report-only block the run."""
    gates = project.recipe.gates

    @dg.multi_asset_check(
        name="gates",
        specs=[
            dg.AssetCheckSpec(
                name, asset=EXAMPLES.name, description=DESCRIPTIONS[name], blocking=name not in gates.reported
            )
            for name in NAMES
        ],
    )
    def hold_gates() -> Iterator[dg.AssetCheckResult]:
        for result in check_gates(project.store.read(EXAMPLES), gates):
            yield _asset_check(project, result)

    return hold_gates


def held_out_apart(project: Project) -> dg.AssetChecksDefinition:
    """The gate before training: reads the published data set again and compares it with every benchmark.

    If the recipe only reports this gate, it may train on benchmark items; the report then scores both parts separately.
    """

    @dg.asset_check(
        asset=EXAMPLES.name,
        name=HELD_OUT,
        additional_deps=[BENCHMARK_PROBLEMS.name, PROBLEMS.name],
        blocking=HELD_OUT not in project.recipe.gates.reported,
        description="No kept example asks what a benchmark asks.",
    )
    def held_out_is_apart() -> dg.AssetCheckResult:
        return _asset_check(project, apart(project))

    return held_out_is_apart


def _asset_check(project: Project, result: CheckResult) -> dg.AssetCheckResult:
    is_blocking = result.name not in project.recipe.gates.reported
    return dg.AssetCheckResult(
        asset_key=EXAMPLES.name,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        metadata=result.numbers,
    )
