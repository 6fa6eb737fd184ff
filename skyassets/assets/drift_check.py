"""The drift check: compares the current report with earlier ones of the same models."""

import dagster as dg

from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import REPORTS
from skyassets.project.evaluation.history import latest_drift
from skyassets.project.project import Project
from skyassets.stages.evaluation.drift import Drift
from skyassets.stages.evaluation.drift_text import drift_text, verdict

SHOWN = 200
"""Characters of a changed value in the metadata."""


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
            found = latest_drift(project)
        except StoreError as error:  # the report itself is good; an earlier one is not
            return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error))
        return dg.AssetCheckResult(
            passed=not found.drifted,
            severity=dg.AssetCheckSeverity.WARN,
            description=verdict(found),
            metadata=_numbers(found),
        )

    return check


def _numbers(found: Drift) -> dict[str, dg.MetadataValue]:
    largest = max(found.score_changes, key=lambda move: abs(move.points), default=None)
    numbers: dict[str, dg.MetadataValue] = {
        "comparisons": dg.MetadataValue.int(len(found.score_changes)),
        "moved beyond noise": dg.MetadataValue.int(len(found.drifted)),
        "changes in the manifest": dg.MetadataValue.int(len(found.likely_causes)),
        "in words": dg.MetadataValue.md(drift_text(found)),
    }
    if largest is not None:
        numbers["largest move (points)"] = dg.MetadataValue.float(round(largest.points, 3))
        numbers["smallest p (Holm)"] = dg.MetadataValue.float(min(move.p for move in found.score_changes))
        numbers["compared with"] = dg.MetadataValue.text(
            ", ".join(dict.fromkeys(move.against for move in found.score_changes))
        )
    if found.likely_causes:
        numbers["changed"] = dg.MetadataValue.json(
            {change.name: [_short(change.before), _short(change.after)] for change in found.likely_causes}
        )
    return numbers


def _short(value: object) -> str:
    return str(value)[:SHOWN]
