"""The checkpoint: the student's weights, its training curve, and its model card."""

from skyassets.assets.metadata import MASK
from skyassets.core.ports import Conversation
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.tables.store import StageResult
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.host.devices import gpus
from skyassets.engines.host.machine import host_memory_gb
from skyassets.engines.serving.idle_server import stop_idle_server
from skyassets.engines.serving.vllm_server import MEMORY_SHARE_ON_CPU
from skyassets.engines.training.checkpoint_folder import Run
from skyassets.project.gates import require_gates
from skyassets.project.project import BuildContext, Project
from skyassets.project.publishing.student_card import report_on, write_card
from skyassets.project.training_runs import run_metadata, run_name_of, training_plan, training_runs
from skyassets.stages.curation.examples import conversations
from skyassets.stages.training.checkpoint_table import checkpoint
from skyassets.stages.training.loss_mask import as_markdown
from skyassets.stages.training.parallelism import ROOM

API_SERVER_GB = 1.0
"""Memory of vLLM's API server, besides its share."""
SHOWN_CHARACTERS = 4_000
"""Characters of the example that is shown with its loss mask."""


def make_checkpoint(context: BuildContext) -> StageResult:
    """`checkpoint`."""
    project, training = context.project, context.project.recipe.training
    require_gates(project)
    table = project.store.read(EXAMPLES)
    examples = conversations(table)
    trainer = project.deployment.trainer(training.base, context.pipes)

    def logged_plan() -> TrainPlan:
        plan = training_plan(project, table)
        for assumption in plan.assumptions:
            context.log(f"plan: {assumption}")
        if not _has_room_beside_server(project, plan):
            stop_idle_server()
        return plan

    with project.accounts.training(
        context.asset, str(training.base), context.run.id, context.run_budget, _gpus_used(project)
    ):
        run = training_runs(project).train(trainer, logged_plan, examples, run_name_of(project, examples), context.log)
    files = [(file.path, file.bytes, file.sha256) for file in run.files]
    result = checkpoint(str(training.base), files, run.curve, run_metadata(project, run))
    write_card(project, run, report_on(project, str(result.frame["checkpoint_id"][0])))
    return StageResult(result.frame, {**result.metadata, **_plan_metadata(project, run, examples[0])})


def _has_room_beside_server(project: Project, plan: TrainPlan) -> bool:
    """Whether training on the processor fits into memory beside an idle server."""
    share = ROOM - (project.deployment.vllm.memory_share or MEMORY_SHARE_ON_CPU)
    return plan.memory.total * plan.layout.ranks <= share * host_memory_gb() - API_SERVER_GB


def _gpus_used(project: Project) -> int:
    """The number of GPUs that training uses here."""
    present = len(gpus() or ())
    return min(project.deployment.overrides.ranks or present, present)


def _plan_metadata(project: Project, run: Run, example: Conversation) -> dict[str, object]:
    """The folder of a run, its plan, and an example with its loss mask."""
    plan = run.plan
    pieces = project.deployment.pieces(plan.training.base, example)
    return {
        "weights": str(run.folder),
        "layout": f"{plan.layout.ranks} ranks, ZeRO-{plan.layout.zero_stage}, offload {plan.layout.offload}",
        "fill": round(plan.fill, 4),
        "planned GB a rank": round(plan.memory.total, 2),
        MASK: as_markdown(pieces, SHOWN_CHARACTERS),
    }
