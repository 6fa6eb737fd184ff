"""Curation: every rewrite is kept or dropped with the first rule it failed, and nothing wrong is ever kept."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.curating import (
    FIRST,
    HELD_OUT,
    PROMPTS,
    QUESTION,
    USUAL,
    Row,
    curated,
    dropped,
    evidence,
    judged,
    problem,
    rewrite,
    words,
)

from skyassets.core.errors import GateError, RecipeError
from skyassets.core.ports import Conversation, TokenCount
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.training.unfit import Unfit
from skyassets.stages.curation.curate import Curation, curate
from skyassets.stages.curation.examples import conversations, kept_examples, unjudged_examples
from skyassets.stages.curation.rules import (
    CurationRow,
    FitsCutoff,
    FitsTokenizer,
    RuleContext,
    TraceFinished,
    WellFormed,
    verified,
)
from skyassets.stages.curation.selection import Chosen
from skyassets.stages.curation.waterfall import ON_TRUST, by_domain, waterfall

DROP_REASONS = Curation(USUAL).drop_reasons


@pytest.mark.parametrize(
    ("row", "verdicts", "question", "reason"),
    [
        (rewrite(0, 0, failed="no answer"), {}, QUESTION, "rewrite failed"),
        (rewrite(0, 0), {0: ("wrong", "correct")}, QUESTION, "trace wrong or unjudged"),
        (rewrite(0, 0), {0: ("unjudged", "correct")}, QUESTION, "trace wrong or unjudged"),
        (rewrite(0, 0), {0: ("correct", "unjudged")}, QUESTION, "rewrite wrong or unjudged"),
        (rewrite(0, 0, text="so it is 1"), {}, QUESTION, "malformed"),
        (rewrite(0, 0), {}, f"Solve: {HELD_OUT}", "question in a benchmark"),
        (rewrite(0, 0, solution="word " * 60), {}, QUESTION, "too long"),
    ],
)
def test_each_rule_drops_what_it_is_for(
    row: Row, verdicts: dict[int, tuple[str, str]], question: str, reason: str
) -> None:
    frame = curated([row], [problem(0, question)], said=verdicts)
    assert dropped(frame) == {"r00": reason}
    assert frame["evidence"].null_count() == 0
    assert frame["messages"].null_count() == 1


def test_a_cut_trace_is_dropped_as_unfinished_before_any_other_fault() -> None:
    frame = curated([rewrite(0, 0, failed="broken")], said={0: ("wrong", "wrong")}, ends={0: "length"})
    assert dropped(frame) == {"r00": "trace unfinished"}
    assert evidence(frame) == ["it ended with length"]


def test_the_evidence_names_the_benchmark_its_item_and_the_words() -> None:
    (line,) = evidence(curated([rewrite(0, 0)], [problem(0, f"Solve: {HELD_OUT}")]))
    assert line.startswith("boats: ")
    assert "p99" in line
    assert "four hours upstream" in line


def test_a_row_states_the_first_rule_it_fails() -> None:
    frame = curated([rewrite(0, 0, failed="broken")], [problem(0, HELD_OUT)], said={0: ("wrong", "wrong")})
    assert dropped(frame) == {"r00": "rewrite failed"}


def test_an_unjudgeable_imported_trace_is_dropped_unless_the_recipe_trusts_it() -> None:
    problems = [problem(0, ground_truth=None, imported_trace="...")]
    verdicts = {0: ("unjudged", "unjudged")}
    trusting = (*verified(trust_imported=True), WellFormed(), FitsCutoff(50))
    assert dropped(curated([rewrite(0, 0)], problems, said=verdicts)) == {"r00": "trace wrong or unjudged"}
    frame = curated([rewrite(0, 0)], problems, trusting, verdicts)
    assert dropped(frame) == {"r00": None}
    assert frame.select("trace_verdict", "rewrite_verdict", "is_imported").rows() == [("unjudged", "unjudged", True)]
    assert unjudged_examples(frame).height == waterfall(frame, ())[ON_TRUST] == 1


@pytest.mark.parametrize("verdicts", [("wrong", "correct"), ("unjudged", "wrong")])
def test_a_wrong_trace_is_never_trusted(verdicts: tuple[str, str]) -> None:
    problems = [problem(0, ground_truth=None, imported_trace="...")]
    trusting = (*verified(trust_imported=True), FitsCutoff(50))
    assert kept_examples(curated([rewrite(0, 0)], problems, trusting, {0: verdicts})).is_empty()


@pytest.mark.parametrize("about", [{"ground_truth": "1"}, {"ground_truth": None, "tests": "{}"}])
def test_an_imported_trace_that_could_have_been_judged_is_not_trusted(about: Row) -> None:
    trusting = (*verified(trust_imported=True), FitsCutoff(50))
    problems = [problem(0, imported_trace="...", **about)]
    assert kept_examples(curated([rewrite(0, 0)], problems, trusting, {0: ("unjudged", "unjudged")})).is_empty()


def unfit_words(many: Sequence[Conversation]) -> list[TokenCount | Unfit]:
    """As `words`, but a conversation with a bell in it is unfit."""
    return [
        Unfit("it rings") if any("\a" in turn.content for turn in one.messages) else words([one])[0] for one in many
    ]


def test_a_row_that_is_unfit_for_the_tokenizer_is_dropped_with_the_reason_and_the_others_are_kept() -> None:
    rows = [rewrite(0, 0), rewrite(1, 0, solution="\a")]
    rules = (*FIRST, FitsCutoff(50))
    frame = curate(judged(rows, [problem(0)]), Curation(rules), PROMPTS, unfit_words).frame
    assert dropped(frame) == {"r00": None, "r01": FitsTokenizer.name}
    assert evidence(frame) == ["it rings"]
    assert frame.sort("rewrite_id")["example_tokens"].is_null().to_list() == [False, True]


def test_an_unfit_question_drops_every_row_of_its_problem_and_no_other() -> None:
    problems = [problem(0, "Ring \a?"), problem(1, "Why?")]
    frame = curate(judged([rewrite(0, 0), rewrite(1, 1)], problems), Curation(USUAL), PROMPTS, unfit_words).frame
    assert dropped(frame) == {"r00": FitsTokenizer.name, "r01": None}


def test_an_unfit_row_is_never_the_chosen_one() -> None:
    rows = [rewrite(0, 0, solution="\a"), rewrite(1, 0, solution="1 is the sum of all of it")]
    frame = curate(judged(rows, [problem(0)]), Curation(USUAL), PROMPTS, unfit_words).frame
    assert dropped(frame) == {"r00": FitsTokenizer.name, "r01": None}


def test_a_rule_of_a_users_own_counts_no_tokens_of_an_unfit_row() -> None:
    class Counted(TraceFinished):
        name = "counted"

        def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
            return [f"{count.total} tokens" for count in context.count(rows)]

    rules = (*verified(), Counted(), FitsCutoff(50))
    rows = [rewrite(0, 0, solution="\a")]
    assert evidence(curate(judged(rows, [problem(0)]), Curation(rules), PROMPTS, unfit_words, 0).frame) == ["0 tokens"]


def test_the_rule_of_the_tokenizer_is_in_every_recipe_and_changes_no_fingerprint() -> None:
    rules = Curation(USUAL)
    assert rules.rules == USUAL
    assert rules.drop_reasons.index(FitsTokenizer.name) + 1 == rules.drop_reasons.index(FitsCutoff.name)


def test_too_few_examples_stop_the_run_with_the_waterfall() -> None:
    tables = judged([rewrite(0, 0)], [problem(0)], {0: ("wrong", "wrong")})
    with pytest.raises(GateError, match="trace wrong or unjudged: 1"):
        curate(tables, Curation(USUAL), PROMPTS, words, minimum=2)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((*FIRST, Chosen()), "lacks the rules FitsCutoff"),
        ((TraceFinished(), FitsCutoff(9)), "lacks the rules RewriteMade, TraceCorrect, RewriteCorrect"),
        ((*USUAL, Chosen(2)), "the drop reason not chosen"),
    ],
)
def test_rules_that_would_let_wrong_rows_through_are_refused(rules: tuple[object, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Curation(rules)  # type: ignore[arg-type]  # drawn from several kinds of rules


row = st.tuples(
    st.sampled_from(["correct", "wrong", "unjudged"]), st.booleans(), st.sampled_from(["stop", "length", "error"])
)


@given(st.lists(row, max_size=12), st.lists(st.sampled_from(["maths", "puzzle"]), min_size=3, max_size=3))
def test_every_rewrite_is_accounted_for_and_only_right_ones_are_kept(
    drawn: list[tuple[str, bool, str]], domains: list[str]
) -> None:
    rows = [rewrite(number, number % 3, failed="broken" if each[1] else None) for number, each in enumerate(drawn)]
    questions = (QUESTION, QUESTION[::-1], HELD_OUT[::-1])
    problems = [
        problem(number, text, domain=domain)
        for number, (text, domain) in enumerate(zip(questions, domains, strict=True))
    ]
    verdicts = {number: (each[0], "correct") for number, each in enumerate(drawn)}
    frame = curated(rows, problems, said=verdicts, ends={number: each[2] for number, each in enumerate(drawn)})
    assert sorted(frame["rewrite_id"]) == sorted(row["rewrite_id"] for row in rows)
    good = kept_examples(frame)
    assert (good["trace_verdict"] == "correct").all()
    assert (good["finish_reason"] == "stop").all()
    assert good["problem_id"].is_unique().all()
    assert (frame["dropped_by"].is_null() == frame["evidence"].is_null()).all()
    assert {row["dropped_by"] for row in frame.iter_rows(named=True)} <= {None, *DROP_REASONS}
    fall = waterfall(frame, DROP_REASONS)
    assert fall.pop("rewrites") == sum(fall.values()) == len(rows)
    assert {line: sum(counts.values()) for line, counts in by_domain(frame, DROP_REASONS).items()} == {
        "rewrites": len(rows), **fall,
    }  # fmt: skip
    assert len(conversations(frame)) == good.height == len(good["example_tokens"].drop_nulls())


def test_both_forms_of_an_example_say_the_same() -> None:
    (row,) = curated([rewrite(0, 0)]).iter_rows(named=True)
    assert [turn["content"] for turn in row["messages"]] == [turn["value"] for turn in row["conversations"]]
    assert row["messages"][-1]["role"] == row["conversations"][-1]["from"] == "assistant"
    assert set(row) == set(EXAMPLES.columns)


def test_an_example_carries_its_verdicts_with_their_evidence_and_its_tokens() -> None:
    (row,) = curated([rewrite(0, 0)]).iter_rows(named=True)
    assert (row["trace_verdict"], row["trace_reason"], row["rewrite_backend"]) == ("correct", "because", "test")
    assert 0 < row["learned_tokens"] < row["example_tokens"] < 50


def test_another_wording_of_a_grader_changes_no_example() -> None:
    measured = {"trace_reason", "rewrite_reason", "trace_backend", "rewrite_backend"}
    assert measured.isdisjoint(EXAMPLES.content)


def test_dropped_rows_have_no_conversation() -> None:
    frame = curated([rewrite(0, 0), rewrite(1, 0)], said={0: ("wrong", "wrong")})
    assert (frame["dropped_by"].is_null() == frame["messages"].is_not_null()).all()
    assert frame.filter(pl.col("dropped_by").is_not_null())["evidence"].to_list() == ["wrong: because"]
