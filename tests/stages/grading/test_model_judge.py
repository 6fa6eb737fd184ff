"""The model as judge: which answers it is asked about, and that a missing verdict is never a wrong answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rater import Rater, rater

from skyassets.core.ports import Judgement, Model, Sampling, Verdict
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.stages.grading.config import Mode
from skyassets.stages.grading.judge import Case
from skyassets.stages.grading.model_judge import ModelJudge, SecondOpinion, is_free_text, second_opinion
from skyassets.stages.grading.verdicts import is_unfinished
from skyassets.stages.sampling.completions import Completer

JUDGE = ModelJudge(
    Model("judge", "1"),
    system="Be fair.",
    prompt="Q: {question} R: {ground_truth} A: {answer}",
    sampling=Sampling(temperature=0.0, max_tokens=8),
    seed=0,
)
WORDS = "the law of large numbers"


@pytest.fixture
def server() -> Iterator[Rater]:
    with rater() as running:
        yield running


def case(gold: str = WORDS, domain: str = "science", text: str = "text") -> Case:
    return Case(domain, gold, None, text, Mode.STRICT)


def opinion(server: Rater, folder: Path, of: Case, before: Judgement, question: str = "Why?") -> SecondOpinion:
    serving = RemoteServing((Endpoint(server.url, "judge"),), attempts=1)
    completer = Completer(RowStore(folder, COMPLETIONS), serving, lambda tally: None)
    return second_opinion({of: question}, {of: before}, JUDGE, completer)


def wrong(answer: str | None) -> Judgement:
    return Judgement(Verdict.WRONG, "differs from the reference", answer, "exact")


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("correct", "correct"),
        ("Wrong.", "wrong"),
        ("Verdict: correct", "correct"),
        ("**unsure**", "unjudged"),
        ("<think>wrong?</think>correct", "correct"),
        ("<think>correct", "unjudged"),
    ],
)
def test_the_judges_reply_is_the_verdict(server: Rater, tmp_path: Path, reply: str, verdict: str) -> None:
    result = opinion(server, tmp_path, case(), wrong(f"averages settle [{reply}]"))
    assert result.judgements[case()].verdict == verdict
    assert result.judgements[case()].backend == "judge judge@1"
    assert result.failed == 0


@pytest.mark.parametrize("reply", ["correct, or is it?", "0", "", "not correct", "correct wrong"])
def test_a_reply_that_is_no_verdict_is_unjudged_and_quoted(server: Rater, tmp_path: Path, reply: str) -> None:
    result = opinion(server, tmp_path, case(), wrong(f"averages [{reply}]")).judgements[case()]
    assert (result.verdict, reply[:10] in result.reason) == (Verdict.UNJUDGED, True)


def test_a_judge_that_cannot_answer_leaves_the_case_for_the_next_run(server: Rater, tmp_path: Path) -> None:
    before = wrong("averages [status 400]")
    result = opinion(server, tmp_path, case(), before)
    assert (result.judgements[case()].verdict, result.failed) == (Verdict.UNJUDGED, 1)
    server.mend()
    assert opinion(server, tmp_path, case(), before).failed == 0


def test_a_judge_that_was_paid_for_in_vain_is_not_asked_by_the_next_run(server: Rater, tmp_path: Path) -> None:
    for _ in range(2):
        result = opinion(server, tmp_path, case(), wrong("averages []"))
        judgement = result.judgements[case()]
        assert (judgement.verdict, is_unfinished(judgement), result.failed) == (Verdict.UNJUDGED, False, 0)
        assert judgement.reason.startswith("the judge's reply has no text: an empty text in the answer")
        assert len(server.seen()) == 1


def test_a_reply_is_paid_for_once(server: Rater, tmp_path: Path) -> None:
    for _ in range(2):
        opinion(server, tmp_path, case(), wrong("averages [correct]"))
    assert len(server.seen()) == 1


@pytest.mark.parametrize(
    ("of", "before"),
    [
        (case(), Judgement(Verdict.CORRECT, "equals the reference", WORDS, "exact")),
        (case(gold="42"), wrong("the number [correct]")),
        (case(gold=r"\frac{one}{two three}"), wrong("[correct]")),
        (case(domain="maths"), wrong("[correct]")),
        (case(), wrong(None)),
        (case(), wrong("[correct] " * 1000)),
    ],
)
def test_the_judge_is_asked_only_about_answers_to_words_that_were_not_found_right(
    server: Rater, tmp_path: Path, of: Case, before: Judgement
) -> None:
    assert opinion(server, tmp_path, of, before).judgements == {}
    assert server.seen() == []


def test_braces_in_an_answer_are_not_template_fields(server: Rater, tmp_path: Path) -> None:
    opinion(server, tmp_path, case(), wrong("{ground_truth} [correct]"), question="{answer}?")
    assert server.seen() == [f"Q: {{answer}}? R: {WORDS} A: {{ground_truth}} [correct]"]


def test_a_reference_is_free_text_when_it_is_words() -> None:
    assert is_free_text(WORDS)
    assert not any(map(is_free_text, ["42", "B", "yes", "3 m", r"\text{two words}", "x + y"]))
