"""Rewriting: the rules use the trace's own words; a model's rewrite is tried again and then kept with its reason."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pytest

from skyassets.core.errors import RecipeError
from skyassets.core.ports import CompletionClient, Model, Reply, Request, Sampling
from skyassets.core.rows.failures import NOT_AGAIN
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, PROBLEMS, TRACES
from skyassets.core.tables.store import StageResult
from skyassets.stages.extraction.thought_markers import PLAIN, PROSE, SPECIAL, Markers
from skyassets.stages.extraction.trace_format import Structured, join, parse
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting, by_rules, is_ready, rewrite
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.length_policy import LengthPolicy

TRACE = "First I multiply 6 by 7. The answer is 42."
MODEL = Model("m", "1")
REWRITING = ModelRewriting(MODEL, "s", "{question} {trace}", Sampling(0.7, 64), seed=1, tries=3)
CODE_TRACE = "It doubles.\n\n```python\ndef f(n):\n    return 2 * n\n```"


def test_the_rules_keep_the_trace_and_box_what_it_states() -> None:
    result = by_rules(TRACE, "maths", RuleRewriting())
    assert result.text is not None
    assert parse(result.text) == Structured(TRACE, r"The answer is \boxed{42}.")


def test_the_rules_know_no_ground_truth() -> None:
    result = by_rules("I think it is 41.", "maths", RuleRewriting())
    assert result.text is not None
    assert r"\boxed{41}" in result.text


def test_the_rules_put_code_into_the_solution_alone() -> None:
    result = by_rules(CODE_TRACE, "code", RuleRewriting())
    assert result.text is not None
    parts = parse(result.text)
    assert parts == Structured("It doubles.", "```python\ndef f(n):\n    return 2 * n\n```")


@pytest.mark.parametrize(
    ("trace", "domain", "why"),
    [
        ("I do not know.", "maths", "states no answer"),
        ("I do not know.", "code", "no code"),
        ("```python\ndef f():\n    pass\n```", "code", "no reasoning"),
        ("The <|end_of_thought|> answer is 4.", "maths", "marker"),
        ("<think>It is 4", "maths", "the thought never ends: the marker </think> is missing"),
        ("[THINK]It is \\boxed{4}.[/THINK]", "maths", "ends with its thought"),
        ("<think>a</think>I cannot say.", "maths", "states no answer"),
        ("<think>a</think>Here is `<think>`: \\boxed{4}", "maths", "a thought's tag is left in the rewrite: <think>"),
        ("I say.\n<reasoning>\nThe answer is 4.", "maths", "a thought's tag is left in the rewrite: <reasoning>"),
    ],
)
def test_a_trace_that_the_rules_cannot_rewrite_is_explained(trace: str, domain: str, why: str) -> None:
    result = by_rules(trace, domain, RuleRewriting())
    assert result.text is None
    assert why in str(result.failed)


TABLE = pytest.mark.parametrize("kind", [*SPECIAL, *PLAIN, PROSE], ids=lambda kind: kind.opens)


@TABLE
def test_the_rules_keep_thought_and_solution_apart_and_drop_the_tags(kind: Markers) -> None:
    whole = by_rules(f"{kind.opens}\nWe add.\n{kind.closes}\n\nSo \\boxed{{5}}.", "maths", RuleRewriting())
    assert whole.text == join(Structured("We add.", "So \\boxed{5}."))
    unboxed = by_rules(f"{kind.opens}\nWe add.\n{kind.closes}\n\nIt is 5.", "maths", RuleRewriting())
    assert unboxed.text == join(Structured("We add.", "It is 5.\n\nThe answer is \\boxed{5}."))


@TABLE
def test_the_rules_keep_a_marked_solution_of_one_block_and_make_one_of_several(kind: Markers) -> None:
    code = "```python\nprint(5)\n```"
    one = by_rules(f"{kind.opens}\nWe add.\n{kind.closes}\n\nSo:\n{code}", "code", RuleRewriting())
    assert one.text == join(Structured("We add.", f"So:\n{code}"))
    two = by_rules(f"{kind.opens}\nWe add.\n{kind.closes}\n\n{code}\nNo:\n{code}", "code", RuleRewriting())
    assert two.text == join(Structured("We add.\n\nNo:", code))


@pytest.mark.parametrize(
    "trace", ["<think>\n\n</think>\n\nIt is \\boxed{5}.", "<|channel>thought\n<channel|>It is \\boxed{5}."]
)
def test_an_empty_thought_stays_empty(trace: str) -> None:
    result = by_rules(trace, "maths", RuleRewriting())
    assert result.text == join(Structured("", "It is \\boxed{5}."))


@dataclass
class Script:
    """A model server that answers from a list, one text a try; implements both ports."""

    texts: list[str]
    need: int = 0
    """Tokens that an answer takes; a smaller limit cuts it."""
    requests: list[Request] = field(default_factory=list)
    in_flight: int = 0

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        yield self

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        for request in requests:
            text = self.texts[request.seed - REWRITING.seed]
            self.requests.append(request)
            error = {"gone": "the server went away", "empty": "an empty text"}.get(text)
            end = "length" if request.sampling.max_tokens < self.need else "stop"
            keep(Reply(request.id, text, end, 1, 1, 0.1, "script", error, is_final=text == "empty"))


def rewritten(
    folder: Path,
    *texts: str,
    trace: str = TRACE,
    need: int = 0,
    rewriting: ModelRewriting = REWRITING,
    **columns: object,
) -> tuple[StageResult, Script]:
    """The result for one trace when the model answers `texts`, one a try, and takes `need` tokens for each."""
    script = Script(list(texts), need)
    by = Completer(RowStore(folder, COMPLETIONS), script, lambda tally: None)
    row = {"trace_id": "t", "problem_id": "p", "sample": 0, "text": trace, "finish_reason": "stop"} | columns
    traces = pl.DataFrame([row], schema_overrides=TRACES.schema)
    problems = PROBLEMS.frame([{"problem_id": "p", "domain": "maths", "question": "What is 6 times 7?"}])
    return rewrite(traces, problems, rewriting, by), script


GOOD = join(Structured(TRACE, r"The answer is \boxed{42}."))
WRONG = join(Structured(TRACE, r"The answer is \boxed{43}."))


def test_a_faithful_rewrite_is_requested_once(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, GOOD, WRONG, WRONG)
    assert result.frame.select("rewritten", "failed", "changed").rows() == [(GOOD, None, None)]
    assert len(script.requests) == 1


def test_a_failing_rewrite_is_tried_again_with_another_seed(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, WRONG, "Error code: 429 - {'error': {'message': 'Rate limit'}}", GOOD)
    assert result.frame["rewritten"].to_list() == [GOOD]
    assert [request.seed for request in script.requests] == [1, 2, 3]


def test_a_rewrite_that_always_fails_is_kept_with_its_last_reason_and_not_paid_for_again(tmp_path: Path) -> None:
    result, _ = rewritten(tmp_path, WRONG, WRONG, "I'm sorry, but I can't help with that.")
    assert result.frame["rewritten"].to_list() == [None]
    assert "a refusal: I'm sorry, but I can't help with that." in str(result.frame["failed"][0])
    assert result.unfinished == 0
    again, script = rewritten(tmp_path, GOOD, GOOD, GOOD)
    assert again.frame.equals(result.frame)
    assert script.requests == []


def test_a_server_error_is_tried_again_on_the_next_run(tmp_path: Path) -> None:
    result, _ = rewritten(tmp_path, "gone", "gone", "gone")
    assert result.unfinished == 1
    assert result.frame["failed"].to_list() == ["error: the server went away"]
    again, script = rewritten(tmp_path, GOOD, GOOD, GOOD)
    assert again.frame["rewritten"].to_list() == [GOOD]
    assert len(script.requests) == 1


def test_an_answer_that_was_paid_for_in_vain_is_tried_with_other_seeds_and_not_in_the_next_run(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, "empty", "empty", "empty")
    assert (len(script.requests), result.unfinished, result.metadata["rows failed"]) == (3, 0, 1)
    assert result.frame["failed"].to_list() == [f"error: an empty text; {NOT_AGAIN}"]
    again, script = rewritten(tmp_path, GOOD, GOOD, GOOD)
    assert again.frame.equals(result.frame)
    assert script.requests == []


def test_the_trace_is_shown_whole_and_never_overwritten(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, GOOD)
    assert TRACE in script.requests[0].messages[-1].content
    assert "text" not in result.frame.columns


def test_only_a_trace_that_ended_or_is_to_be_kept_is_rewritten(tmp_path: Path) -> None:
    cut, script = rewritten(tmp_path, GOOD, finish_reason="length")
    assert cut.frame["failed"].to_list() == ["the trace did not finish: length"]
    assert script.requests == []
    result, _ = rewritten(tmp_path, GOOD, finish_reason="length", cut="kept")
    assert result.frame["rewritten"].to_list() == [GOOD]
    assert not is_ready({"finish_reason": "length", "cut": "dropped"})


def test_a_trace_that_is_structured_already_stays_as_it_is(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, trace=GOOD)
    assert result.frame.select("rewritten", "completion_id").rows() == [(GOOD, None)]
    assert script.requests == []


def test_an_api_error_that_was_stored_as_a_structured_trace_is_no_rewrite(tmp_path: Path) -> None:
    stored = join(Structured("Error code: 429 - {'error': {'message': 'Rate limit reached'}}", "none"))
    result, _ = rewritten(tmp_path, trace=stored)
    assert result.frame["rewritten"].to_list() == [None]
    assert "an API's error text: Error code: 429" in str(result.frame["failed"][0])


def test_a_budget_of_tries_is_part_of_the_recipe(tmp_path: Path) -> None:
    script = Script([WRONG, GOOD])
    by = Completer(RowStore(tmp_path, COMPLETIONS), script, lambda tally: None)
    traces = TRACES.frame([{"trace_id": "t", "problem_id": "p", "text": TRACE, "finish_reason": "stop"}])
    problems = PROBLEMS.frame([{"problem_id": "p", "domain": "maths", "question": "6 times 7?"}])
    result = rewrite(traces, problems, replace(REWRITING, tries=1), by)
    assert "the answer was changed: 42 became 43" in str(result.frame["failed"][0])
    assert len(script.requests) == 1


@TABLE
def test_the_model_sees_the_trace_without_the_tags_of_its_thought(tmp_path: Path, kind: Markers) -> None:
    marked = f"{kind.opens}\nFirst I multiply 6 by 7.\n{kind.closes}\n\nThe answer is 42."
    result, script = rewritten(tmp_path, GOOD, trace=marked)
    assert script.requests[0].messages[-1].content.endswith("First I multiply 6 by 7.\n\nThe answer is 42.")
    assert kind.opens not in script.requests[0].messages[-1].content
    assert result.frame["rewritten"].to_list() == [GOOD]


def test_the_model_is_not_asked_about_a_thought_that_never_ends(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, GOOD, trace=f"<think>{TRACE}")
    assert result.frame["failed"].to_list() == ["the thought never ends: the marker </think> is missing"]
    assert script.requests == []


@pytest.mark.parametrize("tag", ["<think>", "[/THINK]", "◁think▷", "<|channel>thought", "<|channel|>", "<reasoning>"])
def test_a_rewrite_that_still_holds_a_thoughts_tag_is_refused(tmp_path: Path, tag: str) -> None:
    tagged = GOOD.replace("First", f"{tag}\nFirst")
    result, _ = rewritten(tmp_path, tagged, tagged, tagged)
    assert result.frame["failed"].to_list() == [f"a thought's tag is left in the rewrite: {tag}"]
    stored, _ = rewritten(tmp_path / "stored", trace=tagged)
    assert stored.frame["failed"].to_list() == [f"a thought's tag is left in the rewrite: {tag}"]


def test_the_thought_of_the_rewriter_itself_is_no_part_of_the_rewrite(tmp_path: Path) -> None:
    result, _ = rewritten(tmp_path, f"<think>I copy it.</think>\n\n{GOOD}")
    assert result.frame["rewritten"].to_list() == [GOOD]


def limits(script: Script) -> list[tuple[int, int]]:
    return [(one.seed, one.sampling.max_tokens) for one in script.requests]


PATIENT = replace(REWRITING, length=LengthPolicy(budgets=(128, 256)))


def test_a_cut_rewrite_is_requested_again_with_the_next_larger_limit(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, GOOD, need=200, rewriting=PATIENT)
    assert result.frame["rewritten"].to_list() == [GOOD]
    assert limits(script) == [(1, 64), (1, 128), (1, 256)]
    assert result.frame["completion_id"].to_list() == [script.requests[-1].id]
    assert rewritten(tmp_path, GOOD, need=200, rewriting=PATIENT)[1].requests == []


def test_a_try_after_one_that_was_cut_begins_with_the_limit_that_it_took(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, WRONG, GOOD, need=100, rewriting=PATIENT)
    assert result.frame["rewritten"].to_list() == [GOOD]
    assert limits(script) == [(1, 64), (1, 128), (2, 128)]


def test_a_rewrite_that_every_limit_cuts_is_kept_with_its_reason(tmp_path: Path) -> None:
    result, script = rewritten(tmp_path, GOOD, GOOD, GOOD, need=999, rewriting=PATIENT)
    assert result.frame["failed"].to_list() == ["the rewrite did not finish: length"]
    assert limits(script) == [(1, 64), (1, 128), (1, 256), (2, 256), (3, 256)]
    _, plain = rewritten(tmp_path / "plain", GOOD, GOOD, GOOD, need=999)
    assert limits(plain) == [(1, 64), (2, 64), (3, 64)]


def test_a_cut_rewrite_that_is_to_be_kept_is_checked_like_a_finished_one(tmp_path: Path) -> None:
    result, script = rewritten(
        tmp_path, GOOD, need=999, rewriting=replace(REWRITING, length=LengthPolicy((128,), keep=True))
    )
    assert result.frame["rewritten"].to_list() == [GOOD]
    assert limits(script) == [(1, 64), (1, 128)]


def test_a_rewriter_whose_limits_do_not_grow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"ModelRewriting has length.budgets = \(64,\); the first must be larger"):
        replace(REWRITING, length=LengthPolicy(budgets=(64,)))
