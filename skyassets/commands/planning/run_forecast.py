"""The calls, training and cost of a run now, for `skyassets status`. Makes no calls, starts and fetches nothing."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from skyassets.commands.planning.plan_data import examples
from skyassets.commands.planning.plan_pipeline import pipeline
from skyassets.core.errors import SkyassetsError
from skyassets.core.money import Budget
from skyassets.core.sources import HubDataset, Source
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, PROBLEMS, Table
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.fake.engine import NAME as FAKE_MODEL
from skyassets.engines.host.machine import this_machine
from skyassets.engines.models.shape import has_local_shape
from skyassets.project.estimate import CallEstimate
from skyassets.project.project import Project
from skyassets.project.table_status import State, TableStatus
from skyassets.project.training_runs import plan_for_lengths, run_name_of, training_runs, with_price
from skyassets.stages.curation.examples import conversations
from skyassets.stages.inspection.forecast import Line, total


@dataclass(frozen=True)
class RunForecast:
    """What a run would do that takes time or money."""

    lines: Sequence[Line] | None = ()
    """One line per role of the tables that may be rebuilt; None if the calls cannot be counted."""
    training: TrainPlan | None = None
    """The plan of the training; None if nothing would be trained, or it cannot be planned here."""
    is_trained: bool = False
    """Whether anything would be trained."""
    notes: list[str] = field(default_factory=list)
    """The assumptions behind the figures, and what is unknown."""
    is_most: bool = False
    """Whether this is an upper bound: some calls are made only if earlier tables change."""

    @property
    def calls(self) -> int | None:
        """Calls of all roles; None if unknown."""
        return None if self.lines is None else sum(line.calls for line in self.lines)

    @property
    def dollars(self) -> float | None:
        """The total expected cost; None if a part of it is unknown."""
        return None if self.lines is None else total([line.dollars_mean for line in self.lines] + [self.to_train])

    @property
    def to_train(self) -> float | None:
        """The expected cost of the training."""
        return (self.training.dollars if self.training else None) if self.is_trained else 0.0


def run_forecast(project: Project, statuses: Sequence[TableStatus]) -> RunForecast:
    """The calls and the training of a run, given the current tables."""
    state = {each.table.name: each.state for each in statuses}
    if not any(each.is_pending for each in statuses):
        return RunForecast()
    lines, assumptions = _calls(project, state)
    is_trained, training, remark = _training(project, state)
    pending = None if lines is None else [line for line in lines if state[line.asset] is not State.FRESH]
    touched = {line.asset for line in pending or () if line.calls} | ({CHECKPOINT.name} if is_trained else set())
    is_most = any(state[name] is State.PERHAPS for name in touched)
    return RunForecast(pending, training, is_trained, [note for note in (assumptions, remark) if note], is_most)


def _calls(project: Project, state: dict[str, State]) -> tuple[list[Line] | None, str]:
    """One line per role, with their assumptions; None if the calls cannot be counted."""
    recipe = project.recipe
    benchmark_sources = tuple(benchmark.source for benchmark in recipe.benchmarks)
    problems = _problems(project, PROBLEMS, state, recipe.sources)
    held_out = _problems(project, BENCHMARK_PROBLEMS, state, benchmark_sources)
    if recipe.expected is not None and problems is None and state[PROBLEMS.name] is State.MISSING:
        return pipeline(project, with_price(this_machine(), project.deployment))
    inputs = ((problems, PROBLEMS, recipe.sources), (held_out, BENCHMARK_PROBLEMS, benchmark_sources))
    for rows, table, sources in inputs:
        if rows is None and any(_is_remote(source) for source in sources):
            return None, f"the number of calls is unknown: {table.name} comes from the hub and does not exist yet"
    is_retrained = state[CHECKPOINT.name] is not State.FRESH
    estimate = CallEstimate(project, 0, Budget(), lambda line: None, "status", problems, held_out, is_retrained)
    try:
        return list(estimate.lines()), ""
    except SkyassetsError as error:
        return None, f"the number of calls is unknown: {error}"


def _problems(
    project: Project, table: Table, state: dict[str, State], sources: Sequence[Source]
) -> pl.DataFrame | None:
    """The stored problems, if they match the sources or the sources are remote."""
    is_enough = state[table.name] is State.FRESH or any(_is_remote(source) for source in sources)
    return project.store.read(table) if is_enough and not project.store.unreadable(table) else None


def _is_remote(source: Source) -> bool:
    return isinstance(source.origin, HubDataset) and not Path(source.origin.repo).is_dir()


def _training(project: Project, state: dict[str, State]) -> tuple[bool, TrainPlan | None, str]:
    """Whether anything would be trained, its plan if available, and a remark."""
    recipe, deployment = project.recipe, project.deployment
    training = recipe.training
    if state[CHECKPOINT.name] is State.FRESH:
        return False, None, ""
    if state[EXAMPLES.name] is State.FRESH and _is_trained(project):
        return False, None, "checkpoint: the weights of this training exist already, so nothing is trained"
    if training.base.name != FAKE_MODEL and not has_local_shape(training.base, deployment.data / "models"):
        return True, None, f"checkpoint: the shape of {training.base} is not stored here; `skyassets plan` fetches it"
    if recipe.expected is None and project.store.manifest(EXAMPLES) is None:
        return True, None, "checkpoint: the training cannot be planned before there is a data set"
    try:
        data = examples(project, training.cutoff, Namespace(rows=None, tokens=None))
        return True, plan_for_lengths(deployment, training, data.lengths, data.learned), ""
    except SkyassetsError as error:
        return True, None, f"checkpoint: {error}"


def _is_trained(project: Project) -> bool:
    training_set = conversations(project.store.read(EXAMPLES))
    return bool(training_set) and not training_runs(project).damage(run_name_of(project, training_set))
