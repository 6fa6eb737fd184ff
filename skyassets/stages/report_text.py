"""The report as Markdown: what was measured, by whom it was answered, and whether a difference means anything."""

import json

import polars as pl

from skyassets.stages.report import EVERY, GAIN, METRICS

SIGNIFICANT = 0.05


def report_text(recipe: str, description: str, reports: pl.DataFrame) -> str:
    """The scores of `benchmark_reports` as a page of Markdown."""
    rows = list(reports.iter_rows(named=True))
    benchmarks = list(dict.fromkeys(row["benchmark"] for row in rows))
    parts = [f"# {recipe}: benchmark report", "", f"{description}.", ""]
    for benchmark in benchmarks:
        parts += _benchmark(benchmark, [row for row in rows if row["benchmark"] == benchmark])
    parts += [
        "Strict accuracy counts an answer only in the asked-for form (a box, or one block of code in the solution);",
        "lenient accuracy counts the last stated answer whatever its form. A gain in the strict score alone is a gain",
        "in form. Answers that nobody could judge are left out of n.",
        "",
        "## Made with",
        "",
        *(f"- {name}: `{json.dumps(value, ensure_ascii=False)}`" for name, value in _made_with(rows).items()),
        "",
    ]
    return "\n".join(parts)


def in_words(gain: dict[str, object]) -> str:
    """A comparison's row in words: better, worse, or not to be told apart from noise ("noise")."""
    value, p = gain["value"], gain["p_value"]
    if not isinstance(value, float) or not isinstance(p, float) or p >= SIGNIFICANT:
        return "noise"
    return "the student is better" if value > 0 else "the student is worse"


def _benchmark(name: str, rows: list[dict[str, object]]) -> list[str]:
    lines = [
        f"## {name}",
        "",
        "| metric | family | n | base | student | difference | p | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_place = {(row["metric"], row["family"], row["role"]): row for row in rows}
    metrics = [metric for metric in METRICS if any(row["metric"] == metric for row in rows)]
    families = sorted({str(row["family"]) for row in rows}, key=lambda family: (family != EVERY, family))
    for metric in metrics:
        for family in families:
            base, student = by_place.get((metric, family, "base")), by_place.get((metric, family, "student"))
            gain = by_place.get((metric, family, GAIN))
            if base is None or student is None or gain is None:
                continue
            p = gain["p_value"]
            lines.append(
                f"| {metric} | {family} | {gain['n']} | {_share(base)} | {_share(student)} | {_points(gain)} "
                f"| {'' if p is None else f'{p:.2g}'} | {in_words(gain)} |"
            )
    return [*lines, ""]


def _made_with(rows: list[dict[str, object]]) -> dict[str, object]:
    told: dict[str, object] = json.loads(str(rows[0]["made_with"]))
    return told


def _share(row: dict[str, object]) -> str:
    if row["value"] is None:
        return "not judged"
    return f"{_percent(row['value'])} ({_percent(row['low'])} to {_percent(row['high'])})"


def _points(row: dict[str, object]) -> str:
    if row["value"] is None or row["low"] is None:
        return ""
    return f"{_percent(row['value'], '+')} ({_percent(row['low'], '+')} to {_percent(row['high'], '+')})"


def _percent(value: object, sign: str = "") -> str:
    return f"{100 * float(str(value)):{sign}.1f}"
