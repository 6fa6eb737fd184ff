"""Table status: which tables a run would rebuild now, and why. Changes nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from skyassets.core.errors import SkyassetsError
from skyassets.core.tables.declarations import ASSET_TABLES, Table
from skyassets.core.tables.manifest import differences
from skyassets.project.declarations import declarations
from skyassets.project.project import AssetDeclaration, Project


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
    declared = declarations(project)
    status: dict[str, TableStatus] = {}
    for table in ASSET_TABLES:
        status[table.name] = _standing(project, declared, declared[table.name], status)
    return list(status.values())


def _standing(
    project: Project,
    all_declared: dict[str, AssetDeclaration],
    declared: AssetDeclaration,
    before: dict[str, TableStatus],
) -> TableStatus:
    table, store = declared.spec.table, project.store
    manifest, path = store.manifest(table), store.path(table)
    pending = [parent for parent in declared.spec.parents if before[parent.name].is_pending]
    state, why = _judged(project, all_declared, declared, pending)
    return TableStatus(
        table,
        state,
        why,
        rows=manifest.rows if manifest else None,
        made=datetime.fromtimestamp(path.stat().st_mtime, UTC) if manifest and path.exists() else None,
        data_version=manifest.data_version if manifest else "",
        builder=store.builder(table),
    )


def _judged(
    project: Project, all_declared: dict[str, AssetDeclaration], declared: AssetDeclaration, pending: list[Table]
) -> tuple[State, str]:
    spec, store = declared.spec, project.store
    manifest = store.manifest(spec.table)
    try:
        outside = declared.outside(None)
    except SkyassetsError as error:
        return State.STUCK, f"a run would stop here: {error}"
    known = {parent.name: store.manifest(parent) for parent in spec.parents}
    versions = {name: one.data_version if one else "" for name, one in known.items()}
    origin = spec.origin(versions | outside)
    why = store.why_stale(spec.table, origin, declared.damage)
    farther = {each for parent in pending for each in all_declared[parent.name].spec.parents}
    after = f"after {', '.join(parent.name for parent in pending if parent not in farther)}"
    if manifest is None:
        return State.MISSING, f"{why}; {after}" if pending else why
    changed = differences(manifest.fingerprint, origin.parts)
    # A parent that is to be rebuilt may come out as it was when the table was made.
    if why and not (changed and set(changed) <= {f"parent {parent.name}" for parent in pending}):
        return State.STALE, why
    return (State.PERHAPS, f"{after}, if that comes out otherwise") if pending else (State.FRESH, "")
