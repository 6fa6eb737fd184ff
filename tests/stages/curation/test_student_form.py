"""The student's form: four markers or think tags, with or without a thought; the default changes nothing."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.curating import FIRST, PROMPTS, Row, dropped, evidence, judged, problem, rewrite, words

from skyassets.core.errors import RecipeError
from skyassets.core.identity import digest
from skyassets.core.ports import Message
from skyassets.core.tables.declarations import TRACES
from skyassets.stages.curation.curate import Curation, curate
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.gates import Gates, check_gates
from skyassets.stages.curation.reasoning import HasReasoning
from skyassets.stages.curation.rules import FitsCutoff, Rule, WellFormed, verified
from skyassets.stages.curation.student_form import FOUR_MARKERS, Hybrid, Marks, StudentForm, learned_parts
from skyassets.stages.extraction.final_answer import strict_answer
from skyassets.stages.extraction.thoughts import Parts, split
from skyassets.stages.extraction.trace_format import Structured, join

RULES: tuple[Rule, ...] = (*FIRST, FitsCutoff(10_000))
EMPTY_ALLOWED: tuple[Rule, ...] = (*verified(), WellFormed(empty_thought=True), FitsCutoff(10_000))
FORMS = [StudentForm(marks) for marks in Marks]
MANY = [rewrite(number, number, "It is \\boxed{1}.") for number in range(40)]
PROBLEMS = [problem(number, f"What is {number}?") for number in range(40)]

part = st.lists(st.sampled_from(["We", "add", "\n\n", "\\boxed{5}", "`x`"]), min_size=1).map(" ".join).map(str.strip)
part = part.filter(bool)


def examples(
    form: StudentForm, rewrites: list[Row] | None = None, rules: tuple[Rule, ...] = RULES, trace: str = "..."
) -> pl.DataFrame:
    tables = judged(rewrites or MANY, PROBLEMS)
    tables = replace(tables, traces=TRACES.frame(tables.traces.with_columns(text=pl.lit(trace)).to_dicts()))
    return curate(tables, Curation(rules, form), PROMPTS, words, minimum=0).frame


def turns(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """The prompt and the answer of each kept example."""
    kept = kept_examples(frame).sort("trace_id")
    return [(row[-2]["content"], row[-1]["content"]) for row in kept["messages"].to_list()]


@given(st.sampled_from(FORMS), part | st.just(""), part)
def test_an_answer_comes_apart_as_it_was_put_together(form: StudentForm, thought: str, solution: str) -> None:
    answer = form.answer(Structured(thought, solution))
    assert learned_parts(answer) == Structured(thought, solution)
    assert split(answer) == Parts(thought, solution)


def test_think_tags_are_written_as_qwen3_writes_them() -> None:
    form = StudentForm(Marks.THINK)
    assert form.answer(Structured("a", "b")) == "<think>\na\n</think>\n\nb"
    assert form.answer(Structured("", "b")) == "<think>\n\n</think>\n\nb"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "<think>\na\n</think>\n\n",
        "x <think>\na\n</think>\n\nb",
        "<think>a</think>b",
        "<think>\na\n</think>\n\nb<think>",
    ],
)
def test_anything_else_has_no_form(text: str) -> None:
    assert learned_parts(text) is None


def test_the_default_form_is_in_no_digest_and_another_is() -> None:
    assert digest(Curation(RULES)) == digest(Curation(RULES, StudentForm())) == digest(Curation(RULES, FOUR_MARKERS))
    assert digest(Curation(RULES)) != digest(Curation(RULES, StudentForm(Marks.THINK)))
    assert digest(WellFormed()) == digest(WellFormed(empty_thought=False)) != digest(WellFormed(empty_thought=True))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form_is_judged_counted_and_gated_alike(form: StudentForm) -> None:
    frame = examples(form)
    assert dropped(frame) == {row["rewrite_id"]: None for row in MANY}
    assert all(learned_parts(answer) is not None and strict_answer(answer) == "1" for _, answer in turns(frame))
    assert all(check.passed for check in check_gates(frame, Gates(formed=1.0, verified=1.0)))
    counted = [len(" ".join(pair).split()) for pair in turns(frame)]
    assert frame.sort("trace_id")["example_tokens"].to_list() == counted


def test_the_default_form_is_the_rewrite_itself() -> None:
    assert [answer for _, answer in turns(examples(FOUR_MARKERS))] == [row["rewritten"] for row in MANY]


@pytest.mark.parametrize("marks", Marks)
def test_a_share_of_the_examples_loses_its_thought_and_says_so_in_the_prompt(marks: Marks) -> None:
    frame = examples(StudentForm(marks, Hybrid(0.5)))
    parts = {prompt: learned_parts(answer) for prompt, answer in turns(frame)}
    without = {prompt for prompt, each in parts.items() if each and not each.thought}
    assert without == {prompt for prompt in parts if prompt.endswith(" /no_think")}
    assert 10 <= len(without) <= 30
    assert {each.solution for each in parts.values() if each} == {"It is \\boxed{1}."}


def test_which_examples_lose_their_thought_depends_on_the_seed_and_the_trace_alone() -> None:
    first, again = (turns(examples(StudentForm(Marks.THINK, Hybrid(0.5, seed=1)))) for _ in range(2))
    assert first == again != turns(examples(StudentForm(Marks.THINK, Hybrid(0.5, seed=2))))
    assert turns(examples(StudentForm(Marks.THINK, Hybrid(0.5, seed=1)), MANY[:20])) == first[:20]
    more = [prompt for prompt, _ in turns(examples(StudentForm(Marks.THINK, Hybrid(0.8, seed=1))))]
    assert {prompt for prompt, _ in first if prompt.endswith("/no_think")} <= set(more)


@given(st.floats(0, 1))
def test_a_share_of_none_takes_none_and_of_all_takes_all(share: float) -> None:
    assert not Hybrid(0.0).takes(str(share))
    assert Hybrid(1.0).takes(str(share))


def test_the_switch_may_stand_in_the_system_prompt_and_mark_thinking_too() -> None:
    hybrid = Hybrid(0.5, no_think="\ndetailed thinking off", think="\ndetailed thinking on", is_in_system=True)
    user = Message("user", "q")
    assert hybrid.prompted((user,), is_thinking=True) == (Message("system", "detailed thinking on"), user)
    system = Message("system", "Be kind.")
    assert hybrid.prompted((system, user), is_thinking=False) == (
        Message("system", "Be kind.\ndetailed thinking off"),
        user,
    )


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_between_none_and_all(share: float) -> None:
    with pytest.raises(RecipeError, match="must be between 0 and 1"):
        Hybrid(share)


def test_another_form_needs_the_rule_that_finds_both_parts() -> None:
    with pytest.raises(RecipeError, match="Curation has the form think tags, which needs the rule WellFormed"):
        Curation((*verified(), FitsCutoff(10)), StudentForm(Marks.THINK))


BARE = [rewrite(0, 0, text=join(Structured("", "1"))), rewrite(1, 1)]


def test_an_empty_thought_is_malformed_unless_the_recipe_allows_it() -> None:
    frame = examples(FOUR_MARKERS, BARE)
    assert dropped(frame) == {"r00": "malformed", "r01": None}
    assert evidence(frame) == ["the thought is empty"]
    frame = examples(StudentForm(Marks.THINK, Hybrid(0.0)), BARE, EMPTY_ALLOWED)
    assert [answer for _, answer in turns(frame)] == ["<think>\n\n</think>\n\n1", "<think>\ntt\n</think>\n\n1"]
    assert [prompt.endswith(" /no_think") for prompt, _ in turns(frame)] == [True, False]


@pytest.mark.parametrize(
    ("rule", "trace", "rewrites", "said"),
    [
        (HasReasoning(), "<think>\n\n</think>\n\n1", MANY[:1], "the trace's thought is empty"),
        (HasReasoning(), "<|channel>thought\n<channel|>1", MANY[:1], "the trace's thought is empty"),
        (HasReasoning(), "<think>\nSo.\n</think>\n\n1", BARE[:1], "the rewrite's thought is empty"),
        (
            HasReasoning(words=3),
            "<think>\nSo it\n</think>\n\n1",
            MANY[:1],
            "the trace's thought has 2 words, the fewest are 3",
        ),
        (HasReasoning(unmarked=False), "So it is 1.", MANY[:1], "the trace marks no thought"),
        (HasReasoning(), "<think>So", MANY[:1], "the thought never ends: the marker </think> is missing"),
        (HasReasoning(), "So it is 1.", MANY[:1], None),
        (HasReasoning(), "[THINK]So[/THINK]1", MANY[:1], None),
    ],
)
def test_a_row_without_reasoning_is_dropped_where_the_recipe_says_so(
    rule: HasReasoning, trace: str, rewrites: list[Row], said: str | None
) -> None:
    frame = examples(FOUR_MARKERS, rewrites, (*verified(), rule, *EMPTY_ALLOWED[4:]), trace)
    assert frame["evidence"].to_list() == [said]
    assert frame["dropped_by"].to_list() == ["no reasoning" if said else None]


def test_reasoning_has_a_word_at_least() -> None:
    with pytest.raises(RecipeError, match="HasReasoning has words = 0; it must be 1 or more"):
        HasReasoning(words=0)
