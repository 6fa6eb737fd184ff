"""`skyassets why`: why a completion is reused or would be requested, and which part of its key differs."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence

import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import SHORT, differing, line
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.commands.inspection.compare_rewrites import NAME as COMPARISON
from skyassets.commands.inspection.lineage import CANDIDATES, show_candidates
from skyassets.commands.inspection.why_target import Target, named, target, wanted_for
from skyassets.core.tables.declarations import COMPLETIONS, REWRITES
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.dry_run import Wanted
from skyassets.stages.inspection.row_lookup import SHORTEST
from skyassets.stages.markup.word_diff import changes, excerpt
from skyassets.stages.sampling.request_key import (
    Key,
    KeyDifference,
    as_stored,
    differences,
    key_of,
    longest_words,
    nearest,
    stored_key,
)

NEARBY = 200
"""Stored rows searched for the nearest one."""
LONGEST_VALUE = 40
"""Values up to this length are shown side by side."""
FEW = 2
"""The most parts of the key in which a completion for another table may differ and still be shown."""
COMPARED = {REWRITES.name: (COMPARISON,)}
"""Other purposes for which completions like those of a table are requested."""
FACTS = ("at", "asked_for", "run", "dollars")


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `why`."""
    parser.add_argument(
        "row_or_problem",
        help=f"the id of a completion, trace, rewrite, answer or problem, or its first {SHORTEST} characters or more; "
        "or a problem's name or a piece of its question",
    )


