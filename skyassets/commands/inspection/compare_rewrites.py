"""`skyassets compare-rewrites`: two ways of rewriting on the same traces, with their checks, cost and texts."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import SHORT, differing, printable
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.errors import RecipeError, SkyassetsError
from skyassets.core.files import replaced, write_text
from skyassets.core.hints import materialize
from skyassets.core.identity import digest
from skyassets.core.money import Budget
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import PROBLEMS, TRACES
from skyassets.core.tables.parquet import write_parquet
from skyassets.project.completions import completer
from skyassets.project.deployment import Deployment
from skyassets.project.project import BuildContext, Project, Run
from skyassets.project.settings import dollars_in
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.registry import find_recipe
from skyassets.stages.equivalence.trace_format import BEGIN_THOUGHT
from skyassets.stages.markup.word_diff import Kind, changes, excerpt
from skyassets.stages.rewriting.comparison import (
    USABLE,
    Side,
    Tries,
    compare_outcomes,
    most_informative,
    sample_traces,
    try_side,
)
from skyassets.stages.rewriting.comparison_report import costs, page, verdict
from skyassets.stages.rewriting.rewrite import ModelRewriting

NAME = "compare-rewrites"
LONGEST = 1500
"""Characters of a rewrite shown in the terminal; the page shows all of it."""


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `compare-rewrites`."""
    other = parser.add_argument_group("the other way, beginning with the recipe's own")
    other.add_argument("--against", metavar="RECIPE", help="that of another recipe")
    other.add_argument("--system", type=Path, metavar="FILE", help="with the system prompt in FILE")
    other.add_argument("--prompt", type=Path, metavar="FILE", help="with the prompt in FILE: {question} and {trace}")
    other.add_argument("--model", metavar="NAME[@REVISION]", help="by another model")
    parser.add_argument("--rows", type=int, default=20, help="how many traces (20)")
    parser.add_argument("--seed", type=int, default=0, help="which ones: another seed draws others (0)")
    parser.add_argument("--budget", help="dollars it may spend; without it, the recipe's and SKYASSETS_BUDGET")
    parser.add_argument("--show", type=int, default=3, help="how many pairs of rewrites to print (3)")
    parser.add_argument("--name", help="what the comparison is called; made up from the two if not given")


