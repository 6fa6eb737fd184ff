"""The estimate of a run before it starts: the stages list their calls, and a pilot makes a few of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import polars as pl

from skyassets.core.errors import NoUsableRowsError
from skyassets.core.money import Budget
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, PROBLEMS, REWRITES, TRACES, Table
from skyassets.core.tables.store import StageResult
from skyassets.engines.host.devices import gpus
from skyassets.engines.sources.reader import ProblemReader
from skyassets.project.completions import completer
from skyassets.project.deployment import student_name
from skyassets.project.evaluation.epoch import current_epoch
from skyassets.project.project import BuildContext, PipelineRun, Project
from skyassets.stages.evaluation.answers import attempts_of
from skyassets.stages.inspection.dry_run import DryRun
from skyassets.stages.inspection.forecast import (
    Lengths,
    Line,
    RequestCounter,
    lengths_of,
    rate,
    rewriters,
)
from skyassets.stages.inspection.ledger import COMPLETION_COLUMNS
from skyassets.stages.problems import table as problems
from skyassets.stages.problems.difficulty import ranges
from skyassets.stages.problems.difficulty import rate as rate_problems
from skyassets.stages.rewriting.rewrite import ModelRewriting, rewrite
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.sample import sample
from skyassets.stages.sampling.usable_rows import why_unusable
from skyassets.stages.sampling.usage import COLUMNS, Usage

BYTES_A_TOKEN = 4
"""For English text; used only where nothing was measured."""

Stage = Callable[[Completer], StageResult | None]
"""A stage's work with a completer; returns the result if it is needed."""


