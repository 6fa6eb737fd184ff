"""Table status: which tables a run would rebuild now, and why. Changes nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from skyassets.core.errors import SkyassetsError
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.manifest import differences
from skyassets.project.asset_specs import AssetSpec, asset_specs
from skyassets.project.project import Project


class State(StrEnum):
    """What a run would do with a table."""

    FRESH = "fresh"
    """Nothing: it is up to date."""
    PERHAPS = "perhaps"
    """Rebuild it if a parent that is rebuilt first changes."""
    STALE = "stale"
    """Rebuild it."""
    MISSING = "missing"
    """Build it for the first time."""
    STUCK = "stuck"
    """Fail: its inputs cannot be read."""


@dataclass(frozen=True)
class TableStatus:
    """The status of one table."""

    table: Table
    state: State
    why: str
    """Empty for a fresh table; for a stale one, the reason as the run will report it."""
    rows: int | None = None
    made: datetime | None = None
    """When its rows were last written."""
    data_version: str = ""
    builder: str = ""
    """The process that is building it right now, if any."""

    @property
    def is_pending(self) -> bool:
        """Whether a run may rebuild the table."""
        return self.state is not State.FRESH


def table_statuses(project: Project) -> list[TableStatus]:
    """The status of every asset's table, in execution order.

    Raises:
        StoreError: when a table exists but cannot be read.
    """
    specs = asset_specs(project)
    statuses: dict[str, TableStatus] = {}
    for name, spec in specs.items():
        statuses[name] = _status(project, specs, spec, statuses)
    return list(statuses.values())


def _status(
    project: Project, specs: dict[str, AssetSpec], spec: AssetSpec, before: dict[str, TableStatus]
) -> TableStatus:
    table, store = spec.table, project.store
    manifest, path = store.manifest(table), store.path(table)
    pending = [parent for parent in spec.parents if before[parent.name].is_pending]
    state, why = _state(project, specs, spec, pending)
    return TableStatus(
        table,
        state,
        why,
        rows=manifest.rows if manifest else None,
        made=datetime.fromtimestamp(path.stat().st_mtime, UTC) if manifest and path.exists() else None,
        data_version=manifest.data_version if manifest else "",
        builder=store.builder(table),
    )


def _state(project: Project, specs: dict[str, AssetSpec], spec: AssetSpec, pending: list[Table]) -> tuple[State, str]:
    store = project.store
    manifest = store.manifest(spec.table)
    try:
        external = spec.external(None)
    except SkyassetsError as error:
        return State.STUCK, f"a run would fail here: {error}"
    manifests = {parent.name: store.manifest(parent) for parent in spec.parents}
    versions = {name: one.data_version if one else "" for name, one in manifests.items()}
    inputs = spec.inputs(versions | external)
    why = store.why_stale(spec.table, inputs, spec.damage)
    farther = {each for parent in pending for each in specs[parent.name].parents}
    after = f"after {', '.join(parent.name for parent in pending if parent not in farther)}"
    if manifest is None:
        return State.MISSING, f"{why}; {after}" if pending else why
    changed = differences(manifest.fingerprint, inputs.parts)
    # A parent that is to be rebuilt may come out as it was when the table was made.
    if why and not (changed and set(changed) <= {f"parent {parent.name}" for parent in pending}):
        return State.STALE, why
    return (State.PERHAPS, f"{after}, if it changes") if pending else (State.FRESH, "")
