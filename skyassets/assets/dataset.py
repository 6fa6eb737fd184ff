"""The data set: verdicts on traces and rewrites, and the examples that are worth learning from."""

from dataclasses import replace

import dagster as dg
import polars as pl

from skyassets.assets.accounts import facts_of
from skyassets.assets.grading import GRADERS, marking
from skyassets.assets.house import House, Spec, Work
from skyassets.core.table_store import Made
from skyassets.core.tables import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.stages import pictures
from skyassets.stages.contamination import ItemIndex
from skyassets.stages.curate import curate
from skyassets.stages.sample import usable
from skyassets.stages.verify import verify


def dataset_assets(house: House) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`verdicts` and `sft_dataset`, with the check that keeps the benchmarks out."""
    recipe = house.recipe
    judged = Spec(
        VERDICTS,
        (TRACES, REWRITES, PROBLEMS),
        ("skyassets.stages.verify", *GRADERS),
        (recipe.limits, recipe.judge),
        "curation",
        frozenset({"parquet", "bubblewrap"} | ({"llm"} if recipe.judge else set())),
    )
    kept = Spec(
        EXAMPLES,
        (REWRITES, VERDICTS, PROBLEMS, BENCHMARK_PROBLEMS),
        ("skyassets.stages.curate", "skyassets.engines.chat_tokens"),
        (recipe.curation, recipe.student_prompts, recipe.training.base),
        "curation",
        frozenset({"parquet"}),
    )

    def make_verdicts(work: Work) -> Made:
        with marking(house, work) as judges:
            return verify(
                house.store.read(TRACES), house.store.read(REWRITES), house.store.read(PROBLEMS), judges
            )

    def make_examples(work: Work) -> Made:
        made = curate(
            house.store.read(REWRITES),
            house.store.read(VERDICTS),
            house.store.read(PROBLEMS),
            house.store.read(BENCHMARK_PROBLEMS),
            recipe.curation,
            recipe.student_prompts,
            house.place.count(recipe.training.base),
        )
        kept = made.frame["dropped_by"].null_count()
        return replace(made, facts={**made.facts, **facts_of(house.accounts.accepted(kept), work.purse)})

    return [
        house.asset(judged, make_verdicts, picture=pictures.verdicts),
        house.asset(kept, make_examples, picture=pictures.waterfall),
        held_out_apart(house),
    ]


def held_out_apart(house: House) -> dg.AssetChecksDefinition:
    """The gate before training: what was published is read again and held against every benchmark."""

    @dg.asset_check(
        asset=EXAMPLES.name,
        additional_deps=[BENCHMARK_PROBLEMS.name, PROBLEMS.name],
        blocking=True,
        description="No kept example asks what a benchmark asks.",
    )
    def held_out_is_apart() -> dg.AssetCheckResult:
        items = usable(house.store.read(BENCHMARK_PROBLEMS)).select("problem_id", "question")
        index = ItemIndex(dict(items.iter_rows()), house.recipe.curation.decontamination)
        kept = house.store.read(EXAMPLES).filter(pl.col("dropped_by").is_null()).select("problem_id")
        asked = kept.join(house.store.read(PROBLEMS), on="problem_id").select("problem_id", "question").unique()
        found = {problem: match for problem, question in asked.iter_rows() if (match := index.match(question))}
        shared = set(asked["question"]) & set(items["question"])
        return dg.AssetCheckResult(
            passed=not found and not shared,
            metadata={
                "questions held against the benchmarks": asked.height,
                "benchmark problems": items.height,
                "contaminated": len(found),
                "the same question": len(shared),
                "evidence": "; ".join(f"{problem}: {match}" for problem, match in list(found.items())[:5]) or "none",
            },
        )

    return held_out_is_apart
