"""Multiple choice: the options of a row, their order, their letters, and the rows of which none can be made."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.sources import LocalFile, Source
from skyassets.engines.sources.reader import ProblemReader
from skyassets.stages.equivalence.choices import bare, options
from skyassets.stages.problems.multiple_choice import LETTERS, listed, with_options
from skyassets.stages.problems.table import raw_problems

FOUR = ["a virus", "a catalyst", "an enzyme", "a salt"]


def problems(path: Path, *rows: dict[str, object], **columns: object) -> pl.DataFrame:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = Source("mine", LocalFile(str(path)), "CC0-1.0", "science", "q", ground_truth="a", **columns)  # type: ignore[arg-type]
    return raw_problems([source], ProblemReader()).frame


def letter_text(question: str, letter: str) -> str:
    return dict(options(question))[letter]


@pytest.mark.parametrize("right", [2, "2", "2.0", 2.0, "C", "c", "(C)"])
def test_the_right_option_is_given_by_place_or_letter(right: object, tmp_path: Path) -> None:
    (row,) = problems(tmp_path / "m.jsonl", {"q": "What?", "o": FOUR, "a": right}, options="o").iter_rows(named=True)
    assert row["set_aside"] is None
    assert letter_text(row["question"], row["ground_truth"]) == "an enzyme"


def test_options_may_be_the_json_of_a_list_as_a_csv_file_has_them() -> None:
    assert listed(json.dumps(FOUR), "3") == (FOUR, 3)
    assert listed([1, 2.5], "B") == (["1", "2.5"], 1)


def test_options_in_separate_columns_are_distinguished_by_their_text(tmp_path: Path) -> None:
    row = {"q": "What?", "a": FOUR[1], "w1": FOUR[0], "w2": FOUR[2]}
    (item,) = problems(tmp_path / "m.jsonl", row, wrong_options=("w1", "w2")).iter_rows(named=True)
    assert letter_text(item["question"], item["ground_truth"]) == FOUR[1]
    assert sorted(text for _, text in options(item["question"])) == sorted(FOUR[:3])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"o": FOUR, "a": 4}, "the ground truth is none of the options: '4' of 4"),
        ({"o": FOUR, "a": "E"}, "the ground truth is none of the options: 'E' of 4"),
        ({"o": FOUR, "a": "a virus"}, "the ground truth is none of the options: 'a virus' of 4"),
        ({"o": FOUR, "a": -1}, "the ground truth is none of the options: '-1' of 4"),
        ({"o": FOUR, "a": None}, "no ground truth"),
        ({"o": None, "a": 0}, "the options are no list: NoneType"),
        ({"o": "one, two", "a": 0}, "the options are no list: 'one, two'"),
        ({"o": ["one"], "a": 0}, "the options are too few or too many: 1"),
        ({"o": [str(n) for n in range(11)], "a": 0}, "the options are too few or too many: 11"),
        ({"o": ["one", " "], "a": 0}, "an option is blank"),
        ({"o": ["one", None], "a": 0}, "an option is blank"),
        ({"o": ["one", "$$"], "a": 0}, "an option is blank"),
        ({"o": ["one", {}], "a": 0}, "an option is no text: dict"),
        ({"o": ["one", "two", "$one$"], "a": 0}, "two options are the same"),
        ({"o": ["one", "two (C) three"], "a": 0}, "the options cannot be told from the text around them"),
        ({"q": None, "o": FOUR, "a": 0}, "no question"),
    ],
)
def test_a_row_whose_options_cannot_be_offered_is_set_aside(
    row: dict[str, object], reason: str, tmp_path: Path
) -> None:
    fine = {"q": "Which?", "o": FOUR, "a": 0}
    table = problems(tmp_path / "m.jsonl", {"q": "What?", **row}, fine, options="o")
    assert dict(table.select("name", "set_aside").iter_rows()) == {"row 0": reason, "row 1": None}


def test_the_order_depends_on_the_item_and_not_on_its_row_or_later_rows(tmp_path: Path) -> None:
    rows = [{"q": f"Question {n}?", "o": FOUR, "a": n % 4} for n in range(20)]
    first = problems(tmp_path / "m.jsonl", *rows, options="o")
    turned = [{**row, "o": row["o"][::-1], "a": 3 - row["a"]} for row in rows[::-1]]  # type: ignore[index, operator]
    more = problems(tmp_path / "n.jsonl", {"q": "New?", "o": FOUR, "a": 0}, *turned, options="o")
    columns = {"problem_id", "question", "ground_truth"}
    assert set(first.select(columns).iter_rows()) < set(more.select(columns).iter_rows())


def test_every_place_gets_the_right_option_about_equally_often() -> None:
    places = Counter(with_options("s", f"Question {n}?", FOUR, 0, is_ordered=True)[1] for n in range(4_000))
    # The standard deviation of each count is 27.
    assert all(abs(places[letter] - 1_000) < 110 for letter in "ABCD")


@pytest.mark.parametrize(
    "pointing",
    ["All of the above", "None of the choices listed above", "Both A and B", "A, B", "(B) or (C)", "Options A to B"],
)
def test_options_that_speak_of_others_keep_the_order_of_the_source(pointing: str) -> None:
    texts = [*FOUR, pointing]
    orders = {with_options("s", f"Question {n}?", texts, 4, is_ordered=True)[1] for n in range(50)}
    assert orders == {"E"}


def test_options_of_several_paragraphs_stay_whole() -> None:
    texts, right = listed(["one\n\n two", "three"], "0")
    question, letter = with_options("s", "Which?", texts, right, is_ordered=True)
    assert letter_text(question, letter) == "one\ntwo"


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20)


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(PLAIN, min_size=2, max_size=10, unique_by=bare), st.data())
def test_the_graders_read_the_offered_options(question: str, texts: list[str], data: st.DataObject) -> None:
    right = data.draw(st.integers(0, len(texts) - 1))
    try:
        prompt, letter = with_options("s", question, texts, right, is_ordered=False)
    except ValueError:
        return
    offered = options(prompt)
    assert [one for one, _ in offered] == list(LETTERS[: len(texts)])
    assert dict(offered)[letter] == bare(texts[right])
    assert sorted(text for _, text in offered) == sorted(map(bare, texts))
