"""What a recipe can publish: its data set and its student with the report, checked before upload."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from skyassets.core.hints import materialize_all_for
from skyassets.core.publication import Publication, RepoFile, RepoType, RepoUpload
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, REPORTS, Table
from skyassets.engines.training.checkpoint_folder import CARD
from skyassets.project.gates import failed_gates
from skyassets.project.project import Project
from skyassets.project.publishing.cards import REPORT, Names, published_data_card, published_student_card
from skyassets.project.publishing.files import data_files, generated_file, local_file, weights_files
from skyassets.project.publishing.report import PublishedReport, published_report
from skyassets.project.publishing.secret_scan import leaks_in
from skyassets.project.table_status import State, table_statuses
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.publishing import release_checks
from skyassets.stages.publishing.release_checks import LicensedContent

NOT_FRESH = (State.STALE, State.MISSING, State.STUCK)


@dataclass(frozen=True)
class PublicationRequest:
    """What to publish, where, and the publisher's decisions."""

    kinds: tuple[RepoType, ...]
    names: Names
    report: str = ""
    """The name of a report in the history; empty for the latest."""
    has_pages: bool = True
    """Whether the report's pages, which show benchmark items, are included."""

    @property
    def with_report(self) -> RepoType:
        """Where the report goes: to the model, or to the data set if it is published alone."""
        return RepoType.MODEL if RepoType.MODEL in self.kinds else RepoType.DATA


def publication(project: Project, request: PublicationRequest) -> Publication:
    """Everything that would be uploaded, what prevents it, and what to know before. Uses no network.

    Raises:
        StoreError: when a table exists but cannot be read.
    """
    refused = [*_missing(project, EXAMPLES, *((CHECKPOINT, REPORTS) if RepoType.MODEL in request.kinds else ()))]
    if refused:
        return Publication((), tuple(refused))
    report = published_report(project, request.report, request.has_pages)
    under = {kind: _under(project, kind, report if kind is request.with_report else None) for kind in request.kinds}
    accepted = {kind: release_checks.used_acceptances(many, request.names.accepted) for kind, many in under.items()}
    items: dict[RepoType, list[RepoFile]] = {}
    if RepoType.DATA in request.kinds:
        text = published_data_card(project, report, request.names, accepted[RepoType.DATA])
        items[RepoType.DATA] = [*data_files(project, refused), generated_file(CARD, text)]
    if RepoType.MODEL in request.kinds:
        refused += report.wrong
        items[RepoType.MODEL] = weights_files(project, refused)
        if items[RepoType.MODEL] and not report.wrong:
            text = published_student_card(project, report, request.names, accepted[RepoType.MODEL])
            items[RepoType.MODEL].append(generated_file(CARD, text))
    if not report.wrong:
        items[request.with_report] += [local_file(f"{REPORT}/{path.name}", path) for path in report.files]
    everything = list(dict.fromkeys(each for many in under.values() for each in many))
    refused += [f"failed gate: {finding}" for finding in failed_gates(project)]
    refused += release_checks.forbidden(everything, request.names.accepted)
    refused += leaks_in(project, [(kind, item) for kind, many in items.items() for item in many])
    title = release_checks.commit_title(_versions(project, report))
    parcels = [RepoUpload(kind, request.names.of(kind), tuple(many), title) for kind, many in items.items()]
    return Publication(tuple(parcels), tuple(refused), tuple(_warnings(project, request, report, everything)))


def _missing(project: Project, *tables: Table) -> Iterator[str]:
    for table in tables:
        if not project.store.exists(table):
            yield f"{table.name} does not exist yet: {materialize_all_for(table.name)}"
        elif unreadable := project.store.unreadable(table):
            yield unreadable


def _under(project: Project, kind: RepoType, report: PublishedReport | None) -> list[LicensedContent]:
    """The licensed content: the kept rows, the base model, and the benchmark items shown on pages."""
    rows = kept_examples(project.store.read(EXAMPLES)).group_by("licence").len().sort("licence", nulls_last=True)
    content = [LicensedContent("rows of the data set", *row) for row in rows.iter_rows()]
    if kind is RepoType.MODEL:
        base = project.recipe.training.base
        content.append(LicensedContent(f"the base, {base.name}", project.deployment.licence(base)))
    if report is not None and report.shows_items:
        items = pl.scan_parquet(project.store.path(BENCHMARK_PROBLEMS)).filter(
            pl.col("set_aside").is_null(), pl.col("benchmark").is_in(report.benchmarks)
        )
        counts = items.group_by("licence").len().sort("licence", nulls_last=True).collect()
        content += [
            LicensedContent("benchmark items, some of which the pages show", *row) for row in counts.iter_rows()
        ]
    return content


def _versions(project: Project, report: PublishedReport) -> dict[str, str]:
    tables = {EXAMPLES.name: project.store.data_version(EXAMPLES)}
    if report.checkpoint_id and not report.wrong:
        tables |= {CHECKPOINT.name: report.checkpoint_id, REPORTS.name: report.version}
    return tables


def _warnings(
    project: Project, request: PublicationRequest, report: PublishedReport, under: list[LicensedContent]
) -> Iterator[str]:
    stale = [f"{each.table.name} ({each.why})" for each in table_statuses(project) if each.state in NOT_FRESH]
    if stale:
        yield f"a run would rebuild: {', '.join(stale)}; see `skyassets status`"
    if RepoType.MODEL not in request.kinds:
        yield from (f"published without a report: {why}" for why in report.wrong)
    if report.shows_items:
        yield (
            "the report's pages show benchmark questions and answers, which may end up in others' training data; "
            "--tables-only leaves the pages out"
        )
    yield from release_checks.share_alike_notes(under)
    yield (
        f"traces are by {project.recipe.teacher.model.name}: check whether its terms of use allow "
        "training on its outputs"
    )