@dataclass
class CallEstimate:
    """What a recipe would ask now at a deployment. A pilot makes `pilot` calls for each role that has calls to make."""

    project: Project
    pilot: int
    run_budget: Budget
    log: Callable[[str], None]
    run: str
    """The run id of this pilot. It is unique, so that time between two pilots does not count as run time."""
    problems: pl.DataFrame | None = None
    held_out: pl.DataFrame | None = None
    """The training and benchmark problems, if they need not be read from their sources."""
    is_retrained: bool = False
    """Whether the student will be retrained, so that it differs from the existing checkpoint."""

    def lines(self) -> Iterator[Line]:
        """One line per role of each asset that asks a model, in execution order."""
        recipe = self.project.recipe
        made = (
            problems.raw_problems(recipe.sources, ProblemReader())
            if self.problems is None
            else StageResult(self.problems)
        )
        if rating := recipe.rating:
            difficulties = ranges(recipe.sources)
            line, rated = self._line(
                PROBLEMS, "rater", rating.model, lambda by: rate_problems(made, rating, by, difficulties)
            )
            made = rated or made
            yield replace(line, note="the teacher is not asked the problems it sets aside" * bool(line.calls))
        teacher, traces = self._line(
            TRACES, "teacher", recipe.teacher.model, lambda by: sample(made.frame, recipe.teacher, by)
        )
        yield teacher
        if isinstance(recipe.rewriting, ModelRewriting):
            yield self._rewriter(recipe.rewriting, made.frame, teacher, traces)
        yield from self._answers(is_new=self.is_retrained or teacher.calls > 0)

    def _line(
        self, table: Table, role: str, model: Model, stage: Stage, is_by_conversation: bool = False
    ) -> tuple[Line, StageResult | None]:
        """The line of one role, after its pilot, and what its stage can make from the stored rows."""
        deployment = self.project.deployment
        price = deployment.price(role, model)
        if role in deployment.batches:
            price = replace(price, input=price.input * price.batch, output=price.output * price.batch)
        counting = RequestCounter(price, self.pilot, is_by_conversation)
        made, usage = self._count(counting, stage)
        if counting.sample:
            # A batch may take a day, so the pilot uses the ordinary API.
            at_once = Project(self.project.recipe, replace(deployment, batches=frozenset()))
            context = BuildContext(at_once, table.name, PipelineRun(self.run), self.log, self.run_budget)
            replies = completer(context, role, model).complete(model, counting.sample)
            if reason := why_unusable("pilot calls", [replies.errors.get(one.id) for one in counting.sample]):
                raise NoUsableRowsError(f"{role}: {reason}")
            counting = RequestCounter(price, 0, is_by_conversation)
            made, usage = self._count(counting, stage)
        line = Line(table.name, role, str(model), len(usage.lengths), counting.calls, price, counting.worst)
        return self._known(line, lengths_of(usage), role, model), made

    def _count(self, counter: RequestCounter, stage: Stage) -> tuple[StageResult | None, Usage]:
        usage = Usage()
        made = stage(DryRun(self.project.rows, usage=usage, on_request=counter.count))
        return made, usage

    def _known(self, line: Line, lengths: Lengths | None, role: str, model: Model) -> Line:
        """`line` with measurements of such calls: of the requested ones, or of the same model for the same asset."""
        deployment = self.project.deployment
        is_ours = role not in deployment.urls and ("/" in model.name or model.name.startswith("package:"))
        gpus_used = deployment.vllm.tensor_parallel * deployment.vllm.replicas if gpus() else 1
        rows = self.project.rows.everything(sorted({*COMPLETION_COLUMNS, *COLUMNS}))
        alike = rows.filter(pl.col("model") == str(model), pl.col("asked_for").str.ends_with(f"/{line.asset}"))
        note = line.note
        if lengths is None and alike.height:
            usage = Usage()
            usage.add_stored(alike)
            lengths = lengths_of(usage)
            note = "lengths taken from this model's earlier calls with other requests"
        return replace(
            line,
            lengths=lengths,
            tokens_per_second=rate(alike),
            machine_price=gpus_used * deployment.hour_price if is_ours else 0.0,
            note=note,
        )

    def _rewriter(
        self, rewriting: ModelRewriting, problem_rows: pl.DataFrame, teacher: Line, made: StageResult | None
    ) -> Line:
        """Exact for existing traces; missing ones are assumed to resemble them, or to have the teacher's lengths."""
        frames = [made.frame, *made.stream] if made is not None else []
        traces = pl.concat([frame.select(TRACES.columns) for frame in frames]) if frames else TRACES.frame([])
        stored = traces.filter(pl.col("text").is_not_null())
        line, _ = self._line(
            REWRITES, "rewriter", rewriting.model, lambda by: rewrite(stored, problem_rows, rewriting, by), True
        )
        if not teacher.calls:
            return replace(line, note=line.note or "retries after a failed check are not included")
        missing = f"{teacher.calls} of {stored.height + teacher.calls} traces do not exist yet"
        if stored.height and line.lengths is not None:
            # Calls per trace so far, including second attempts.
            more = round(teacher.calls * (line.calls + line.stored) / stored.height)
            return replace(line, calls=line.calls + more, worst=None, note=f"{missing}: assumed to be like the others")
        lengths = line.lengths
        if lengths is None and teacher.lengths is not None:
            own = len((rewriting.system + rewriting.prompt).encode()) // BYTES_A_TOKEN
            lengths = rewriters(teacher.lengths, own)
        note = f"{missing}: a rewrite is assumed to be as long as the teacher's trace"
        return replace(line, calls=line.calls + teacher.calls, worst=None, lengths=lengths, note=note)

    def _answers(self, is_new: bool) -> Iterator[Line]:
        recipe, project = self.project.recipe, self.project
        held_out = self.held_out
        if held_out is None:
            held_out = problems.benchmark_problems(recipe.benchmarks, ProblemReader()).frame
        epoch = current_epoch(project)

        def ask(model: Model) -> Stage:
            attempts = attempts_of(held_out, recipe.benchmarks, recipe.evaluation, model, epoch)
            requests = {one.request.id: one.request for one in attempts}

            def stage(by: Completer) -> None:
                by.ensure(model, list(requests), requests.__getitem__)

            return stage

        base = recipe.training.base
        line, _ = self._line(ANSWERS, "base", base, ask(base))
        yield line
        manifest = project.store.manifest(CHECKPOINT)
        ident = str(manifest.metadata.get("checkpoint")) if manifest and not is_new else "not trained yet"
        student = Model(student_name(base.name), ident)
        pilot, self.pilot = self.pilot, 0  # a student that is not trained yet cannot be asked
        theirs, _ = self._line(ANSWERS, "student", student, ask(student))
        self.pilot = pilot
        if theirs.lengths is None or theirs.tokens_per_second is None:
            note = "assumed to be like the base's" * bool(theirs.calls)
            theirs = replace(theirs, lengths=line.lengths, tokens_per_second=line.tokens_per_second, note=note)
        yield theirs
        for contender in recipe.contenders:
            measured, _ = self._line(ANSWERS, contender.role, contender.model, ask(contender.model))
            yield measured
