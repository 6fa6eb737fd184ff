"""Scores in words: a difference that may be noise is never called a gain or a loss."""

import polars as pl
import pytest
from stages.reports import content, gain, row

from skyassets.stages.reporting.outline import board_of
from skyassets.stages.reporting.scoreboard import Scoreboard, Scored, scoreboard
from skyassets.stages.reporting.wording import (
    chance_note,
    figure,
    gain_line,
    in_one_word,
    interval,
    p_value_text,
    verdict,
)


def scored_of(gain_row: dict[str, object]) -> Scored:
    (scored,) = board_of(content([gain_row])).scored.values()
    return scored


@pytest.mark.parametrize(
    ("value", "p", "metric", "word"),
    [
        (0.2, 0.01, "strict accuracy", "better"),
        (-0.2, 0.01, "strict pass@4", "worse"),
        (0.2, 0.05, "strict accuracy", "noise"),
        (0.2, None, "strict accuracy", "noise"),
        (None, None, "strict accuracy", "noise"),
        (0.0, 0.001, "strict accuracy", "noise"),
        (310.0, 0.01, "completion tokens", "more"),
        (-0.2, 0.01, "truncated", "less"),
    ],
)
def test_a_difference_in_one_word(value: float | None, p: float | None, metric: str, word: str) -> None:
    assert in_one_word(scored_of(gain("sums", value, p, metric=metric))) == word


def test_the_verdict_names_every_benchmark_under_its_word() -> None:
    rows = [gain("a", 0.2, 0.01), gain("b", -0.2, 0.01), gain("c", 0.2, 0.3), gain("d", 0.2, 0.001)]
    assert verdict(board_of(content(rows))) == (
        "The student is better than its base on a and d, is worse than its base on b and does not differ "
        "significantly from its base on c."
    )


def test_without_a_comparison_there_is_no_verdict() -> None:
    assert verdict(board_of(content([row("a", "base", "strict accuracy", 0.5)]))).startswith("Nothing was compared")


def test_a_gain_in_one_line_has_its_interval_p_and_n() -> None:
    assert gain_line("a", scored_of(gain("a", 0.2, 0.012))) == (
        "a, strict accuracy: +20.0 points (+15.0 to +25.0), p = 0.012, n = 40: better"
    )
    assert gain_line("a", scored_of(gain("a", 0.2, 1e-9))).endswith("p < 0.0001, n = 40: better")
    assert "not significant" in gain_line("a", scored_of(gain("a", None, None, n=0)))


def test_many_comparisons_state_how_many_chance_alone_would_find() -> None:
    rows = [gain("a", 0.2, 0.01), *(gain("a", 0.1, 0.6, by="family", part=f"{n}") for n in range(39))]
    assert "40 comparisons, 1 of them" in chance_note(board_of(content(rows)))
    assert "about 2.0 would be expected" in chance_note(board_of(content(rows)))
    assert chance_note(board_of(content(rows[:1]))) == ""


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    scored = scored_of(gain("a", -0.0001, 0.9))
    assert figure(scored, "+") == "+0.0"
    assert interval(scored, "+") == "-5.0 to +5.0"


def test_tokens_have_no_percent_sign() -> None:
    scored = scored_of(row("a", "base", "completion tokens", 1234.4, low=1000.0, high=1500.0))
    assert (figure(scored), interval(scored)) == ("1,234", "1,000 to 1,500")


@pytest.mark.parametrize(("p", "text"), [(None, ""), (1.0, "1"), (0.0312, "0.031"), (0.0, "< 0.0001")])
def test_a_p_value_is_never_zero(p: float | None, text: str) -> None:
    assert p_value_text(p) == text


def test_one_of_seven_benchmarks_is_not_better_by_chance() -> None:
    def board(*p_values: float) -> Scoreboard:
        names = [f"b{place}" for place in range(len(p_values))]
        rows = [
            row(name, "student - base", "strict accuracy", 0.1, p_value=p, won=12, lost=3, method="exact McNemar test")
            for name, p in zip(names, p_values, strict=True)
        ]
        return scoreboard(pl.DataFrame(rows), dict.fromkeys(names, "strict accuracy"), [])

    seven = board(0.03, 0.2, 0.4, 0.5, 0.6, 0.7, 0.9)
    assert "better" not in verdict(seven)
    assert "p = 0.03 (0.21 after Holm's correction for all benchmarks)" in gain_line(*seven.gains()[0])
    assert "about 0.2 would be expected by chance" in chance_note(seven)
    assert "is better than its base on b0." in verdict(board(0.03))
