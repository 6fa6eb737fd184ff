"""Judgements are kept: decided ones permanently, undecided ones until they are forgotten."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.ports import Judgement, Verdict
from skyassets.core.rows.judgements import JudgementStore

RIGHT = Judgement(Verdict.CORRECT, "all 2 tests passed", "print(1)", "somewhere 1.0", ("passed", "passed"))
LATE = Judgement(Verdict.UNJUDGED, "time limit", "9^9^9", "slow 1.0")


def stored(folder: Path, **judgements: Judgement) -> JudgementStore:
    store = JudgementStore(folder)
    with store.writer() as write:
        for key, judgement in judgements.items():
            write(key, judgement)
    return store


def test_a_judgement_is_read_back_unchanged(tmp_path: Path) -> None:
    store = stored(tmp_path, a=RIGHT, b=LATE)
    assert store.read(["a", "b", "c"]) == {"a": RIGHT, "b": LATE}


def test_only_undecided_judgements_are_forgotten(tmp_path: Path) -> None:
    store = stored(tmp_path, a=RIGHT, b=LATE)
    assert store.forget_undecided() == 1
    assert store.read(["a", "b"]) == {"a": RIGHT}


def test_forgetting_in_an_empty_store_forgets_nothing(tmp_path: Path) -> None:
    assert JudgementStore(tmp_path).forget_undecided() == 0


def test_a_forgotten_judgement_can_be_replaced(tmp_path: Path) -> None:
    store = stored(tmp_path, b=LATE)
    store.forget_undecided()
    stored(tmp_path, b=RIGHT)
    assert store.read(["b"]) == {"b": RIGHT}


def test_judgements_made_before_an_error_are_kept(tmp_path: Path) -> None:
    store = JudgementStore(tmp_path)

    def stopped() -> None:
        with store.writer() as write:
            write("a", RIGHT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert store.read(["a"]) == {"a": RIGHT}


@given(reason=st.text(max_size=40), answer=st.none() | st.text(max_size=40))
def test_any_text_of_a_model_can_be_kept(tmp_path_factory: pytest.TempPathFactory, reason: str, answer: str) -> None:
    folder = tmp_path_factory.mktemp("judgements")
    judgement = Judgement(Verdict.WRONG, reason, answer, "exact")
    assert stored(folder, a=judgement).read(["a"]) == {"a": judgement}
