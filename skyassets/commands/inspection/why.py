"""`skyassets why`: why a completion is reused or would be requested, and which part of its key differs."""

from argparse import Namespace
from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import SHORT, differing, new_table, print_text, printable, row_line
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.commands.inspection.compare_rewrites import NAME as COMPARISON
from skyassets.commands.inspection.lineage import CANDIDATES, show_candidates
from skyassets.commands.inspection.why_target import Target, find_rows, find_target, wanted_for
from skyassets.core.rows.failures import failures_beside, reason_alone, stored_reasons
from skyassets.core.tables.declarations import COMPLETIONS, REWRITES
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.dry_run import WantedCompletion
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
COLUMNS = ("at", "asked_for", "run", "dollars")
Stored = dict[str, dict[str, object]]
"""Completion id to the columns of its stored row."""


def why(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show which model calls a row or a problem needs: which are reused, which would be made, and why."""
    project = Project(recipe, deployment)
    lookup, console = StoredTables(project), Console()
    rows = find_rows(lookup, options.row_or_problem, CANDIDATES + 1)
    if len(rows) != 1:
        show_candidates(console, recipe, options.row_or_problem, rows, ", and no question contains it")
        return 1
    (row,) = rows
    target = find_target(lookup, row)
    console.print(row_line(row), no_wrap=True, overflow="ellipsis")
    if target is None:
        print_text(console, f"This row was not made by a single call. Its rows: skyassets lineage {row.id[:SHORT]}")
        return 1
    wanted = list(wanted_for(project, lookup, target)) if target.problem.height else []
    concerned = [each for each in wanted if target.concerns(each)]
    completions = project.rows.get([each.request.id for each in concerned]).select("completion_id", *COLUMNS)
    stored = {str(completion["completion_id"]): completion for completion in completions.iter_rows(named=True)}
    unanswered = [each for each in concerned if each.request.id not in stored]
    failed = stored_reasons(failures_beside(project.rows), [each.request.id for each in unanswered])
    if concerned:
        console.print(_overview(concerned, stored, failed))
    if target.completion is not None and not concerned:
        _explain_unwanted(console, recipe, target, wanted)
    missing = [each for each in unanswered if each.request.id not in failed]
    _explain_failed(console, [each for each in unanswered if each.request.id in failed], failed)
    _explain_missing(console, lookup, target, missing)
    for remark in _remarks(recipe, target, wanted, missing):
        console.print(remark, style="dim")
    return 0


WHY = Command(
    why,
    (
        argument(
            "row_or_problem",
            help=f"the id of a completion, trace, rewrite, answer or problem, or at least its first {SHORTEST} "
            "characters; or a problem's name, or a part of its question",
        ),
    ),
    (("'6 times 9'", "a problem, by a part of its question"), ("1a2b3c4d", "a row, by the beginning of its id")),
    Exits(failure="no row or several rows match, or the row was not made by a single call"),
)


def _overview(wanted: Iterable[WantedCompletion], stored: Stored, failed: Collection[str]) -> Table:
    columns = ("completion", "needed for", "state", "since", "first called for", "run", "cost")
    table = new_table(columns, fold=("needed for", "first called for"))
    table.pad_edge, table.show_edge = False, False
    for each in wanted:
        row = stored.get(each.request.id)
        without = "failed for good" if each.request.id in failed else "missing"
        state = Text(without, "red") if row is None else Text("reused", "green")
        origin = [] if row is None else _origin(row)
        table.add_row(each.request.id[:SHORT], Text(each.what), state, *map(Text, origin))
    return table


def _origin(row: dict[str, object]) -> list[str]:
    """When a completion was stored, for which asset and in which run, and its cost."""
    since = str(row["at"] or "unknown")[:16].replace("T", " ")
    dollars = row["dollars"]
    cost = "unknown" if dollars is None else f"${float(str(dollars)):.4g}"
    return [since, str(row["asked_for"] or "unknown"), str(row["run"] or "unknown")[:8], cost]


def _explain_failed(console: Console, wanted: Sequence[WantedCompletion], failed: Mapping[str, str]) -> None:
    """For each call that no run makes again: its reason; equal reasons are grouped."""
    cases: dict[str, list[str]] = {}
    for each in wanted:
        cases.setdefault(reason_alone(failed[each.request.id]), []).append(each.what)
    for reason, those in cases.items():
        print_text(
            console,
            f"{', '.join(those)}: failed for good: {printable(reason)}. No run asks again; `skyassets reask` does.",
        )


def _explain_missing(
    console: Console, lookup: StoredTables, target: Target, missing: Sequence[WantedCompletion]
) -> None:
    """For each missing completion: the nearest stored row and how the keys differ; repeated differences are grouped."""
    stored = _nearby(lookup, target.question) if missing else []
    new: list[WantedCompletion] = []
    cases: dict[tuple[KeyDifference, ...], list[tuple[WantedCompletion, Key]]] = {}
    for each in missing:
        purposes = (each.table, *COMPARED.get(each.table, ()))
        alike = [key for key, asked_for in stored if asked_for.rpartition("/")[2] in purposes]
        near = nearest(key_of(each.request), alike or [key for key, _ in stored], target.question)
        gaps = () if near is None else tuple(differences(near, key_of(each.request)))
        if near is None or (not alike and len(gaps) > FEW):
            new.append(each)
        else:
            cases.setdefault(gaps, []).append((each, near))
    for gaps, ((first, near), *others) in cases.items():
        also = f" (also {', '.join(other.what for other, _ in others)})" if others else ""
        _show_gaps(console, f"{first.what}{also}: the nearest stored completion is {near.id[:SHORT]}", gaps, near)
    if new:
        names = ", ".join(each.what for each in new)
        print_text(console, f"{names}: new; {new[0].table} has never made a similar call.")


def _explain_unwanted(console: Console, recipe: Recipe, target: Target, wanted: Sequence[WantedCompletion]) -> None:
    """For a stored completion that the recipe does not need: how it would have to differ."""
    assert target.completion is not None
    keys = [key_of(each.request) for each in wanted]
    near = nearest(target.completion, keys, target.question) if keys else None
    if near is None:
        console.print(
            f"This completion is stored, but contains no question of the recipe {recipe.name}. It stays stored, and a "
            "recipe that needs it reuses it."
        )
        return
    what = next(each.what for each in wanted if each.request.id == near.id)
    text = f"This completion is stored, but the recipe {recipe.name} does not need it. The nearest one that it needs is"
    _show_gaps(
        console, f"{text} {what}, {near.id[:SHORT]}", tuple(differences(target.completion, near)), target.completion
    )


def _show_gaps(console: Console, title: str, gaps: Sequence[KeyDifference], stored: Key) -> None:
    equal = [name for name in stored.parts if name not in {gap.part for gap in gaps}]
    console.print(f"\n{title}", style="bold", markup=False, highlight=False)
    short = [gap for gap in gaps if not _is_long(gap)]
    if short:
        table = Table("part of the key", "stored", "needed")
        for gap in short:
            table.add_row(gap.part, *(Text("none" if value is None else value) for value in (gap.stored, gap.wanted)))
        console.print(table)
    for gap in gaps:
        if _is_long(gap):
            console.print(Text.assemble(f"{gap.part}: ", ("[-stored-]", "red"), " ", ("{+needed+}", "green")))
            console.print(differing(excerpt(changes(gap.stored or "", gap.wanted or ""))))
    console.print(f"equal: {', '.join(equal) or 'nothing'}", style="dim", markup=False, highlight=False)


def _nearby(lookup: StoredTables, question: str) -> list[tuple[Key, str]]:
    """Stored completions that contain the question, or most of its longest words, and what they were for."""
    text = pl.col("request")
    contains_question = text.str.contains(as_stored(question.strip()), literal=True)
    columns = ("completion_id", "request", "asked_for")
    nearby = lookup.rows(COMPLETIONS, lambda rows: rows.filter(contains_question).select(columns).head(NEARBY))
    if nearby.is_empty():
        words = longest_words(question)
        shared = pl.sum_horizontal(text.str.contains(as_stored(word), literal=True).cast(pl.Int32()) for word in words)
        is_alike = pl.col("shared") * 2 > len(words)
        nearby = lookup.rows(
            COMPLETIONS,
            lambda rows: rows.select(*columns, shared=shared).filter(is_alike).top_k(NEARBY, by="shared"),
        ).top_k(NEARBY, by="shared")
    unique = nearby.unique("completion_id").select(columns)
    return [(stored_key(ident, request), str(asked_for)) for ident, request, asked_for in unique.iter_rows()]


def _is_long(gap: KeyDifference) -> bool:
    values = [value for value in (gap.stored, gap.wanted) if value is not None]
    return len(values) == 2 and any(len(value) > LONGEST_VALUE or "\n" in value for value in values)


def _remarks(
    recipe: Recipe, target: Target, wanted: Sequence[WantedCompletion], missing: Sequence[WantedCompletion]
) -> Iterable[str]:
    """Additional remarks."""
    if target.problem.is_empty():
        return
    roles = {each.role for each in wanted}
    if target.problem["set_aside"][0] is not None:
        yield f"The problem is set aside ({target.problem['set_aside'][0]}), so no calls are made for it."
    elif target.problem["imported_trace"][0] is not None:
        yield "The problem has its own trace, so the teacher is not called."
    if "base" in roles and "student" not in roles:
        yield "The student's calls are unknown until there is a checkpoint."
    samples = [each for each in missing if each.role == "teacher"]
    if samples and not hasattr(recipe.rewriting, "statement"):
        yield f"The rewriter's calls for {len(samples)} samples are unknown until the teacher has answered."
