"""The rating: which problems are rated, how a reply is read, and what happens outside a source's range."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rater import RATING, Rater, rater

from skyassets.core.errors import SourceError
from skyassets.core.rows.store import RowStore
from skyassets.core.sources import LocalFile, Source
from skyassets.core.tables.declarations import COMPLETIONS, PROBLEMS
from skyassets.core.tables.store import StageResult
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.sources.reader import ProblemReader
from skyassets.stages.problems.difficulty import difficulty, ranges, rate
from skyassets.stages.problems.table import raw_problems
from skyassets.stages.sampling.completions import Completer


@pytest.fixture
def server() -> Iterator[Rater]:
    with rater() as running:
        yield running


def problem(name: str, **changed: object) -> dict[str, object]:
    whole: dict[str, object] = dict.fromkeys(PROBLEMS.columns)
    values = {"problem_id": name, "source": "bounded", "domain": "maths", "question": f"problem {name}"}
    return whole | values | changed


def rated(
    server: Rater, folder: Path, *rows: dict[str, object], wanted: Mapping[str, tuple[float, float]] | None = None
) -> tuple[dict[str, dict[str, object]], StageResult]:
    serving = RemoteServing((Endpoint(server.url, "rater"),), attempts=1)
    completer = Completer(RowStore(folder, COMPLETIONS), serving, lambda tally: None)
    result = rate(StageResult(PROBLEMS.frame(list(rows))), RATING, completer, wanted or {"bounded": (4, 9)})
    return {str(row["problem_id"]): row for row in result.frame.iter_rows(named=True)}, result


def test_a_problem_within_its_range_gets_its_difficulty(server: Rater, tmp_path: Path) -> None:
    rows, result = rated(server, tmp_path, problem("a", question="why? [7]"))
    assert (rows["a"]["difficulty"], rows["a"]["set_aside"], result.unfinished) == (7.0, None, 0)
    assert (result.metadata["rows asked"], result.metadata["difficulty"]) == (1, {"7": 1})


def test_a_problem_outside_its_range_is_set_aside_with_its_difficulty(server: Rater, tmp_path: Path) -> None:
    rows, result = rated(server, tmp_path, problem("a", question="[3]"), problem("b"))
    assert (rows["a"]["difficulty"], rows["a"]["set_aside"]) == (3.0, "difficulty 3 is outside 4-9")
    assert result.unfinished == 0


def test_only_usable_problems_of_sources_with_a_range_are_asked_about(server: Rater, tmp_path: Path) -> None:
    rows, _ = rated(
        server,
        tmp_path,
        problem("asked"),
        problem("free", source="unbounded"),
        problem("unusable", set_aside="no question"),
        problem("known", difficulty=6.0),
        problem("known-hard", difficulty=9.5),
    )
    assert server.seen() == ["Rate this: problem asked"]
    assert [rows[name]["difficulty"] for name in ("asked", "free", "unusable", "known")] == [5.0, None, None, 6.0]
    assert [rows[name]["set_aside"] for name in ("free", "unusable")] == [None, "no question"]
    assert rows["known-hard"]["set_aside"] == "difficulty 9.5 is outside 4-9"


def test_another_range_makes_no_call(server: Rater, tmp_path: Path) -> None:
    rated(server, tmp_path, problem("a"))
    rows, result = rated(server, tmp_path, problem("a"), problem("b", source="x"), wanted={"bounded": (6, 7)})
    assert rows["a"]["set_aside"] == "difficulty 5 is outside 6-7"
    assert (result.metadata["rows asked"], result.metadata["rows reused"], len(server.seen())) == (0, 1, 1)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("about 7, or 8", "not rated: no number from 1 to 10 but 'about 7, or 8'"),
        ("11", "not rated: no number from 1 to 10 but '11'"),
        ("1|length", "not rated: the rating did not finish: length"),
    ],
)
def test_a_reply_that_is_no_rating_is_final(server: Rater, tmp_path: Path, reply: str, reason: str) -> None:
    rows, result = rated(server, tmp_path, problem("a", question=f"[{reply}]"), problem("b"))
    assert (rows["a"]["difficulty"], rows["a"]["set_aside"], result.unfinished) == (None, reason, 0)


def test_a_server_error_is_unfinished_and_requested_again(server: Rater, tmp_path: Path) -> None:
    trouble = problem("a", question="[status 500]"), problem("b")
    rows, result = rated(server, tmp_path, *trouble)
    assert str(rows["a"]["set_aside"]).startswith("not rated: 500: no luck")
    assert result.unfinished == 1
    server.mend()
    rows, result = rated(server, tmp_path, *trouble)
    assert (result.metadata["rows asked"], result.unfinished, len(server.seen())) == (1, 0, 3)


def test_a_rating_that_was_paid_for_in_vain_is_final(server: Rater, tmp_path: Path) -> None:
    for _ in range(2):
        rows, result = rated(server, tmp_path, problem("a", question="[]"), problem("b"))
        assert str(rows["a"]["set_aside"]).startswith("not rated: an empty text in the answer")
        assert (result.unfinished, len(server.seen())) == (0, 2)


def test_no_problem_left_after_the_rating_is_an_error_that_says_why(server: Rater, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"all 1 problems were set aside.*difficulty 2 is outside 4-9"):
        rated(server, tmp_path, problem("a", question="[2]"))


def test_a_question_may_hold_what_looks_like_the_prompts_place(server: Rater, tmp_path: Path) -> None:
    rated(server, tmp_path, problem("a", question="what is {question}?"))
    assert server.seen() == ["Rate this: what is {question}?"]


def test_the_first_rows_of_a_source_are_counted_before_they_are_rated(server: Rater, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(f'{{"question": "n{n} [{n}]", "answer": "1"}}\n' for n in (2, 9, 3, 9, 9)))
    source = Source(
        "mine", LocalFile(str(file)), "CC0-1.0", ground_truth="answer", first=3, difficulty=(9, 9)
    )  # fmt: skip
    serving = RemoteServing((Endpoint(server.url, "rater"),))
    completer = Completer(RowStore(tmp_path, COMPLETIONS), serving, lambda tally: None)
    result = rate(raw_problems([source], ProblemReader()), RATING, completer, ranges([source]))
    assert len(server.seen()) == 3
    assert result.frame.filter(result.frame["set_aside"].is_null())["question"].to_list() == ["n9 [9]"]


@given(
    st.integers(min_value=1, max_value=10), st.sampled_from(["{}", " {}\n", "**{}**", "{}/10", "Difficulty: {}", "{}."])
)
def test_a_number_alone_is_read_in_any_usual_notation(number: int, dress: str) -> None:
    assert difficulty(dress.format(number)) == number


@given(st.text())
def test_any_reply_gives_a_rating_on_the_scale_or_none(text: str) -> None:
    number = difficulty(text)
    assert number is None or 1 <= number <= 10


def test_a_rater_may_think_before_it_rates() -> None:
    assert difficulty("<think>\n3 or 7?\n</think>\n\n7") == 7
    assert difficulty("<think>\n7") is None


@pytest.mark.parametrize("text", ["0", "10.5", "-3", "7 8", "7-8", "seven", "it is 7", "7, hard", "100"])
def test_all_else_is_no_rating(text: str) -> None:
    assert difficulty(text) is None
