"""`skyassets plan`: whether the training fits the hardware, its time and cost, and the rest of the pipeline."""

import argparse
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace

from rich.console import Console

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.planning import rendering as shown
from skyassets.commands.planning.plan_data import Examples, examples
from skyassets.commands.planning.plan_pipeline import pipeline
from skyassets.commands.planning.plan_published import beside_published
from skyassets.core.errors import SkyassetsError
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.training.hardware import Hardware, hardware_of, priced
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Lora, Training, TrainPlan
from skyassets.engines.host.machine import this_machine, this_processor
from skyassets.engines.training.job import JobFolder
from skyassets.project.deployment import Deployment
from skyassets.project.planning import priced as at_its_price
from skyassets.project.planning import saving
from skyassets.project.project import Project
from skyassets.project.settings import dollars_in
from skyassets.project.training_runs import written_job
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.forecast import Line
from skyassets.stages.training.parallelism import (
    ATTENTIONS,
    LOSSES,
    OFFLOADS,
    ROOM,
    Candidate,
    LayoutOverrides,
    PlanInputs,
)
from skyassets.stages.training.plan import fastest, plans_of, refusal

MOST = 10_000_000
"""More than any reasoning data set has; a typing error should not exhaust the memory."""


def _whole(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 to {MOST:,}")
    return number


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `plan`."""
    parser.add_argument(
        "--on", help="8xH100-80GB, 2x8xH100-80GB for two nodes, cpu, cpu-64GB; without it, this machine"
    )
    parser.add_argument("--price", help="dollars a device and hour; without it, the known price")
    parser.add_argument("--rows", type=_whole, help="examples, in place of the stored or expected ones")
    parser.add_argument("--tokens", type=float, help="tokens of an example in the mean, likewise")
    parser.add_argument("--cutoff", type=_whole, help="what if the recipe's cutoff were this")
    parser.add_argument("--packing", action="store_true", help="what if the recipe packed its examples")
    parser.add_argument("--lora", type=_whole, metavar="RANK", help="what if the recipe trained adapters of this rank")
    parser.add_argument("--ranks", type=int, help="processes, each with a device of its own")
    parser.add_argument("--micro-batch", type=int, help="examples that a rank takes at once")
    parser.add_argument(
        "--zero", type=int, choices=range(4), dest="zero_stage", help="what the ranks share out: ZeRO's stage"
    )
    parser.add_argument("--offload", choices=OFFLOADS, help="what lies in main memory")
    parser.add_argument("--recompute", action=argparse.BooleanOptionalAction, help="activations are computed again")
    parser.add_argument("--attention", choices=ATTENTIONS, metavar="KIND", help=f"one of {', '.join(ATTENTIONS)}")
    parser.add_argument("--loss", choices=LOSSES, help="how the loss is computed")
    parser.add_argument("--sequence-parallel", type=int, help="ranks that share one example")
    parser.add_argument("--save-every", type=_whole, help="steps between two saves")
    parser.add_argument("--files", action="store_true", help="print the files and the command of the chosen layout")
    parser.add_argument(
        "--write", action="store_true", help="leave the job of the chosen layout for another machine, and say where"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def plan(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Say whether the training fits, what it takes and costs, and what the whole pipeline does.

    Starts nothing, and needs neither a GPU nor, for well-known models, a network.
    """
    project = Project(recipe, deployment)
    training = _training(recipe.training, options)
    hardware = _hardware(deployment, options)
    data = examples(project, training.cutoff, options)
    shape = deployment.shape(training.base)
    saves = saving(
        deployment if options.save_every is None else replace(deployment, save_every=options.save_every),
        training,
        data.lengths,
    )
    inputs = PlanInputs(training, shape, data.lengths, hardware, _wishes(deployment, options), saves, data.learned)
    plans = plans_of(inputs)
    fitting = [each for each in plans if each[0].fits]
    best = fastest(fitting)[1] if fitting else None
    lines, source = pipeline(project, hardware)
    console = Console()
    job = _written(project, training, best, options) if options.write and best else None
    if options.json:
        told = _told(recipe, data, plans, best, lines, source) | {"refusal": "" if best else refusal(inputs)}
        told |= {"published": beside_published(recipe), "job": str(job.path) if job else None}
        console.print(json.dumps(told, indent=1), markup=False, highlight=False, soft_wrap=True)
        return 0 if best else 1

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for text in _head(recipe, training, data, shape, hardware):
        say(text)
    console.print(shown.layouts(plans, best))
    for text in _notes(best, hardware) if best else [refusal(inputs)]:
        say(text)
    console.print(shown.models(lines, best))
    say(f"Figures of the pipeline: {source}.")
    if published := beside_published(recipe):
        say(str(published["says"]))
    if options.files and best:
        for name, text in best.files.items():
            say(f"\n{name}\n{text}")
        say(f"\n{' '.join(best.argv)}")
    if job and best:
        say(f"\nThe job is in {job.path}; run there, then materialize checkpoint here:")
        say(" ".join([*best.argv[:-1], str(job.path)]))
    return 0 if best else 1


PLAN = Command(
    plan,
    arguments,
    (
        ("", "does the training fit this machine, what does it take and cost"),
        ("--on 8xH100-80GB", "the same for eight H100"),
        ("--on 1xA100-80GB --lora 16 --rows 5000 --tokens 1200", "what if"),
        ("--write", "leave the job for another machine"),
    ),
    Exits("the training fits", "nothing fits"),
)


def _written(project: Project, training: Training, best: TrainPlan, options: Namespace) -> JobFolder:
    what_if = training != project.recipe.training or options.rows is not None or options.tokens is not None
    if what_if or project.store.manifest(EXAMPLES) is None:
        raise SkyassetsError(
            "plan: --write leaves the job of the recipe's own training on its own data set; make sft_dataset first, "
            "and leave out --rows, --tokens, --cutoff, --packing and --lora (what they ask belongs into the recipe)"
        )
    return written_job(project, best)


def _training(training: Training, options: Namespace) -> Training:
    changed = replace(training, cutoff=options.cutoff or training.cutoff, packing=training.packing or options.packing)
    return replace(changed, lora=Lora(options.lora, 2 * options.lora)) if options.lora else changed


def _hardware(deployment: Deployment, options: Namespace) -> Hardware:
    if options.on is None:
        hardware = at_its_price(this_machine(), deployment)
    else:
        hardware = this_processor() if options.on == "cpu" else hardware_of(options.on)
    if options.price is None:
        return hardware
    return replace(hardware, device=replace(hardware.device, dollars_hour=dollars_in("--price", options.price)))


def _wishes(deployment: Deployment, options: Namespace) -> LayoutOverrides:
    """The overrides of the options; on this machine, the deployment's overrides fill the gaps."""
    overrides = deployment.overrides if options.on is None else LayoutOverrides()
    names = ("ranks", "micro_batch", "zero_stage", "offload", "recompute", "attention", "loss", "sequence_parallel")
    said = {name: getattr(options, name) for name in names}
    return replace(overrides, **{name: wish for name, wish in said.items() if wish is not None})


def _head(recipe: Recipe, training: Training, data: Examples, shape: ModelShape, hardware: Hardware) -> list[str]:
    device = hardware.device
    method = f"LoRA of rank {training.lora.rank}" if training.lora else "all weights"
    packs = ", packed" if training.packing else ""
    speed = f", {device.tflops:,.0f} dense bf16 TFLOPS" if device.tflops else ""
    nodes = f" on {hardware.nodes} nodes" if hardware.nodes > 1 else ""
    return [
        f"{recipe.name}: {training.base}, {shape.parameters / 1e9:.2f} billion weights; {method}, {training.epochs} "
        f"epochs, {training.global_batch} {'packs' if packs else 'examples'} a step, cutoff {training.cutoff:,}{packs}",
        f"data: {data.says}",
        f"hardware: {hardware.devices} x {device.name}{nodes}, {device.memory_gb:.1f} GB each{speed}; "
        f"{hardware.host_memory_gb:,.0f} GB of main memory a node; {ROOM:.0%} of a memory are planned with",
    ]


def _notes(best: TrainPlan, hardware: Hardware) -> list[str]:
    price, who = hardware.device.dollars_hour, priced(hardware.device)
    cost = f"${price:g} a device and hour{f', {who}' if who else ''}" if price else "no price is known: say --price"
    ranks = f"{best.layout.ranks} ranks" if best.layout.ranks > 1 else "1 rank"
    time = f"{shown.hours(best.hours)} hours, {shown.dollars(best.dollars)}; " if best.hours else ""
    fill = "of the packs' room is filled" if best.training.packing else "of the computed tokens are no padding"
    return [
        f"chosen: {shown.named(best)} on {ranks}: {best.steps:,} steps, {shown.tokens(best.tokens)} tokens, "
        f"{best.fill:.2%} {fill}; {time}{best.disk_gb:,.0f} GB of disk",
        "It rests on:",
        *(f"  - {each}" for each in (*best.assumptions, *([cost] if hardware.device.is_gpu else []))),
    ]


def _told(
    recipe: Recipe,
    data: Examples,
    plans: Sequence[tuple[Candidate, TrainPlan]],
    best: TrainPlan | None,
    lines: Sequence[Line],
    source: str,
) -> dict[str, object]:
    return {
        "recipe": recipe.name,
        "data": data.says,
        "layouts": [
            {
                "layout": asdict(each.layout),
                "memory": asdict(each.memory) | {"total": each.memory.total},
                "fits": each.fits,
                "hours": made.hours,
                "dollars": made.dollars,
            }
            for each, made in plans
        ],
        "plan": asdict(best) if best else None,
        "pipeline": [
            asdict(line) | {"tokens": line.tokens, "hours": line.hours, "dollars": line.dollars_mean} for line in lines
        ],
        "source": source,
    }
