"""Formats scores for all reports: percent, intervals, and what a difference means."""

from collections.abc import Sequence

from skyassets.stages.evaluation.metrics import TOKENS
from skyassets.stages.reporting.scoreboard import LAST_METRICS, Scoreboard, Scored
from skyassets.stages.statistics.multiple import SIGNIFICANT, attainable_level

NOISE = "noise"
"""The word for a difference that is not significant."""
BETTER, WORSE = "better", "worse"
MORE, LESS = "more", "less"
NEITHER_GOOD = ("truncated", "unjudged", TOKENS)
"""Metrics for which neither higher nor lower is better."""


def in_one_word(gain: Scored) -> str:
    """A comparison in one word: better or worse (more or less), or noise. A headline gain counts corrected."""
    p = gain.p_value if gain.corrected_p is None else gain.corrected_p
    if gain.value is None or p is None or p >= SIGNIFICANT or gain.value == 0:
        return NOISE
    up, down = (MORE, LESS) if gain.metric in NEITHER_GOOD else (BETTER, WORSE)
    return up if gain.value > 0 else down


def figure(scored: Scored | None, sign: str = "") -> str:
    """The value without its interval: percent, points or tokens."""
    if scored is None:
        return "-"
    return "not judged" if scored.value is None else _number(scored, scored.value, sign)


def interval(scored: Scored | None, sign: str = "") -> str:
    """The 95% interval; empty if there is none."""
    if scored is None or scored.low is None or scored.high is None:
        return ""
    return f"{_number(scored, scored.low, sign)} to {_number(scored, scored.high, sign)}"


def sample_size(scored: Scored | None) -> str:
    """The number of items behind a score, and of answers if it differs; and the score if all others are wrong."""
    if scored is None or scored.value is None:
        return ""
    more = f", {scored.samples:,} answers" if scored.samples is not None and scored.samples != scored.n else ""
    of_all = share_of_all(scored)
    return f"n = {scored.n:,}{more}; {of_all}" if of_all else f"n = {scored.n:,}{more}"


def share_of_all(scored: Scored | None) -> str:
    """The score with every item that was left out counted as wrong; empty if none was."""
    if scored is None or scored.value is None or not scored.unjudged or scored.metric in LAST_METRICS:
        return ""
    items = scored.n + scored.unjudged
    return f"{_number(scored, scored.value * scored.n / items, '')} of all {items:,}"


def p_value_text(p: float | None) -> str:
    """A p-value with two digits; never 0."""
    if p is None:
        return ""
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def verdict(board: Scoreboard) -> str:
    """Whether the student is better than its base, in one sentence over all benchmarks."""
    by_word: dict[str, list[str]] = {}
    for name, gain in board.gains():
        by_word.setdefault(in_one_word(gain), []).append(name)
    if not by_word:
        return "Nothing was compared: there are no scores of student and base on the same items."
    clauses = []
    for word in (BETTER, WORSE, MORE, LESS):
        if word in by_word:
            clauses.append(f"is {word} than its base on {listed(by_word[word])}")
    if NOISE in by_word:
        clauses.append(f"does not differ significantly from its base on {listed(by_word[NOISE])}")
    return f"The student {listed(clauses)}."


def gain_line(name: str, gain: Scored) -> str:
    """The student's gain on one benchmark, in one line."""
    unit = " points" if gain.is_share else " tokens"
    value = f"{figure(gain, '+')}{unit}" if gain.value is not None else "no item was judged for both"
    within = f" ({interval(gain, '+')})" if interval(gain) else ""
    p = f", p {p_value_text(gain.p_value)}" if gain.p_value is not None and "<" in p_value_text(gain.p_value) else ""
    p = p or (f", p = {p_value_text(gain.p_value)}" if gain.p_value is not None else "")
    if gain.corrected_p is not None and gain.corrected_p != gain.p_value:
        p += f" ({p_value_text(gain.corrected_p)} after Holm's correction for all benchmarks)"
    word = in_one_word(gain)
    conclusion = "not significant" if word == NOISE else word
    return f"{name}, {gain.metric}: {value}{within}{p}, n = {gain.n:,}: {conclusion}"


def chance_note(board: Scoreboard) -> str:
    """The number of comparisons, and how many would be significant by chance alone; empty for fewer than two."""
    every = [each for each in board.scored.values() if each.role in board.comparisons and each.p_value is not None]
    if len(every) < 2:
        return ""
    low = sum(1 for each in every if each.p_value is not None and each.p_value < SIGNIFICANT)
    expected = sum(map(_by_chance, every))
    return (
        f"The report makes {len(every):,} comparisons, {low:,} of them with p below {SIGNIFICANT:g}; if the "
        f"models did not differ at all, about {expected:.{1 if expected >= 0.1 else 2}f} would be expected by chance."
    )


def _by_chance(gain: Scored) -> float:
    """The chance that a comparison's exact test is significant if nothing differs."""
    are_equal = "McNemar" in gain.method or "sign test" in gain.method
    return attainable_level((gain.won or 0) + (gain.lost or 0), are_equal=are_equal)


def listed(words: Sequence[str]) -> str:
    """Join words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _number(scored: Scored, value: float, sign: str) -> str:
    # Adding 0.0 turns -0.0 into 0.0, so that zero has no minus sign.
    return f"{round(100 * value, 1) + 0.0:{sign}.1f}" if scored.is_share else f"{round(value) + 0.0:{sign},.0f}"
