"""What a recipe can publish: its data set and its student with the report, checked before upload."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from skyassets.core.hints import materialize
from skyassets.core.publication import Item, Kind, Parcel, Publication
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, REPORTS, Table
from skyassets.engines.training.checkpoint_folder import CARD
from skyassets.project.gates import broken
from skyassets.project.project import Project
from skyassets.project.publishing.cards import REPORT, Names, data_card, student_card
from skyassets.project.publishing.files import data_files, lying, weights_files, written
from skyassets.project.publishing.report import PublishedReport, published_report
from skyassets.project.publishing.secret_scan import leaking
from skyassets.project.table_status import State, table_statuses
from skyassets.stages.curation.examples import kept
from skyassets.stages.publishing import release_checks as judged
from skyassets.stages.publishing.release_checks import LicensedContent

NOT_FRESH = (State.STALE, State.MISSING, State.STUCK)


@dataclass(frozen=True)
class Wanted:
    """What to publish, where, and the publisher's decisions."""

    kinds: tuple[Kind, ...]
    names: Names
    report: str = ""
    """The name of a report in the history; empty for the latest."""
    has_pages: bool = True
    """Whether the report's pages, which show benchmark items, are included."""

    @property
    def with_report(self) -> Kind:
        """Where the report goes: to the model, or to the data set if it is published alone."""
        return Kind.MODEL if Kind.MODEL in self.kinds else Kind.DATA


def publication(project: Project, wanted: Wanted) -> Publication:
    """Everything that would be uploaded, what prevents it, and what to know before. Uses no network.

    Raises:
        StoreError: when a table exists but cannot be read.
    """
    refused = [*_missing(project, EXAMPLES, *((CHECKPOINT, REPORTS) if Kind.MODEL in wanted.kinds else ()))]
    if refused:
        return Publication((), tuple(refused))
    report = published_report(project, wanted.report, wanted.has_pages)
    under = {kind: _under(project, kind, report if kind is wanted.with_report else None) for kind in wanted.kinds}
    accepted = {kind: judged.used_acceptances(many, wanted.names.accepted) for kind, many in under.items()}
    items: dict[Kind, list[Item]] = {}
    if Kind.DATA in wanted.kinds:
        text = data_card(project, report, wanted.names, accepted[Kind.DATA])
        items[Kind.DATA] = [*data_files(project, refused), written(CARD, text)]
    if Kind.MODEL in wanted.kinds:
        refused += report.wrong
        items[Kind.MODEL] = weights_files(project, refused)
        if items[Kind.MODEL] and not report.wrong:
            text = student_card(project, report, wanted.names, accepted[Kind.MODEL])
            items[Kind.MODEL].append(written(CARD, text))
    if not report.wrong:
        items[wanted.with_report] += [lying(f"{REPORT}/{path.name}", path) for path in report.files]
    everything = list(dict.fromkeys(each for many in under.values() for each in many))
    refused += [f"the gate is not kept: {finding}" for finding in broken(project)]
    refused += judged.forbidden(everything, wanted.names.accepted)
    refused += leaking(project, [(kind, item) for kind, many in items.items() for item in many])
    title = judged.commit_title(_versions(project, report))
    parcels = [Parcel(kind, wanted.names.of(kind), tuple(many), title) for kind, many in items.items()]
    return Publication(tuple(parcels), tuple(refused), tuple(_warned(project, wanted, report, everything)))


def _missing(project: Project, *tables: Table) -> Iterator[str]:
    for table in tables:
        if project.store.manifest(table) is None or not project.store.path(table).exists():
            yield f"{table.name} is not made yet: {materialize(table.name)}"
        elif lacking := project.store.lacking(table):
            yield lacking


def _under(project: Project, kind: Kind, report: PublishedReport | None) -> list[LicensedContent]:
    """The licensed content: the kept rows, the base model, and the benchmark items shown on pages."""
    rows = kept(project.store.read(EXAMPLES)).group_by("licence").len().sort("licence", nulls_last=True)
    found = [LicensedContent("rows of the data set", *row) for row in rows.iter_rows()]
    if kind is Kind.MODEL:
        base = project.recipe.training.base
        found.append(LicensedContent(f"the base, {base.name}", project.deployment.licence(base)))
    if report is not None and report.shows_items:
        asked = pl.scan_parquet(project.store.path(BENCHMARK_PROBLEMS)).filter(
            pl.col("set_aside").is_null(), pl.col("benchmark").is_in(report.benchmarks)
        )
        counts = asked.group_by("licence").len().sort("licence", nulls_last=True).collect()
        found += [
            LicensedContent("items of benchmarks, of which the pages show some", *row) for row in counts.iter_rows()
        ]
    return found


def _versions(project: Project, report: PublishedReport) -> dict[str, str]:
    tables = {EXAMPLES.name: project.store.data_version(EXAMPLES)}
    if report.checkpoint_id and not report.wrong:
        tables |= {CHECKPOINT.name: report.checkpoint_id, REPORTS.name: report.version}
    return tables


def _warned(project: Project, wanted: Wanted, report: PublishedReport, under: list[LicensedContent]) -> Iterator[str]:
    stale = [f"{each.table.name} ({each.why})" for each in table_statuses(project) if each.state in NOT_FRESH]
    if stale:
        yield f"a run would make again: {', '.join(stale)}; `skyassets status` tells more"
    if Kind.MODEL not in wanted.kinds:
        yield from (f"no report goes along: {why}" for why in report.wrong)
    if report.shows_items:
        yield (
            "the report's pages show questions and answers of the benchmarks, which others may learn from there; "
            "--tables-only leaves the pages out"
        )
    yield from judged.share_alike_notes(under)
    yield (
        f"traces are by {project.recipe.teacher.model.name}: what its maker's terms say of training on its texts is "
        "not looked at"
    )
