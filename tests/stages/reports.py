"""Made-up reports for tests: any number of rows with the columns of `benchmark_reports`."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence

from skyassets.core.tables.declarations import REPORTS
from skyassets.stages.reporting.content import AssetCost, ReportContent
from skyassets.stages.reporting.paired_examples import PairedExample, ShownAnswer

SHARES = ("strict accuracy", "lenient accuracy", "strict pass@4", "strict pass@16", "lenient maj@64", "finished",
          "truncated", "unjudged")  # fmt: skip
METRICS = (*SHARES, "completion tokens")
MODELS = {"base": "tiny@1", "student": "tiny-student"}
MADE_WITH = {"recipe": "smoke", "sampling": {"temperature": 0.6, "max_tokens": 64}, "gpus": [], "git": None}


def row(benchmark: str, role: str, metric: str, value: float | None, **more: object) -> dict[str, object]:
    """One row of a whole benchmark; `more` changes it."""
    place = (benchmark, more.get("by", "all"), more.get("part", "all"), role, metric)
    values = {
        "report_id": json.dumps(place),
        "epoch_name": "",
        "benchmark": benchmark,
        "by": "all",
        "part": "all",
        "role": role,
        "metric": metric,
        "n": 40,
        "samples": 40,
        "value": value,
        "low": None if value is None else value - 0.05,
        "high": None if value is None else value + 0.05,
        "method": "Wilson 95%",
        "p_value": None,
        "won": None,
        "lost": None,
        "unjudged": 0,
        "checkpoint_id": None if role == "base" else "c0ffee",
        "made_with": json.dumps(MADE_WITH),
    }
    return values | more


def gain(benchmark: str, value: float | None, p: float | None, **more: object) -> dict[str, object]:
    """A row that compares the student with its base."""
    metric = str(more.pop("metric", "strict accuracy"))
    return row(benchmark, "student - base", metric, value, p_value=p, won=9, lost=3, **more)


def content(rows: Sequence[dict[str, object]], **more: object) -> ReportContent:
    """The content of a report with these rows; `more` are further ones."""
    values: dict[str, object] = {"models": MODELS, "headlines": {}, **more}
    return ReportContent("smoke", "A recipe", REPORTS.frame(list(rows)), **values)  # type: ignore[arg-type]


def big(contenders: int = 8, benchmarks: int = 12, families: int = 8) -> ReportContent:
    """A report of many models on many benchmarks, with everything that a page can show."""
    dice = random.Random(7)
    names = ["MATH500", "AIME 2024", "LiveCodeBench", "GPQA-Diamond", *(f"Set {n}" for n in range(5, benchmarks + 1))]
    others = {f"contender_{n}": f"somebody/a-model-{n}" for n in range(1, contenders + 1)}
    rows = [each for name in names for each in _measured(name, [*MODELS, *others], families, dice)]
    return content(
        rows,
        models={**MODELS, **others},
        headlines=dict.fromkeys(names, "strict accuracy"),
        answered=("2026-01-05T06:00:01.000+00:00", "2026-01-05T09:10:11.000+00:00"),
        asset_costs=SPENT,
        rules=("is correct", "new question"),
        waterfall={
            "rewrites": {"maths": 900, "code": 400},
            "is correct": {"maths": 200, "code": 150},
            "new question": {"maths": 40, "code": 0},
            "kept": {"maths": 660, "code": 250},
        },
        curves={"loss, nats a token": [(n, 1.4 / n) for n in range(1, 120)], "learning rate": [(1, 0.0), (119, 1e-5)]},
        examples=tuple(example(name, won) for name in names for won in (True, False) for _ in range(2)),
        contaminated={"item-1": "9 of its 10 13-grams are in example 77"},
        tables=(("benchmark_reports.parquet", "The scores."),),
    )


SPENT = (
    AssetCost("teacher_traces", 1200, 4_000_000, 0.0, 31.5),
    AssetCost("checkpoint", 0, 0, 152.0, 418.2),
    AssetCost("benchmark_answers", 64_000, 90_000_000, 12.0, 40.0),
)


def example(benchmark: str, is_won: bool, text: str = "So it is 42. " * 400) -> PairedExample:
    """An item that one of the two models lost."""
    right, wrong = (
        ShownAnswer(f"{text} \\boxed{{42}}", 420, "stop", "equal"),
        ShownAnswer("\\boxed{41}", 12, "stop", "41 is not 42"),
    )
    student, base = (right, wrong) if is_won else (wrong, right)
    return PairedExample(benchmark, "0123456789abcdef", is_won, "What is six times seven?", "42", student, base)


def _measured(name: str, roles: Sequence[str], families: int, dice: random.Random) -> Iterator[dict[str, object]]:
    cuts: Mapping[str, Sequence[str]] = {
        "all": ["all"],
        "family": [f"family {n}" for n in range(1, families + 1)],
        "level": ["hard", "easy", "medium"],
        "training set": ["contaminated", "clean"],
    }
    for by, parts in cuts.items():
        for part in parts:
            for role in roles:
                for metric in METRICS:
                    yield _drawn(name, role, metric, dice, by=by, part=part)
            others = [other for other in roles if other not in MODELS]
            pairs = [f"student - {other}" for other in ("base", *others)] + [f"{other} - base" for other in others]
            for pair in pairs:
                for metric in SHARES[:2]:
                    value = dice.uniform(-0.2, 0.3)
                    scores = {
                        "low": value - 0.1,
                        "high": value + 0.1,
                        "p_value": dice.random() ** 3,
                        "won": 9,
                        "lost": 3,
                    }
                    yield row(name, pair, metric, value, by=by, part=part, **scores)


def _drawn(name: str, role: str, metric: str, dice: random.Random, **more: object) -> dict[str, object]:
    if metric == "completion tokens":
        value = dice.uniform(300, 9000)
        return row(name, role, metric, value, low=0.9 * value, high=1.1 * value, samples=2560, **more)
    value = dice.uniform(0.1, 0.9)
    return row(name, role, metric, value, low=value - 0.08, high=value + 0.07, samples=2560, **more)
