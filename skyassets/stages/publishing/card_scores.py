"""The scores in a card: a table with intervals, the hub's `model-index`, and the evaluation's manifest."""

from collections.abc import Mapping

from skyassets.stages.evaluation.scores import GAIN, STUDENT
from skyassets.stages.markup.markdown import code, plain, table
from skyassets.stages.reporting.scoreboard import LAST_METRICS, Scoreboard, Scored
from skyassets.stages.reporting.wording import (
    NOISE,
    chance_note,
    figure,
    in_one_word,
    interval,
    p_value_text,
    sample_size,
    share_of_all,
    verdict,
)

KINDS = {"accuracy": "accuracy", "pass": "pass@k", "maj": "maj@k"}
"""Maps a word in our metric names to the hub's metric type."""


def score_lines(board: Scoreboard) -> list[str]:
    """Scores on whole benchmarks: every model's with its interval, and whether the student's gain is noise."""
    rows = [
        (
            plain(benchmark),
            plain(metric),
            sample_size(board.at(benchmark, STUDENT, metric)),
            *_score_cells(board, benchmark, metric),
        )
        for benchmark, metric in _correctness(board)
    ]
    if not rows:
        return []
    return [
        plain(verdict(board)),
        "",
        *table(("benchmark", "metric", "items", *map(plain, board.roles), plain(GAIN), ""), rows),
        "",
        "Percent with 95% intervals; the difference in points, with its p-value. Strict accuracy counts an answer only",
        "in the requested form; lenient accuracy counts the last stated answer, whatever its form. All models were",
        f"given the same prompts and sampling. *{NOISE}* is a difference that is not significant.",
        *(("", plain(note)) if (note := chance_note(board)) else ()),
    ]


def student_lines(board: Scoreboard, base: str, model: str = "") -> list[str]:
    """The data set card's section on the student trained on it; `model` is the student's hub name."""
    lines = score_lines(board)
    where = f", published as {code(model)}" if model else ""
    sentence = f"The student is {code(base)} after training on these examples{where}."
    return ["## What a student learned from it", "", sentence, "", *lines, ""] if lines else []


def model_index(name: str, board: Scoreboard, published: Mapping[str, str]) -> list[dict[str, object]]:
    """The student's scores for the front matter, as the hub reads them; `published` maps benchmarks to hub names.

    Values are percent, each with its interval and numbers of items and answers.
    """
    metrics: dict[str, list[dict[str, object]]] = {}
    for benchmark, metric in _correctness(board):
        scored = board.at(benchmark, STUDENT, metric)
        if scored is not None and scored.value is not None:
            metrics.setdefault(benchmark, []).append(_metric(metric, scored))
    results = [
        {
            "task": {"type": "text-generation"},
            # The hub requires a type; a benchmark that is not on the hub uses its own name.
            "dataset": {"name": benchmark, "type": published.get(benchmark) or benchmark},
            "metrics": scores,
        }
        for benchmark, scores in metrics.items()
    ]
    return [{"name": name, "results": results}] if results else []


def measured_with(made_with: Mapping[str, object]) -> list[str]:
    """The evaluation's manifest as a collapsible table."""
    rows = [(plain(name), code(str(value))) for name, value in made_with.items()]
    folded = "<details><summary>What the scores were measured with</summary>"
    return [folded, "", *table(("", ""), rows), "", "</details>", ""]


def _correctness(board: Scoreboard) -> list[tuple[str, str]]:
    """The benchmarks with their correctness metrics, the headline first."""
    return [
        (benchmark, metric)
        for benchmark in board.benchmarks
        for metric in board.metrics(benchmark)
        if metric not in LAST_METRICS and any(word in metric for word in KINDS)
    ]


def _score_cells(board: Scoreboard, benchmark: str, metric: str) -> list[str]:
    gain = board.at(benchmark, GAIN, metric)
    difference = ""
    if gain is not None and gain.value is not None:
        p = p_value_text(gain.p_value)
        difference = f"{_with_reach(gain, '+')}{f', p {p}' if p.startswith('<') else f', p = {p}' if p else ''}"
    words = in_one_word(gain) if gain is not None else ""
    return [*(_with_reach(board.at(benchmark, role, metric)) for role in board.roles), difference, words]


def _with_reach(scored: Scored | None, sign: str = "") -> str:
    within = "; ".join(filter(None, (interval(scored, sign), "" if sign else share_of_all(scored))))
    return f"{figure(scored, sign)} ({within})" if within else figure(scored, sign)


def _metric(metric: str, scored: Scored) -> dict[str, object]:
    args = {
        "low": _percent(scored.low),
        "high": _percent(scored.high),
        "items": scored.n,
        "answers": scored.samples,
    }
    return {
        "type": next(kind for word, kind in KINDS.items() if word in metric),
        "value": _percent(scored.value),
        "name": f"{metric}, percent",
        "args": {name: value for name, value in args.items() if value is not None},
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
