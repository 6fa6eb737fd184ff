"""`skyassets plan`: whether the training fits the hardware, its time and cost, and the rest of the pipeline."""

import argparse
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, fields, replace

from rich.console import Console

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import print_json, print_text
from skyassets.commands.planning import rendering
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
from skyassets.project.project import Project
from skyassets.project.settings import dollars_in
from skyassets.project.training_runs import saving, with_price, write_job
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
    number = int(text) if text.isdecimal() and len(text) <= len(str(MOST)) else 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 to {MOST:,}")
    return number


def plan(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show whether the training fits the hardware, its time and cost, and the calls of the whole pipeline.

    Starts nothing. Needs no GPU and, for well-known models, no network.
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
    inputs = PlanInputs(training, shape, data.lengths, hardware, _overrides(deployment, options), saves, data.learned)
    plans = plans_of(inputs)
    fitting = [each for each in plans if each[0].fits]
    best = fastest(fitting)[1] if fitting else None
    lines, source = pipeline(project, hardware)
    job = _written(project, training, best, options) if options.write and best else None
    published = beside_published(recipe)
    if options.json:
        data_of_plan = _data(recipe, data, plans, best, lines, source)
        more = {"refusal": "" if best else refusal(inputs), "published": published}
        print_json(data_of_plan | more | {"job": str(job.path) if job else None})
        return 0 if best else 1
    console = Console()
    for text in _head(recipe, training, data, shape, hardware):
        print_text(console, text)
    console.print(rendering.layouts(plans, best))
    for text in _notes(best, hardware) if best else [refusal(inputs)]:
        print_text(console, text)
    console.print(rendering.calls(lines, best))
    print_text(console, f"Source of these figures: {source}.")
    if published:
        print_text(console, str(published["says"]))
    if options.files and best:
        for name, text in best.files.items():
            print_text(console, f"\n{name}\n{text}")
        print_text(console, f"\n{' '.join(best.argv)}")
    if job and best:
        print_text(console, f"\nThe job is in {job.path}. Run this there, then materialize checkpoint here:")
        print_text(console, " ".join([*best.argv[:-1], str(job.path)]))
    return 0 if best else 1


PLAN = Command(
    plan,
    (
        argument(
            "--on",
            metavar="HARDWARE",
            help="8xH100-80GB, 2x8xH100-80GB for two nodes, cpu or cpu-64GB; without it, this machine",
        ),
        argument("--price", metavar="DOLLARS", help="per device and hour; without it, the known price"),
        argument(
            "--rows", type=_whole, metavar="N", help="number of examples, instead of the stored or expected number"
        ),
        argument(
            "--tokens",
            type=float,
            metavar="N",
            help="mean tokens of an example, instead of the stored or expected ones",
        ),
        argument("--cutoff", type=_whole, metavar="TOKENS", help="another cutoff than the recipe's"),
        argument("--packing", action="store_true", help="pack the examples, even if the recipe does not"),
        argument("--lora", type=_whole, metavar="RANK", help="train adapters of this rank"),
        argument("--ranks", type=int, metavar="N", help="number of processes, each with its own device"),
        argument("--micro-batch", type=int, metavar="N", help="examples that a rank processes at once"),
        argument("--zero", type=int, choices=range(4), dest="zero_stage", help="ZeRO stage"),
        argument("--offload", choices=OFFLOADS, help="what to offload to CPU memory"),
        argument("--recompute", action=argparse.BooleanOptionalAction, help="use activation checkpointing"),
        argument("--attention", choices=ATTENTIONS, metavar="KIND", help=f"one of {', '.join(ATTENTIONS)}"),
        argument("--loss", choices=LOSSES, help="how to compute the loss"),
        argument("--sequence-parallel", type=int, metavar="N", help="ranks that share one example"),
        argument("--save-every", type=_whole, metavar="N", help="steps between two saves"),
        argument("--files", action="store_true", help="print the files and the command of the chosen layout"),
        argument("--write", action="store_true", help="write the job of the chosen layout, to run on another machine"),
        json_argument(),
    ),
    (
        ("", "whether the training fits this machine, its time and cost"),
        ("--on 8xH100-80GB", "the same for eight H100"),
        ("--on 1xA100-80GB --lora 16 --rows 5000 --tokens 1200", "a variant of the training"),
        ("--write", "write the job for another machine"),
    ),
    Exits("the training fits", "no layout fits"),
)


def _written(project: Project, training: Training, best: TrainPlan, options: Namespace) -> JobFolder:
    what_if = training != project.recipe.training or options.rows is not None or options.tokens is not None
    if what_if or project.store.manifest(EXAMPLES) is None:
        raise SkyassetsError(
            "plan: --write writes the job of the recipe's own training on its own data set; make sft_dataset first, "
            "and set the cutoff, packing and lora in the recipe instead of by --rows, --tokens, --cutoff, --packing "
            "and --lora"
        )
    return write_job(project, best)


def _training(training: Training, options: Namespace) -> Training:
    changed = replace(training, cutoff=options.cutoff or training.cutoff, packing=training.packing or options.packing)
    return replace(changed, lora=Lora(options.lora, 2 * options.lora)) if options.lora else changed


def _hardware(deployment: Deployment, options: Namespace) -> Hardware:
    if options.on is None:
        hardware = with_price(this_machine(), deployment)
    else:
        hardware = this_processor() if options.on == "cpu" else hardware_of(options.on)
    if options.price is None:
        return hardware
    return replace(hardware, device=replace(hardware.device, dollars_hour=dollars_in("--price", options.price)))


def _overrides(deployment: Deployment, options: Namespace) -> LayoutOverrides:
    """The overrides of the options; on this machine, the deployment's overrides fill the gaps."""
    defaults = deployment.overrides if options.on is None else LayoutOverrides()
    values = {field.name: getattr(options, field.name) for field in fields(LayoutOverrides)}
    return replace(defaults, **{name: value for name, value in values.items() if value is not None})


def _head(recipe: Recipe, training: Training, data: Examples, shape: ModelShape, hardware: Hardware) -> list[str]:
    device = hardware.device
    method = f"LoRA of rank {training.lora.rank}" if training.lora else "full fine-tuning"
    unit, packs = ("packs", ", packed") if training.packing else ("examples", "")
    speed = f", {device.tflops:,.0f} dense bf16 TFLOPS" if device.tflops else ""
    nodes = f" on {hardware.nodes} nodes" if hardware.nodes > 1 else ""
    return [
        f"{recipe.name}: {training.base}, {shape.parameters / 1e9:.2f} billion parameters; {method}, {training.epochs} "
        f"epochs, {training.global_batch} {unit} per step, cutoff {training.cutoff:,}{packs}",
        f"data: {data.says}",
        f"hardware: {hardware.devices} x {device.name}{nodes}, {device.memory_gb:.1f} GB each{speed}; "
        f"{hardware.host_memory_gb:,.0f} GB of main memory per node; at most {ROOM:.0%} of each is used",
    ]


def _notes(best: TrainPlan, hardware: Hardware) -> list[str]:
    price, source = hardware.device.dollars_hour, priced(hardware.device)
    cost = f"${price:g} per device and hour{f', {source}' if source else ''}" if price else "price unknown: set --price"
    ranks = f"{best.layout.ranks} ranks" if best.layout.ranks > 1 else "1 rank"
    time = f"{rendering.hours(best.hours)} hours, {rendering.dollars(best.dollars)}; " if best.hours else ""
    fill = "of the packs' capacity is filled" if best.training.packing else "of the computed tokens are not padding"
    return [
        f"chosen: {rendering.layout_name(best)} on {ranks}: {best.steps:,} steps, {rendering.tokens(best.tokens)} "
        f"tokens, {best.fill:.2%} {fill}; {time}{best.disk_gb:,.0f} GB of disk",
        "Assumptions:",
        *(f"  - {each}" for each in (*best.assumptions, *([cost] if hardware.device.is_gpu else []))),
    ]


def _data(
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
                "hours": planned.hours,
                "dollars": planned.dollars,
            }
            for each, planned in plans
        ],
        "plan": asdict(best) if best else None,
        "pipeline": list(map(rendering.line_data, lines)),
        "source": source,
    }