def compare_rewrites(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Try two ways to rewrite on the same traces: how many pass each check, whether that is luck, cost and texts."""
    project = Project(recipe, deployment)
    sides = (Side(recipe.name, recipe.rewriting), other_side(recipe, options))
    name = options.name or _made_up(sides, options)
    if not name.replace("-", "").replace("_", "").isalnum():
        raise SkyassetsError(f"--name is {name!r}; it must be letters, digits, - and _")
    traces, problems = _drawn(StoredTables(project), options)
    console, said = Console(), Console(stderr=True)
    if traces.is_empty():
        make = materialize("teacher_traces")
        console.print(f"{recipe.name} has no trace to rewrite; make some: {make}", markup=False, soft_wrap=True)
        return 1
    limits = [each for each in (project.budget, _budget(options)) if each is not None]
    run_budget = Budget(min(limits, default=None))
    work = BuildContext(NAME, Run(name), lambda line: said.print(line, markup=False, highlight=False), run_budget)
    tries = []
    for side in sides:
        way = side.rewriting
        by = completer(project, "rewriter", way.model, work) if isinstance(way, ModelRewriting) else None
        tries.append(try_side(side, traces, problems, by, project.rows))
    both = (tries[0], tries[1])
    folder = project.store.folder / "comparisons"
    with replaced(folder / f"{name}.parquet") as part:
        write_parquet([pl.concat(both)], part)
    write_text(folder / f"{name}.md", page(recipe.name, options.seed, sides, both))
    _show(console, sides, both, options)
    console.print(f"spent now  ${run_budget.spent:.4g}", markup=False, highlight=False)
    for ending, what in (("parquet", "all rows "), ("md", "the page ")):
        console.print(f"{what}  {folder / name}.{ending}", markup=False, highlight=False, soft_wrap=True)
    return 0


COMPARE_REWRITES = Command(
    compare_rewrites,
    arguments,
    (
        ("--prompt mine.txt", "the recipe's rewriting prompt against another one, on 20 traces"),
        ("--model org/model@main --rows 50 --budget 2", "another model, for two dollars at most"),
        ("--against sky_t1_preview --name rules-or-model", "the way of another recipe"),
    ),
    Exits(not_well="there is no trace to rewrite yet"),
)


def other_side(recipe: Recipe, options: Namespace) -> Side:
    """The recipe's rewriting, changed by the options.

    Raises:
        RecipeError: when nothing is changed, or a changed part does not exist.
    """
    base = find_recipe(options.against) if options.against else recipe
    way, parts = base.rewriting, [base.name] if options.against else []
    changed = {
        "system": _read(options.system),
        "prompt": _read(options.prompt),
        "model": _model(options.model),
    }
    for what in [name for name, value in changed.items() if value is not None]:
        if not isinstance(way, ModelRewriting):
            raise RecipeError(
                f"{base.name} rewrites by rules, which have no {what}; name a recipe that rewrites by a model: "
                "--against RECIPE"
            )
        way = replace(way, **{what: changed[what]})  # type: ignore[arg-type]  # each value is of its field's type
        given = getattr(options, what)
        parts.append(given.stem if isinstance(given, Path) else given)
    if way == recipe.rewriting:
        raise RecipeError(
            f"both ways to rewrite are {recipe.name}'s own; change one: --system FILE, --prompt FILE, --model NAME, "
            "--against RECIPE"
        )
    if isinstance(way, ModelRewriting) and "{trace}" not in way.prompt:
        raise RecipeError(f"{options.prompt}: the prompt holds no {{trace}}, so the model would see none to rewrite")
    name = "-".join(parts)
    return Side(name if name != recipe.name else f"{name}-2", way)


def _read(file: Path | None) -> str | None:
    try:
        return None if file is None else file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"the prompt in {file} cannot be read: {error}; it must be a text file in UTF-8") from error


def _model(text: str | None) -> Model | None:
    if text is None:
        return None
    name, _, revision = text.partition("@")
    return Model(name, revision or "main")


def _budget(options: Namespace) -> float | None:
    return None if options.budget is None else dollars_in("--budget", options.budget)


def _made_up(sides: tuple[Side, Side], options: Namespace) -> str:
    told = "-vs-".join("".join(c if c.isalnum() else "-" for c in side.name) for side in sides)
    return f"{told}-{digest([side.rewriting for side in sides], options.rows, options.seed)[:6]}"


def _drawn(lookup: StoredTables, options: Namespace) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The traces to compare, and their problems: only those that can be and need to be rewritten."""
    is_ready = (pl.col("finish_reason") == "stop") | (pl.col("cut") == "kept")
    is_open = is_ready & ~pl.col("text").str.contains(BEGIN_THOUGHT, literal=True)
    ready = lookup.rows(TRACES, lambda rows: rows.filter(is_open).select("trace_id"))["trace_id"].to_list()
    ids = sample_traces(ready, max(options.rows, 1), options.seed)
    traces = lookup.rows(TRACES, lambda rows: rows.filter(pl.col("trace_id").is_in(ids)))
    problems = traces["problem_id"].unique().to_list()
    return traces, lookup.rows(PROBLEMS, lambda rows: rows.filter(pl.col("problem_id").is_in(problems)))


def _show(console: Console, sides: tuple[Side, Side], tries: Tries, options: Namespace) -> None:
    names = [side.name for side in sides]
    found = compare_outcomes(*tries)
    shown = Table(title=f"rewrites of {tries[0].height} traces that pass", box=box.SIMPLE_HEAD)
    for name in ("check", *names, f"only {names[0]}", f"only {names[1]}", "p"):
        shown.add_column(name, justify="left" if name == "check" else "right")
    for one in found:
        style = "bold" if one.outcome == USABLE else ""
        told = [*map(str, one.passed), *map(str, one.only), f"{one.p_value:.2g}"]
        shown.add_row(one.outcome, *told, style=style)
    console.print(shown)
    spent = Table("cost", *names, box=box.SIMPLE_HEAD)
    for row in costs(tries):
        spent.add_row(*row)
    console.print(spent)
    for pair in most_informative(tries[0], tries[1], options.show):
        console.print(_side_by_side(names, *pair))
    console.print(verdict(sides, found), style="bold", markup=False, highlight=False)


def _side_by_side(names: list[str], one: dict[str, object], other: dict[str, object]) -> Table:
    pieces = excerpt(changes(str(one["text"] or ""), str(other["text"] or "")))
    question = " ".join(printable(str(one["question"])).split())
    shown = Table(
        title=Text(f"trace {str(one['trace_id'])[:SHORT]}  {question}", no_wrap=True, overflow="ellipsis"), expand=True
    )
    for name, row in zip(names, (one, other), strict=True):
        shown.add_column(Text(f"{name}: {'usable' if row[USABLE] else row['failed']}"), ratio=1, overflow="fold")
    cells = [differing([piece for piece in pieces if piece.kind is not gone]) for gone in (Kind.ADDED, Kind.REMOVED)]
    for cell in cells:
        cell.truncate(LONGEST, overflow="ellipsis")
    shown.add_row(*cells)
    return shown