def why(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Explain what is reused of a row or a problem and what would be asked, and what makes the difference."""
    project = Project(recipe, deployment)
    lookup, console = StoredTables(project), Console()
    found = named(lookup, options.row_or_problem, CANDIDATES + 1)
    aim = target(lookup, found[0]) if len(found) == 1 else None
    if len(found) != 1:
        show_candidates(console, recipe, options.row_or_problem, found, ", and no question holds it")
        return 1
    console.print(line(found[0]), no_wrap=True, overflow="ellipsis")
    if aim is None:
        console.print(f"No single completion stands behind it. Its rows: skyassets lineage {found[0].id[:SHORT]}")
        return 1
    wanted = list(wanted_for(project, lookup, aim)) if aim.problem.height else []
    asked_about = [one for one in wanted if aim.concerns(one)]
    stored = project.rows.get([one.request.id for one in asked_about])
    facts = {str(row["completion_id"]): row for row in stored.select("completion_id", *FACTS).iter_rows(named=True)}
    if asked_about:
        console.print(_overview(asked_about, facts))
    if aim.completion is not None and not asked_about:
        _explain_unwanted(console, recipe, aim, wanted)
    _explain_missing(console, lookup, aim, [one for one in asked_about if one.request.id not in facts])
    for remark in _remarks(recipe, aim, wanted, facts):
        console.print(remark, style="dim")
    return 0


WHY = Command(
    why,
    arguments,
    (
        ("'6 times 9'", "what is reused, what would be asked, and why; by a piece of the question"),
        ("1a2b3c4d", "the same by how a row's id begins"),
    ),
    Exits("it is said", "no row or several are called so, or no single completion stands behind it"),
)


def _overview(wanted: Iterable[Wanted], facts: dict[str, dict[str, object]]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name in ("completion", "wanted for", "state", "since", "first asked for", "run", "cost"):
        shown.add_column(name, overflow="fold", no_wrap=name in ("completion", "state", "since", "run", "cost"))
    for one in wanted:
        row = facts.get(one.request.id)
        state = "[red]asked[/]" if row is None else "[green]reused[/]"
        told = ["", "", "", ""] if row is None else _told(row)
        shown.add_row(one.request.id[:SHORT], escape(one.what), state, *map(escape, told))
    return shown


def _told(row: dict[str, object]) -> list[str]:
    """When a completion was stored, for which asset and run it was requested, and its cost."""
    since = str(row["at"] or "unknown")[:16].replace("T", " ")
    dollars = row["dollars"]
    cost = "unknown" if dollars is None else f"${float(str(dollars)):.4g}"
    return [since, str(row["asked_for"] or "unknown"), str(row["run"] or "unknown")[:8], cost]


def _explain_missing(console: Console, lookup: StoredTables, aim: Target, missing: Sequence[Wanted]) -> None:
    """For each missing completion: the nearest stored row and how the keys differ; repeated differences are grouped."""
    stored = _nearby(lookup, aim.question) if missing else []
    new: list[Wanted] = []
    said: dict[tuple[KeyDifference, ...], list[tuple[Wanted, Key]]] = {}
    for one in missing:
        alike = [
            key
            for key, asked_for in stored
            if asked_for.rpartition("/")[2] in (one.table, *COMPARED.get(one.table, ()))
        ]
        near = nearest(key_of(one.request), alike or [key for key, _ in stored], aim.question)
        gaps = () if near is None else tuple(differences(near, key_of(one.request)))
        if near is None or (not alike and len(gaps) > FEW):
            new.append(one)
        else:
            said.setdefault(gaps, []).append((one, near))
    for gaps, cases in said.items():
        one, near = cases[0]
        also = f" (also {', '.join(case.what for case, _ in cases[1:])})" if cases[1:] else ""
        _show_gaps(console, f"{one.what}{also}: the nearest stored completion is {near.id[:SHORT]}", gaps, near)
    if new:
        told = ", ".join(one.what for one in new)
        console.print(f"{told}: new, nothing like it was ever asked for {new[0].table}.", markup=False, highlight=False)


def _explain_unwanted(console: Console, recipe: Recipe, aim: Target, wanted: Sequence[Wanted]) -> None:
    """For a stored completion that the recipe does not want: how it would have to differ."""
    assert aim.completion is not None
    keys = [key_of(one.request) for one in wanted]
    near = nearest(aim.completion, keys, aim.question) if keys else None
    if near is None:
        console.print(
            f"It is stored, and the recipe {recipe.name} has no problem whose question stands in it. It is kept: a "
            "recipe that wants it gets it without a call."
        )
        return
    what = next(one.what for one in wanted if one.request.id == near.id)
    told = f"It is stored, and the recipe {recipe.name} does not want it. Nearest is {what}, {near.id[:SHORT]}"
    _show_gaps(console, told, tuple(differences(aim.completion, near)), aim.completion)


def _show_gaps(console: Console, told: str, gaps: Sequence[KeyDifference], stored: Key) -> None:
    equal = [name for name in stored.parts if name not in {gap.part for gap in gaps}]
    console.print(f"\n{told}", style="bold", markup=False, highlight=False)
    short = [gap for gap in gaps if not _is_long(gap)]
    if short:
        shown = Table("part of the key", "stored", "wanted")
        for gap in short:
            shown.add_row(gap.part, *(Text("none" if value is None else value) for value in (gap.stored, gap.wanted)))
        console.print(shown)
    for gap in gaps:
        if _is_long(gap):
            console.print(Text.assemble(f"{gap.part}: ", ("[-stored-]", "red"), " ", ("{+wanted+}", "green")))
            console.print(differing(excerpt(changes(gap.stored or "", gap.wanted or ""))))
    console.print(f"equal: {', '.join(equal) or 'nothing'}", style="dim", markup=False, highlight=False)


def _nearby(lookup: StoredTables, question: str) -> list[tuple[Key, str]]:
    """Stored completions that contain the question, or most of its longest words, and what they were for."""
    text = pl.col("request")
    asks = text.str.contains(as_stored(question.strip()), literal=True)
    columns = ("completion_id", "request", "asked_for")
    found = lookup.rows(COMPLETIONS, lambda rows: rows.filter(asks).select(columns).head(NEARBY))
    if found.is_empty():
        words = longest_words(question)
        shared = pl.sum_horizontal(text.str.contains(as_stored(word), literal=True).cast(pl.Int32()) for word in words)
        is_alike = pl.col("shared") * 2 > len(words)
        found = lookup.rows(
            COMPLETIONS,
            lambda rows: rows.select(*columns, shared=shared).filter(is_alike).top_k(NEARBY, by="shared"),
        ).top_k(NEARBY, by="shared")
    once = found.unique("completion_id").select(columns)
    return [(stored_key(ident, request), str(asked_for)) for ident, request, asked_for in once.iter_rows()]


def _is_long(gap: KeyDifference) -> bool:
    values = [value for value in (gap.stored, gap.wanted) if value is not None]
    return len(values) == 2 and any(len(value) > LONGEST_VALUE or "\n" in value for value in values)


def _remarks(
    recipe: Recipe, aim: Target, wanted: Sequence[Wanted], facts: dict[str, dict[str, object]]
) -> Iterable[str]:
    """Additional remarks."""
    if aim.problem.is_empty():
        return
    roles = {one.role for one in wanted}
    if aim.problem["set_aside"][0] is not None:
        yield f"The problem is set aside ({aim.problem['set_aside'][0]}): nobody is asked."
    elif aim.problem["imported_trace"][0] is not None:
        yield "The problem brings its own trace: the teacher is not asked."
    if "base" in roles and "student" not in roles:
        yield "The student's answers are known once there is a checkpoint."
    missing = [one for one in wanted if one.role == "teacher" and one.request.id not in facts and aim.concerns(one)]
    if missing and not hasattr(recipe.rewriting, "statement"):
        yield f"The rewrites of {len(missing)} samples are known once the teacher has answered."
