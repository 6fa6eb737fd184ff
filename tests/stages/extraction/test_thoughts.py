"""Thoughts: what a model marks is taken apart, and what a text only mentions stays in its solution."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.extraction.final_answer import lenient_answer, strict_answer
from skyassets.stages.extraction.thought_markers import ANSWERS, PLAIN, PROSE, SPECIAL, Markers
from skyassets.stages.extraction.thoughts import Parts, after_own_thought, split, thought_tag
from skyassets.stages.extraction.trace_format import Structured, join
from skyassets.stages.grading.extract_code import lenient_code, strict_code

UNHURRIED = settings(deadline=None)
TABLE = (*SPECIAL, *PLAIN, PROSE)
TAGS = (*SPECIAL, *PLAIN)
KINDS = pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.opens)
TAGGED = pytest.mark.parametrize("kind", TAGS, ids=lambda kind: kind.opens)

words = st.lists(st.sampled_from(["We", "add", "two", "so", "\\boxed{4}", "x=1", "Wait,", "(no).", "5!"]), min_size=1)
spaces = st.sampled_from(["", " ", "\n", "\n\n", "\r\n"])
prose = st.builds(" ".join, words)
RAW = "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>"


@UNHURRIED
@given(st.sampled_from(TABLE), prose, prose, spaces, spaces, spaces)
def test_what_a_model_marks_is_taken_apart(
    kind: Markers, thought: str, solution: str, first: str, second: str, third: str
) -> None:
    text = f"{first}{kind.opens}{second}{thought}\n{kind.closes}{third}{solution}{first}"
    assert split(text) == Parts(thought, solution)


@UNHURRIED
@given(prose, prose)
def test_harmony_is_read_with_and_without_its_tokens(thought: str, solution: str) -> None:
    thought = f"So {thought}"
    assert split(RAW.format(thought, solution)) == Parts(thought, solution)
    assert split(f"analysis{thought}assistantfinal{solution}") == Parts(thought, solution)


@UNHURRIED
@given(prose, prose)
def test_the_structure_comes_apart_as_any_other_thought(thought: str, solution: str) -> None:
    assert split(join(Structured(thought, solution))) == Parts(thought, solution)


@UNHURRIED
@given(
    st.lists(st.sampled_from([*(mark for each in TABLE for mark in (each.opens, each.closes)), "`", "\n", "a ", "'"]))
)
def test_any_text_is_split_and_only_a_marked_thought_is_taken_out(pieces: list[str]) -> None:
    parts = split(text := "".join(pieces))
    assert isinstance(parts, str) or parts.thought is not None or parts.solution == text


@TAGGED
def test_a_thought_without_its_first_mark_ends_at_the_last(kind: Markers) -> None:
    assert split(f"maybe \\boxed{{4}}\n{kind.closes}\n\n\\boxed{{5}}") == Parts("maybe \\boxed{4}", "\\boxed{5}")


@TAGGED
def test_a_thought_that_never_ends_has_no_solution(kind: Markers) -> None:
    text = f"{kind.opens}\nmaybe \\boxed{{4}}"
    assert split(text) == f"the thought never ends: the marker {kind.closes} is missing"
    assert strict_answer(text) is None
    assert strict_code(f"{text}\n```python\nprint(4)\n```") is None


@KINDS
def test_a_box_in_a_thought_is_no_answer(kind: Markers) -> None:
    text = f"{kind.opens}\nmaybe \\boxed{{4}}\n{kind.closes}\n\nI cannot say."
    assert strict_answer(text) is None
    assert strict_answer(f"{text} \\boxed{{5}}") == "5"


@KINDS
def test_code_is_the_solutions(kind: Markers) -> None:
    text = f"{kind.opens}\n```python\nprint(4)\n```\n{kind.closes}\n\n```python\nprint(5)\n```"
    assert strict_code(text) == lenient_code(text) == "print(5)\n"


@TAGGED
@pytest.mark.parametrize(
    "form",
    [
        "The answer is \\boxed{{5}}. I wrote `{opens}` and `{closes}` around it.",
        "The answer is \\boxed{{5}}: split at \"{closes}\" or '{opens}'.",
        "The {opens} tag opens it, the {closes} tag closes it: \\boxed{{5}}",
        "\\boxed{{5}}\n\n```python\nfor part in text.split('{closes}'):\n    print('{opens}')\n```\n",
        "\\boxed{{5}}\n\n```\n{opens}\nmaybe\n{closes}\n\nyes\n```\n",
    ],
)
def test_a_solution_may_mention_the_marks(kind: Markers, form: str) -> None:
    solution = form.format(opens=kind.opens, closes=kind.closes).strip()
    assert split(f"{kind.opens}\nWe add.\n{kind.closes}\n\n{solution}") == Parts("We add.", solution)
    assert split(solution) == Parts(None, solution)


@TAGGED
def test_a_thought_may_mention_its_end(kind: Markers) -> None:
    thought = f"I split at '{kind.closes}', maybe \\boxed{{4}}:\n```python\ntext.split('{kind.closes}')\n```\nso"
    assert split(f"{kind.opens}\n{thought}\n{kind.closes}\n\n\\boxed{{5}}") == Parts(thought, "\\boxed{5}")
    assert isinstance(split(f"{kind.opens}\n{thought}"), str)


@TAGGED
def test_a_block_of_code_left_open_in_the_thought_does_not_hide_its_end(kind: Markers) -> None:
    text = f"{kind.opens}\n```python\nprint(4)\n{kind.closes}\n\n```python\nprint(5)\n```"
    assert strict_code(text) == "print(5)\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>a</think> b <think>c</think> d", Parts("a\n\nb\n\nc", "d")),
        ("<think>a <think>b</think> c</think> d", Parts("a\n\nb\n\nc", "d")),
        ("<think>a </think> the answer", Parts("a", "the answer")),
        ("<Think>a</THINK>b", Parts("a", "b")),
        ("<think>\n\n</think>\n\nb", Parts("", "b")),
        ("Sure.\n<thinking>\na\n</thinking>\n\nb", Parts("Sure.\n\na", "b")),
        ("Here's my thought process: a\n\nHere is my response: b", Parts("a", "b")),
        ("<seed:think>a<seed:cot_budget_reflect>I have used 9 tokens.</seed:cot_budget_reflect>b</seed:think>c",
         Parts("a\n\nb", "c")),
        ("<seed:think><seed:cot_budget_reflect>0 left</seed:cot_budget_reflect>\n</seed:think>c", Parts("", "c")),
        (f"<think>a</think>\n\n{join(Structured('b', 'c'))}", Parts("a\n\nb", "c")),
        ("<think>a</think>assistantfinalHi", Parts("a", "Hi")),
        ("<|start|>assistant" + RAW.format("a", "b"), Parts("a", "b")),
        ("We add.<|end|><|start|>assistant<|channel|>final<|message|>b", Parts("We add.", "b")),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=functions.x "
         "<|constrain|>json<|message|>{}<|call|><|start|>assistant<|channel|>final<|message|>b", Parts("a\n\n{}", "b")),
        ("analysisWe add.assistantcommentary to=functions.x {}assistantfinalb", Parts("We add.\n\n{}", "b")),
        ("<Thought>a</Thought>\n<Output>b</Output>", Parts("a", "b")),
        ("<think>a</think><answer>b", Parts("a", "b")),
        ("<think>a</think><answer>b</answer>\n\nLet me know!", Parts("a", "b\n\nLet me know!")),
        ("assistantfinalThe sum is 5.", Parts("", "The sum is 5.")),
        *((f"<think>a</think>\n{each.opens}b{each.closes}\n", Parts("a", "b")) for each in ANSWERS),
    ],
)  # fmt: skip
def test_models_write_thoughts_in_many_ways(text: str, parts: Parts) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "<think>a</think> \\boxed{3} <think> wait",
        "<|channel|>analysis<|message|>\\boxed{4}",
        "<|channel|>anal",
        "analysisWe add, maybe \\boxed{4}",
        "analysisWe add.assistantcommentaryWait, \\boxed{4}",
        f"<think>a</think>\n\n{join(Structured('b', 'c'))[:40]} \\boxed{{4}}",
    ],
)
def test_a_cut_thought_has_no_solution(text: str) -> None:
    assert isinstance(split(text), str)
    assert strict_answer(text) is None
    assert lenient_answer(text, "maths") == (None if "4" not in text and "3" not in text else text.split("{")[1][0])


@pytest.mark.parametrize(
    "text",
    [
        "analysis of the two cases gives \\boxed{5}",
        "analysis: \\boxed{5}",
        "final answer \\boxed{5}",
        "The assistant finally says \\boxed{5}. assistantfinalize() is a function.",
        "\\boxed{5}. It prints\n<reasoning>\n4\n</reasoning>\nas asked",
        "It prints <reasoning>4</reasoning>, so \\boxed{5}",
        "Write <thought>x</thought> around it. \\boxed{5}",
        "Here is my thought process: \\boxed{5}",
        "[think] \\boxed{5}",
        "```\n<think>\nx\n</think>\n```\nso \\boxed{5}",
    ],
)
def test_prose_and_programs_are_no_thoughts(text: str) -> None:
    assert split(text) == Parts(None, text)
    assert strict_answer(text) == "5"


def test_a_lenient_answer_is_the_solutions_before_it_is_the_thoughts() -> None:
    assert lenient_answer("[THINK]the answer is \\boxed{4}[/THINK]The answer is 5.", "maths") == "5"
    assert lenient_answer("[THINK]the answer is \\boxed{4}[/THINK]I am done.", "maths") == "4"


@TAGGED
def test_a_mark_that_is_left_is_found(kind: Markers) -> None:
    text = join(Structured("We add.", "5"))
    assert thought_tag(text.replace("We", f"{kind.opens} We")) == kind.opens
    assert thought_tag(text.replace("add.", f"add.\n{kind.closes}")) == kind.closes
    assert thought_tag(text) is None


def test_a_plain_tag_in_a_program_is_not_left_over_and_a_special_one_is() -> None:
    assert thought_tag("```python\nprint('<reasoning>')\n```") is None
    assert thought_tag("```python\nprint('<think>')\n```") == "<think>"
    assert thought_tag("We add.assistantfinalThe") == "assistantfinal"


def test_a_rewriters_own_thought_is_not_its_text() -> None:
    text = join(Structured("a", "b"))
    assert after_own_thought(text) == text
    assert after_own_thought(f"<think>x</think>\n\n{text}") == text
    assert after_own_thought("<think>x") == "<think>x"


@pytest.mark.parametrize(
    "text",
    [
        "<think>" * 50_000, "</think>" * 50_000, "'<think>' " * 50_000, "the <think> tag " * 50_000,
        "<reasoning>" * 50_000, "<|channel|>" * 50_000, "assistantfinal" * 50_000, "analysis" * 50_000,
        "<|channel|>final<|message|>" * 20_000, "<seed:cot_budget_reflect>" * 20_000,
        "<seed:think>" + "<seed:cot_budget_reflect>" * 20_000 + "</seed:think>x", "\n" * 100_000, "`" * 100_000,
        "```\n" * 30_000, "<|start|>" * 50_000, " " * 100_000 + "<think>",
        "<think " * 50_000, "<think a=b" * 30_000, "<think" + " " * 100_000, "< " * 100_000,
        "<think>" + "</reason> " * 30_000, "<think>" + "<reason>a</reason> " * 10_000 + "</think>b",
        "thought\n" + "a.The " * 30_000, "thought\n" + "`" * 50_000,
    ],
)  # fmt: skip
def test_no_text_takes_long_to_split(text: str) -> None:
    before = time.process_time()
    split(text)
    thought_tag(text)
    assert time.process_time() - before < 2


@KINDS
def test_the_page_lists_every_mark(kind: Markers) -> None:
    page = (Path(__file__).parents[3] / "docs" / "thoughts.md").read_text(encoding="utf-8").replace("\\|", "|")
    assert f"`{kind.opens}`" in page
    assert f"`{kind.closes}`" in page
