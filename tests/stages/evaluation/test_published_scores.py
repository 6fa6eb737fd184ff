"""Quoted figures: only for exactly the same benchmark, and always marked as quoted."""

import pytest
from stages.reports import content, row

from skyassets.recipes.sky_t1_preview import sky_t1_preview
from skyassets.stages.evaluation.published_scores import SOURCE, published_scores
from skyassets.stages.markup.table import ColumnType
from skyassets.stages.reporting.markdown import report_text
from skyassets.stages.reporting.outline import board_of
from skyassets.stages.reporting.tables import overview


@pytest.mark.parametrize(
    ("name", "level", "scores"),
    [
        ("MATH500", "", (86.4, 81.4, 92.2, 81.4)),
        ("math-500", "", (86.4, 81.4, 92.2, 81.4)),
        ("AIME 2024", "", (43.3, 16.7, 50.0, 40.0)),
        ("LiveCodeBench", "easy", (86.3, 84.6, 90.7, 92.9)),
        ("LiveCodeBench", "Hard", (17.9, 9.8, 17.1, 16.3)),
        ("GPQA-Diamond", "", (56.8, 45.5, 52.5, 75.2)),
        ("OlympiadBench (maths, EN)", "", (59.79, 46.74, 62.17, 59.2)),
        ("GSM8K", "", (95.3, 93.56, 95.53, 94.09)),
        ("AMC23", "", (77.5, 67.5, 82.5, None)),
    ],
)
def test_the_published_scores_are_those_of_the_announcement(
    name: str, level: str, scores: tuple[float | None, ...]
) -> None:
    result = published_scores(name, level)
    assert result is not None
    assert result.scores == scores


@pytest.mark.parametrize(
    ("name", "level"),
    [("AIME 2025", ""), ("MATH", ""), ("held-out", ""), ("LiveCodeBench", ""), ("LiveCodeBench v6", "easy"),
     ("MATH500", "5"), ("OlympiadBench (physics, EN)", "")],
)  # fmt: skip
def test_another_benchmark_has_no_quoted_score(name: str, level: str) -> None:
    assert published_scores(name, level) is None


def test_the_published_recipe_finds_a_quotation_for_its_benchmarks() -> None:
    names = [one.name for one in sky_t1_preview().benchmarks]
    quoted = [name for name in names if published_scores(name) or published_scores(name, "easy")]
    assert len(quoted) >= 7


def test_quoted_figures_are_marked_and_explained() -> None:
    text = overview(board_of(content([row("AIME 2024", "base", "strict accuracy", 0.1)])))
    assert next(name for name, kind in text.head if kind == ColumnType.QUOTED) == "Sky-T1-32B-Preview"
    assert text.rows[0][-4].main == "43.3*†"
    assert SOURCE in text.notes
    assert any(note.startswith("†") and "30.0 to 36.7" in note for note in text.notes)


def test_the_levels_of_livecodebench_are_listed_separately() -> None:
    rows = [row("LiveCodeBench", "base", "strict accuracy", 0.3)]
    rows += [row("LiveCodeBench", "base", "strict accuracy", 0.3, by="level", part=part) for part in ("hard", "easy")]
    text = overview(board_of(content(rows)))
    assert [line[0].main for line in text.rows] == ["LiveCodeBench", "LiveCodeBench, easy", "LiveCodeBench, hard"]
    assert [line[-3].main for line in text.rows] == ["", "84.6", "9.8"]


def test_nothing_is_quoted_where_nothing_was_published() -> None:
    text = report_text(content([row("held-out", "base", "strict accuracy", 0.1)]))
    assert "QwQ" not in text
    assert "There are no comparable published scores" in text
