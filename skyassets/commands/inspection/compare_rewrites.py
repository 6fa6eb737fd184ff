"""`skyassets compare-rewrites`: two ways of rewriting on the same traces, with their checks, cost and texts."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import SHORT, differing, new_table, print_text, printable
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.errors import RecipeError, SkyassetsError
from skyassets.core.files import replaced, write_text
from skyassets.core.hints import materialize_all_for
from skyassets.core.identity import digest
from skyassets.core.money import Budget
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import PROBLEMS, TRACES
from skyassets.core.tables.parquet import write_parquet
from skyassets.project.completions import completer
from skyassets.project.deployment import Deployment
from skyassets.project.project import BuildContext, PipelineRun, Project
from skyassets.project.settings import dollars_in
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.registry import find_recipe
from skyassets.stages.extraction.trace_format import BEGIN_THOUGHT
from skyassets.stages.markup.word_diff import Edit, changes, excerpt
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


def compare_rewrites(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Compare two ways to rewrite on the same traces: checks passed, significance, cost and texts.

    One way is the recipe's own. The other one starts from it, or from that of --against, and is changed by --system,
    --prompt and --model.
    """
    project = Project(recipe, deployment)
    sides = (Side(recipe.name, recipe.rewriting), other_side(recipe, options))
    name = options.name or _default_name(sides, options)
    if not name.replace("-", "").replace("_", "").isalnum():
        raise SkyassetsError(f"--name is {name!r}; it must be letters, digits, - and _")
    traces, problems = _draw(StoredTables(project), options)
    console, progress = Console(), Console(stderr=True)
    if traces.is_empty():
        print_text(
            console, f"{recipe.name} has no traces to rewrite. To make some: {materialize_all_for('teacher_traces')}"
        )
        return 1
    own_limit = None if options.budget is None else dollars_in("--budget", options.budget)
    limits = [each for each in (project.budget, own_limit) if each is not None]
    run_budget = Budget(min(limits, default=None))
    context = BuildContext(project, NAME, PipelineRun(name), lambda line: print_text(progress, line), run_budget)
    tries = []
    for side in sides:
        way = side.rewriting
        by = completer(context, "rewriter", way.model) if isinstance(way, ModelRewriting) else None
        tries.append(try_side(side, traces, problems, by, project.rows))
    both = (tries[0], tries[1])
    folder = project.store.folder / "comparisons"
    with replaced(folder / f"{name}.parquet") as part:
        write_parquet([pl.concat(both)], part)
    write_text(folder / f"{name}.md", page(recipe.name, options.seed, sides, both))
    _show(console, sides, both, options)
    print_text(console, f"spent now  ${run_budget.spent:.4g}")
    print_text(console, f"all rows   {folder / name}.parquet\npage       {folder / name}.md")
    return 0


COMPARE_REWRITES = Command(
    compare_rewrites,
    (
        argument("--against", metavar="RECIPE", help="start from another recipe's rewriting"),
        argument("--system", type=Path, metavar="FILE", help="use the system prompt in FILE"),
        argument("--prompt", type=Path, metavar="FILE", help="use the prompt in FILE, with {question} and {trace}"),
        argument("--model", metavar="NAME[@REVISION]", help="use another model"),
        argument("--rows", type=int, default=20, metavar="N", help="number of traces (20)"),
        argument("--seed", type=int, default=0, metavar="N", help="which traces: another seed draws others (0)"),
        argument("--budget", metavar="DOLLARS", help="the most to spend; the configured budget applies as well"),
        argument("--show", type=int, default=3, metavar="N", help="number of pairs of rewrites to print (3)"),
        argument("--name", help="name of the comparison; derived from the two ways if not given"),
    ),
    (
        ("--prompt mine.txt", "the recipe's rewriting prompt against another one, on 20 traces"),
        ("--model org/model@main --rows 50 --budget 2", "another model, for at most two dollars"),
        ("--against sky_t1_preview --name rules-or-model", "another recipe's rewriting"),
    ),
    Exits(failure="there are no traces to rewrite yet"),
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
        raise RecipeError(f"{options.prompt}: the prompt does not contain {{trace}}, so the model would see no trace")
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


def _default_name(sides: tuple[Side, Side], options: Namespace) -> str:
    names = "-vs-".join("".join(c if c.isalnum() else "-" for c in side.name) for side in sides)
    return f"{names}-{digest([side.rewriting for side in sides], options.rows, options.seed)[:6]}"


def _draw(lookup: StoredTables, options: Namespace) -> tuple[pl.DataFrame, pl.DataFrame]:
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
    results = compare_outcomes(*tries)
    numbers = (*names, f"only {names[0]}", f"only {names[1]}", "p")
    table = new_table(("check", *numbers), f"rewrites of {tries[0].height} traces that pass each check", numbers)
    for each in results:
        style = "bold" if each.outcome == USABLE else ""
        table.add_row(each.outcome, *map(str, (*each.passed, *each.only)), f"{each.p_value:.2g}", style=style)
    console.print(table)
    table = new_table(("cost", *names), right=names)
    for row in costs(tries):
        table.add_row(*row)
    console.print(table)
    for pair in most_informative(tries[0], tries[1], options.show):
        console.print(_side_by_side(names, *pair))
    console.print(verdict(sides, results), style="bold", markup=False, highlight=False)


def _side_by_side(names: list[str], one: dict[str, object], other: dict[str, object]) -> Table:
    pieces = excerpt(changes(str(one["text"] or ""), str(other["text"] or "")))
    question = " ".join(printable(str(one["question"])).split())
    title = Text(f"trace {str(one['trace_id'])[:SHORT]}  {question}", no_wrap=True, overflow="ellipsis")
    table = Table(title=title, expand=True)
    for name, row in zip(names, (one, other), strict=True):
        table.add_column(Text(f"{name}: {'usable' if row[USABLE] else row['failed']}"), ratio=1, overflow="fold")
    cells = [differing([piece for piece in pieces if piece.kind is not kind]) for kind in (Edit.ADDED, Edit.REMOVED)]
    for cell in cells:
        cell.truncate(LONGEST, overflow="ellipsis")
    table.add_row(*cells)
    return table
