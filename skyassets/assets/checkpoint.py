"""The checkpoint: the student's weights, its training curve, and its model card."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.assets.metadata import MASK
from skyassets.core.ports import Conversation
from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES
from skyassets.core.tables.store import StageResult
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.host.devices import gpus
from skyassets.engines.host.machine import host_memory_gb
from skyassets.engines.serving.idle_server import stop_idle_server
from skyassets.engines.serving.vllm_server import MEMORY_SHARE_ON_CPU
from skyassets.engines.training.checkpoint_folder import Run
from skyassets.project.gates import hold
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.project.publishing.student_card import report_on, write_card
from skyassets.project.training_runs import facts_of, name_of, plan_of, runs_of
from skyassets.stages.curation.examples import conversations
from skyassets.stages.plots import training_curve
from skyassets.stages.training.checkpoint_table import checkpoint
from skyassets.stages.training.loss_mask import as_markdown
from skyassets.stages.training.parallelism import ROOM

API_SERVER_GB = 1.0
"""Memory of vLLM's API server, besides its share."""
SHOWN_LETTERS = 4_000
"""Characters of the example that is shown with its loss mask."""


def model_assets(project: Project, declared: dict[str, AssetDeclaration]) -> list[dg.AssetsDefinition]:
    """`checkpoint`."""
    training = project.recipe.training
    weights = runs_of(project)

    def make(work: BuildContext) -> StageResult:
        hold(project)
        examples = project.store.read(EXAMPLES)
        learned_from = conversations(examples)
        trainer = project.deployment.trainer(training.base, work.telling)

        def plan() -> TrainPlan:
            made = plan_of(project, examples)
            for line in made.assumptions:
                work.said(f"plan: {line}")
            if not has_room_beside_server(project, made):
                stop_idle_server()
            return made

        with project.accounts.training(work.asset, str(training.base), work.run.id, work.run_budget, gpus_of(project)):
            run = weights.train(trainer, plan, learned_from, name_of(project, learned_from), work.said)
        files = [(file.path, file.bytes, file.sha256) for file in run.files]
        made = checkpoint(str(training.base), files, run.curve, facts_of(project, run))
        write_card(project, run, report_on(project, str(made.frame["checkpoint_id"][0])))
        return StageResult(made.frame, {**made.facts, **shown(project, run, learned_from[0])})

    return [asset(project, declared[CHECKPOINT.name], make, training_curve.training_curve)]


def has_room_beside_server(project: Project, plan: TrainPlan) -> bool:
    """Whether training on the processor fits into memory beside an idle server."""
    share = ROOM - (project.deployment.vllm.memory_share or MEMORY_SHARE_ON_CPU)
    return plan.memory.total * plan.layout.ranks <= share * host_memory_gb() - API_SERVER_GB


def gpus_of(project: Project) -> int:
    """The number of GPUs that training uses here."""
    there = len(gpus() or ())
    return min(project.deployment.overrides.ranks or there, there)


def shown(project: Project, run: Run, example: Conversation) -> dict[str, object]:
    """Metadata of a run: its folder, its plan, and an example with its loss mask."""
    plan = run.plan
    pieces = project.deployment.pieces(plan.training.base, example)
    return {
        "weights": str(run.folder),
        "layout": f"{plan.layout.ranks} ranks, ZeRO-{plan.layout.zero_stage}, offload {plan.layout.offload}",
        "fill": round(plan.fill, 4),
        "planned GB a rank": round(plan.memory.total, 2),
        MASK: as_markdown(pieces, SHOWN_LETTERS),
    }
