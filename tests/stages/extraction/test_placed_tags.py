"""Tags as models vary them, and the same tags as a text's own: the first are taken apart, the second stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.extraction.final_answer import strict_answer
from skyassets.stages.extraction.thought_markers import PLAIN, SPECIAL, Markers
from skyassets.stages.extraction.thoughts import Parts, split, thought_tag
from skyassets.stages.rewriting.rewrite import RuleRewriting, by_rules

TAGS = (*SPECIAL, *PLAIN)
TAGGED = pytest.mark.parametrize("kind", TAGS, ids=lambda kind: kind.opens)
NAMES = ("think", *(each.opens[1:-1] for each in PLAIN if each.closes == f"</{each.opens[1:]}"))
WORDS = "We add, and it may be \\boxed{4}."
RIGHT = "It is \\boxed{5}."

names = st.sampled_from(NAMES)
gaps = st.sampled_from(["", " ", "\t"])
attributes = st.sampled_from(["", ' type="deep"', " step='1' lang=en", ' a="b" c="d"'])
ends = st.sampled_from(["\n", "", " ", "\r\n\r\n"])


@st.composite
def cased(draw: st.DrawFn, name: str) -> str:
    """`name` in some case, and with other separators."""
    separated = name.replace("_", draw(st.sampled_from(["_", "-", " "])))
    return draw(st.sampled_from([separated, separated.upper(), separated.title()]))


@given(names, names, attributes, gaps, gaps, ends, ends, st.data())
def test_a_tag_is_known_in_every_case_with_white_space_and_attributes(
    opens: str, closes: str, attribute: str, before: str, within: str, first: str, last: str, data: st.DataObject
) -> None:
    opening = f"<{before}{data.draw(cased(opens))}{attribute}{within}>"
    closing = f"<{before}/{within}{data.draw(cased(closes))}{within}>"
    assert split(f"{opening}{first}{WORDS}{first}{closing}{last}{RIGHT}") == Parts(WORDS, RIGHT)


@pytest.mark.parametrize("opens", TAGS, ids=lambda kind: kind.opens)
@pytest.mark.parametrize("closes", ["</think>", "</thinking>", "[/THINK]", "</reasoning>"])
def test_a_thought_may_be_closed_by_another_mark(opens: Markers, closes: str) -> None:
    assert split(f"{opens.opens}\n{WORDS}\n{closes}\n\n{RIGHT}") == Parts(WORDS, RIGHT)
    assert split(f"{opens.opens}\n{WORDS}{closes}{RIGHT}") == Parts(WORDS, RIGHT)
    mentioned = f"{opens.opens}\nI write `{closes}` behind it, or the {closes} tag, maybe"
    if closes != opens.closes:
        assert split(mentioned) == f"the thought never ends: the marker {opens.closes} is missing"
        assert isinstance(split(f"{opens.opens}\n{closes.replace('/', '')} a {closes} and then"), str)


@TAGGED
@pytest.mark.parametrize("form", ["{}\n\n{}", "\n{}\n{}", "{}{}", " {} {}"])
def test_the_first_mark_may_be_in_the_prompt(kind: Markers, form: str) -> None:
    text = WORDS + form.format(kind.closes, RIGHT)
    assert split(text) == Parts(WORDS, RIGHT)
    assert strict_answer(f"{WORDS}{form.format(kind.closes, 'I cannot say.')}") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<|thinking|>a<|/thinking|>b", Parts("a", "b")),
        ("<|thinking|>a</|thinking|>b", Parts("a", "b")),
        ("<|begin_of_thinking|>a<|end_of_thinking|>b", Parts("a", "b")),
        ("<|thinking|>a</think>b", Parts("a", "b")),
        ("<|think|>a<|/think|>b", Parts("a", "b")),
        ("a<|end_think|>b", Parts("a", "b")),
        ("<thinking>a <reflection>b</reflection> c</thinking>\n<output>d</output>", Parts("a b c", "d")),
        ("<thinking>\na\n<reflection>\nb\n</reflection>\n</thinking>\n\nd", Parts("a\n\nb", "d")),
        ("<think>a</think><reasoning>b</reasoning><reflection>c</reflection><answer >d</answer>",
         Parts("a\n\nb\n\nc", "d")),
        ("<start_working_out>a<end_working_out><SOLUTION>b</SOLUTION>", Parts("a", "b")),
        ("<analysis>a</analysis>\n\n<final_answer>b</final_answer>", Parts("a", "b")),
        ("Let me think:\n\n<analysis>\na\n</analysis>\n\nb", Parts("Let me think:\n\na", "b")),
        ("thought\nWe add 2 and 3 twice.The answer is 5.", Parts("We add 2 and 3 twice.", "The answer is 5.")),
        ("thought\nIt is `a.So` here.\n\nSo 5.**Answer:** 5", Parts("It is `a.So` here.\n\nSo 5.", "**Answer:** 5")),
        ("thought\nWe add.\n<channel|>b", Parts("We add.", "b")),
    ],
)  # fmt: skip
def test_models_mix_and_nest_their_tags(text: str, parts: Parts) -> None:
    found = split(text)
    assert isinstance(found, Parts)
    assert [" ".join((found.thought or "").split()), found.solution] == [
        " ".join((parts.thought or "").split()), parts.solution,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["thought\nWe add, so \\boxed{4}.\n\nThe answer is 5.", "thought\nWe add.So it is 4.The answer is 5.", "thought\n"],
)
def test_a_stripped_channel_without_a_clear_end_has_no_solution(text: str) -> None:
    assert split(text) == "the thought never ends: the marker <channel|> is missing"
    assert strict_answer(text) is None


@pytest.mark.parametrize("name", ["analysis", "reason", "reflection", "thought_process", "think", "rationale"])
@pytest.mark.parametrize(
    "form",
    [
        "Here is the file:\n\n<{0}>\n  <step>4</step>\n</{0}>\n\nIt is \\boxed{{5}}",
        '<?xml version="1.0"?>\n<{0}>4</{0}>\nIt is \\boxed{{5}}',
        "<root>\n<{0}>4</{0}>\n</root>\nIt is \\boxed{{5}}",
        "It prints <{0}>4</{0}>, so it is \\boxed{{5}}",
        "The <{0}> element holds it, the </{0}> tag ends it: \\boxed{{5}}",
        "It is \\boxed{{5}}\n\n```xml\n<{0}>\n4\n</{0}>\n```",
        "Write `<{0}>` and '</{0}>' around it: \\boxed{{5}}",
        "For 1 < {0} and {0} > 2 it is \\boxed{{5}}",
        "Think about <{0} about it>: \\boxed{{5}}",
        "He said </{0}> and left: \\boxed{{5}}",
    ],
)
def test_a_texts_own_tags_stay_in_it(name: str, form: str) -> None:
    text = form.format(name)
    if name != "think" or "```" in form or "`" in form or " element " in form or "1 <" in form or "<{0} a" in form:
        assert split(text) == Parts(None, text)
        assert strict_answer(text) == "5"
    thought = f"<think>\nWe add.\n</think>\n\n{text}"
    if name != "think":
        assert split(thought) == Parts("We add.", text)


@pytest.mark.parametrize(
    "text",
    [
        "It prints <reason>timeout</reason> there.",
        "The <analysis> element holds it.",
        "```xml\n<analysis>\n4\n</analysis>\n```",
        "Wrap it in `<reflection>`.",
    ],
)
def test_a_rewrite_may_mention_a_tag(text: str) -> None:
    assert thought_tag(text) is None
    made = by_rules(f"<think>\nWe add.\n</think>\n\n{text} It is \\boxed{{5}}.", "maths", RuleRewriting())
    assert made.failed is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("We add.\n<analysis>\n4\n</analysis>\nso", "<analysis>"),
        ("<reason>timeout</reason>", "<reason>"),
        ("We add.</reflection>\nSo", "</reflection>"),
        ("We add <|thinking|> so", "<|thinking|>"),
    ],
)
def test_a_tag_that_stands_out_is_left_over(text: str, tag: str) -> None:
    assert thought_tag(text) == tag


def test_an_answer_in_xml_stays_after_a_thought() -> None:
    xml = "<analysis>\n  <sum>5</sum>\n</analysis>"
    assert split(f"<think>We add.</think>\n\n{xml}") == Parts("We add.", xml)
