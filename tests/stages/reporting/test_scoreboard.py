"""The scoreboard: scores have a fixed order, independent of the order of the rows."""

import random

import pytest
from stages.reports import content, gain, row

from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.outline import board_of


def of(*rows: dict[str, object], **more: object) -> ReportContent:
    mixed = list(rows)
    random.Random(3).shuffle(mixed)
    return content(mixed, **more)


def test_the_headline_comes_first_and_pass_at_4_before_pass_at_16() -> None:
    names = ["completion tokens", "strict pass@16", "truncated", "lenient accuracy", "strict pass@4", "strict accuracy"]
    board = board_of(of(*(row("sums", "base", name, 0.5) for name in names), headlines={"sums": "lenient accuracy"}))
    assert board.metrics("sums") == [
        "lenient accuracy", "strict accuracy", "strict pass@4", "strict pass@16", "truncated", "completion tokens",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "parts",
    [
        ["easy", "medium", "hard"],
        ["1", "2", "10"],
        ["Level 1", "Level 2", "Level 10"],
        ["algebra", "logic"],
        ["7²", "8"],
        ["9" * 5000, "1" + "0" * 5000],
        ["0", "1", "01x"],
    ],
)
def test_easy_comes_before_hard_and_2_before_10(parts: list[str]) -> None:
    rows = [row("sums", "base", "strict accuracy", 0.5, by="level", part=part) for part in parts]
    assert board_of(of(*rows)).parts("sums", "level") == parts


def test_base_and_student_come_before_the_contenders_in_the_recipes_order() -> None:
    rows = [row("sums", role, "strict accuracy", 0.5) for role in ("a", "student", "z", "base", "unknown")]
    compared = [row("sums", role, "strict accuracy", 0.1) for role in ("student - a", "student - base", "a - base")]
    models = {"base": "b", "student": "s", "z": "1", "a": "2"}
    board = board_of(of(*rows, *compared, models=models))
    assert board.roles == ("base", "student", "z", "a", "unknown")
    assert board.comparisons[0] == "student - base"
    assert set(board.comparisons) == {"student - base", "student - a", "a - base"}


def test_benchmarks_come_in_the_recipes_order_and_unknown_ones_last() -> None:
    rows = [row(name, "base", "strict accuracy", 0.5) for name in ("a", "b", "c")]
    board = board_of(of(*rows, headlines={"c": "strict accuracy", "gone": "strict accuracy", "b": "strict accuracy"}))
    assert board.benchmarks == ("c", "b", "a")


def test_a_gain_is_the_headline_metrics() -> None:
    rows = [gain("sums", 0.1, 0.01), gain("sums", 0.3, 0.5, metric="lenient accuracy")]
    board = board_of(of(*rows, headlines={"sums": "lenient accuracy"}))
    assert [(name, scored.value) for name, scored in board.gains()] == [("sums", 0.3)]


def test_a_report_without_rows_is_an_empty_board() -> None:
    board = board_of(content([]))
    assert (board.benchmarks, board.roles, board.gains()) == ((), (), [])
