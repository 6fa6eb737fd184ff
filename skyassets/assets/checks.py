"""The asset checks: audits, which only warn, the gates between data set and training, and the drift of the scores."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REPORTS, Table
from skyassets.project.evaluation.history import latest_drift
from skyassets.project.gates import contamination
from skyassets.project.project import Project
from skyassets.stages.curation.audits import AUDITS
from skyassets.stages.curation.gates import HELD_OUT, NAMES, CheckResult, check_gates
from skyassets.stages.evaluation.drift import Drift
from skyassets.stages.evaluation.drift_text import drift_text, verdict

GATES = {
    "minimum_rows": "Enough examples are kept.",
    "no_duplicates": "No two kept examples are the same.",
    "verified_rate": "The kept examples were judged correct, before and after rewriting.",
    "format_rate": "Traces could be rewritten into the structure, and every kept example has it.",
    "finished_rate": "Traces were finished, and no kept one was cut off by the token limit.",
    "language_mix": "The kept examples do not switch to another script.",
    "mixture": "The mixture of the kept examples is within the recipe's bounds.",
}
"""Gate to its description."""
LONGEST_VALUE = 200
"""Characters of a changed value in the metadata."""


def audit_specs(table: Table) -> list[dg.AssetCheckSpec]:
    """The audits of `table`."""
    audits = AUDITS.get(table.name, ())
    return [dg.AssetCheckSpec(audit.name, asset=table.name, description=audit.description) for audit in audits]


def audit_results(table: Table, path: Path) -> list[dg.AssetCheckResult]:
    """The results of the table's audits of the rows at `path`."""
    return [
        _result(audit(pl.read_parquet(path, columns=list(audit.columns))), table, is_blocking=False)
        for audit in AUDITS.get(table.name, ())
    ]


def gate_checks(project: Project) -> dg.AssetChecksDefinition:
    """The recipe's gates as checks; those not listed as report-only block the run."""
    gates = project.recipe.gates

    @dg.multi_asset_check(
        name="gates",
        specs=[
            dg.AssetCheckSpec(name, asset=EXAMPLES.name, description=GATES[name], blocking=name not in gates.reported)
            for name in NAMES
        ],
    )
    def check() -> Iterator[dg.AssetCheckResult]:
        for finding in check_gates(project.store.read(EXAMPLES), gates):
            yield _result(finding, EXAMPLES, finding.name not in gates.reported)

    return check


def held_out_check(project: Project) -> dg.AssetChecksDefinition:
    """The gate before training: reads the published data set again and compares it with every benchmark.

    If the recipe only reports this gate, it may train on benchmark items; the report then scores both parts separately.
    """
    is_blocking = HELD_OUT not in project.recipe.gates.reported

    @dg.asset_check(
        asset=EXAMPLES.name,
        name=HELD_OUT,
        additional_deps=[BENCHMARK_PROBLEMS.name, PROBLEMS.name],
        blocking=is_blocking,
        description="No kept example contains a benchmark question.",
    )
    def check() -> dg.AssetCheckResult:
        return _result(contamination(project), EXAMPLES, is_blocking)

    return check


def drift_check(project: Project) -> dg.AssetChecksDefinition:
    """Warns, without blocking, when a score moved beyond noise while the model and its questions stayed the same."""

    @dg.asset_check(
        asset=REPORTS.name,
        name="drift",
        blocking=False,
        description="No score of an unchanged model moved beyond noise since an earlier epoch.",
    )
    def check() -> dg.AssetCheckResult:
        try:
            drift = latest_drift(project)
        except StoreError as error:  # the report itself is good; an earlier one is not
            return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error))
        return dg.AssetCheckResult(
            passed=not drift.drifted,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict(drift),
            metadata=_drift_metadata(drift),
        )

    return check


def _result(finding: CheckResult, table: Table, is_blocking: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=table.name,
        check_name=finding.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        metadata=finding.numbers,
    )


def _drift_metadata(drift: Drift) -> dict[str, dg.MetadataValue]:
    largest = max(drift.score_changes, key=lambda move: abs(move.points), default=None)
    metadata: dict[str, dg.MetadataValue] = {
        "comparisons": dg.MetadataValue.int(len(drift.score_changes)),
        "moved beyond noise": dg.MetadataValue.int(len(drift.drifted)),
        "changes in the manifest": dg.MetadataValue.int(len(drift.likely_causes)),
        "in words": dg.MetadataValue.md(drift_text(drift)),
    }
    if largest is not None:
        against = dict.fromkeys(move.against for move in drift.score_changes)
        metadata["largest move (points)"] = dg.MetadataValue.float(round(largest.points, 3))
        metadata["smallest p (Holm)"] = dg.MetadataValue.float(min(move.p for move in drift.score_changes))
        metadata["compared with"] = dg.MetadataValue.text(", ".join(against))
    if drift.likely_causes:
        values = {each.name: [str(each.before), str(each.after)] for each in drift.likely_causes}
        metadata["changed"] = dg.MetadataValue.json(
            {name: [value[:LONGEST_VALUE] for value in pair] for name, pair in values.items()}
        )
    return metadata
