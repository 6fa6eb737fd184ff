"""Every benchmark that ships, read from a folder laid out like its data set, with gold that its own grader accepts."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from recipes.hub_folders import FOLDERS, local

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits
from skyassets.core.sources import HubDataset
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS
from skyassets.core.tables.store import StageResult
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sources.reader import ProblemReader
from skyassets.recipes.benchmarks import SHIPPED, gpqa_diamond, livecodebench, mbpp, mmlu, mmlu_pro, olympiadbench
from skyassets.recipes.recipe import check
from skyassets.recipes.smoke import smoke
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import case
from skyassets.stages.grading.pool import judge_all
from skyassets.stages.problems.reference_check import WITHOUT_REFERENCE, validated
from skyassets.stages.problems.table import benchmark_problems

ALL = {one.name: one for one in (make() for make in SHIPPED)}


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    with MathVerify() as equals:
        yield Graders(Bubblewrap(), equals, Limits(seconds=5.0))


def read(benchmark: Benchmark, folder: Path) -> StageResult:
    return benchmark_problems([replace(benchmark, source=local(benchmark.source, folder))], ProblemReader())


ROWS = {
    "MATH500": [("1 + 1?", "Algebra", "1", None)],
    "AIME 2024": [("m + n?", "AIME 2024", None, None)],
    "AIME 2025": [("Find b.", "AIME 2025", None, None)],
    "AMC23": [("How far?", "AMC23", None, None)],
    "GSM8K": [("How many, main?", "GSM8K", None, None)],
    "OlympiadBench (maths, EN)": [("Find all.", "Algebra", None, None)],
    "GPQA-Diamond": [
        ("Which twice, diamond?", "Physics", None, "two options are the same"),
        ("Which,\ndiamond?", "Physics", None, None),
    ],
    "MMLU": [
        ("What?", "logic", None, None),
        ("Which bone?", "anatomy", None, None),
        ("Which?", "logic", None, "two options are the same"),
    ],
    "MMLU-Pro": [("How many?", "chemistry", None, None)],
    "LiveCodeBench": [("Add, test.", "atcoder", "easy", None), ("Add, test2.", "atcoder", "medium", None)],
    "HumanEval": [("from typing import List", "HumanEval", None, None)],
    "MBPP": [("Write a function to double a number.", "MBPP", None, None)],
}


@pytest.mark.parametrize("name", ALL)
def test_a_benchmark_reads_the_layout_of_its_data_set_and_its_gold_is_right(
    name: str, tmp_path: Path, graders: Graders
) -> None:
    result = validated(BENCHMARK_PROBLEMS, read(ALL[name], tmp_path), graders)
    question = pl.col("question").str.split("\n\n").list.first()
    rows = result.frame.select(question, "family", "level", "set_aside").sort("question").rows()
    assert rows == ROWS[name]
    unproved = 2 if name == "LiveCodeBench" else 0
    assert (result.metadata["references judged correct"], result.metadata[WITHOUT_REFERENCE]) == (
        sum(reason is None for *_, reason in ROWS[name]) - unproved,
        unproved,
    )


def test_every_benchmark_is_pinned_and_can_be_part_of_a_recipe() -> None:
    assert set(ALL) == set(ROWS)
    check(replace(smoke(), benchmarks=tuple(ALL.values())))
    for one in ALL.values():
        assert isinstance(one.source.origin, HubDataset)
        assert re.fullmatch("[0-9a-f]{40}", one.source.origin.revision)
        assert one.source.origin.repo in FOLDERS


def test_small_sets_are_sampled_several_times_and_never_at_temperature_zero() -> None:
    several = {name: one for name, one in ALL.items() if one.samples is not None}
    assert set(several) == {"AIME 2024", "AIME 2025", "AMC23", "GPQA-Diamond"}
    assert all(one.sampling is not None and one.sampling.temperature > 0 for one in several.values())


@pytest.mark.parametrize("make", [gpqa_diamond, mmlu, mmlu_pro])
def test_only_the_right_options_letter_or_text_is_judged_correct(
    make: type[Benchmark], tmp_path: Path, graders: Graders
) -> None:
    for row in read(make(), tmp_path).frame.filter(pl.col("set_aside").is_null()).iter_rows(named=True):
        one = case(row, "", Mode.STRICT)
        assert len(one.offered) >= 4
        for letter, text in one.offered:
            wanted = "correct" if letter == row["ground_truth"] else "wrong"
            for answer in (letter, f"({letter})", text, f"{letter}) {text}"):
                answered = case(row, f"So it is \\boxed{{{answer}}}.", Mode.STRICT)
                assert judge_all([answered], graders, 1, lambda done, total: None)[answered].verdict == wanted, answer


def test_the_letter_stands_for_the_text_that_the_data_set_calls_right(tmp_path: Path) -> None:
    problems = pl.concat(
        read(one, tmp_path / one.name).frame.filter(pl.col("set_aside").is_null())
        for one in (gpqa_diamond(), mmlu(), mmlu_pro())
    )
    right = {
        row["question"].partition("\n\n")[0]: dict(case(row, "", Mode.STRICT).offered)[row["ground_truth"]]
        for row in problems.iter_rows(named=True)
    }
    assert right == {
        "Which,\ndiamond?": "10^-4 eV",
        "Which bone?": "rib",
        "What?": "All of the above",
        "How many?": "9 moles",
    }


def test_options_that_refer_to_those_above_keep_the_sources_order(tmp_path: Path) -> None:
    problems = read(mmlu(), tmp_path).frame.filter(pl.col("family") == "logic", pl.col("set_aside").is_null())
    assert problems["question"].to_list() == ["What?\n\nA) one\nB) two\nC) three\nD) All of the above"]


def test_public_and_private_tests_of_livecodebench_are_run(tmp_path: Path) -> None:
    problems = read(livecodebench(), tmp_path).frame
    assert [json.loads(tests)["inputs"] for tests in problems["tests"]] == [["2 3\n", "4 5\n"]] * 2


@pytest.mark.parametrize("number", range(1, 7))
def test_a_release_of_livecodebench_holds_the_files_up_to_its_own(number: int, tmp_path: Path) -> None:
    problems = read(livecodebench(f"release_v{number}"), tmp_path).frame
    assert problems.height == number
    assert f"Add, test{number if number > 1 else ''}." in set(problems["question"])


def test_a_window_of_livecodebench_takes_its_days_and_counts_the_others(tmp_path: Path) -> None:
    chosen = livecodebench("release_v6", since="2024-02-21", until="2024-04-21")
    result = read(chosen, tmp_path)
    assert sorted(result.frame["question"]) == ["Add, test2.", "Add, test3.", "Add, test4."]
    assert result.metadata["rows of other days"] == {"livecodebench: contest_date from 2024-02-21 to 2024-04-21": 3}
    assert chosen.name == "LiveCodeBench (release_v6, from 2024-02-21, to 2024-04-21)"


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(RecipeError, match="no release 'v9'; it has release_v1"):
        livecodebench("v9")


def test_problems_with_images_are_set_aside_and_no_image_is_decoded(tmp_path: Path) -> None:
    problems = read(olympiadbench("OE_MM_maths_en_COMP"), tmp_path).frame
    assert dict(problems.select("question", "set_aside").iter_rows()) == {
        "See the figure.": "needs an image: column image_1",
        "See <image_1>.": "needs an image: its text has <image_1>",
        "See none.": None,
    }


def test_a_question_of_mbpp_shows_the_functions_name(tmp_path: Path) -> None:
    (question,) = read(mbpp(), tmp_path).frame["question"]
    assert question.endswith("\n\nassert twice(2) == 4\nassert twice(0) == 0")


def test_another_selection_is_another_benchmark() -> None:
    several = [livecodebench(), livecodebench("release_v5"), livecodebench(since="2024-08-01"), mmlu(), mmlu("anatomy")]
    assert len({one.name for one in several}) == len(several)
