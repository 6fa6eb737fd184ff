"""What is learned under the chat templates of the families that people fine-tune: the answers and their ends alone."""

import copy

import pytest
from engines.family_templates import GEMMA, GPT_OSS, LLAMA, QWEN, QWEN3, R1, SMOL, Family, family_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_base import conversation

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.tokenizing.fitting import encode_fitting
from skyassets.engines.tokenizing.token_file import TokenExample
from skyassets.stages.curation.examples import STRUCTURE_TOKENS
from skyassets.stages.curation.student_form import Marks, StudentForm
from skyassets.stages.extraction.trace_format import Structured

FAMILIES = (QWEN, LLAMA, SMOL, GEMMA)
FORMS = [StudentForm(marks) for marks in Marks]
TEXTS = st.text(st.sampled_from("ab 4.\n\\é😀`{}") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


def chat(family: Family) -> ChatTokenizer:
    tokenizer = family_tokenizer(family)
    # As generation_config.json names it, where it is not the tokenizer's eos_token.
    return ChatTokenizer(tokenizer, ends=[tokenizer.convert_tokens_to_ids(family.end)])


def learned_runs(family: Family, example: Conversation) -> list[str]:
    return [piece.text for piece in chat(family).pieces(chat(family).encode(example)) if piece.learned]


def whole_text(family: Family, example: Conversation) -> str:
    return "".join(piece.text for piece in chat(family).pieces(chat(family).encode(example)))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_answers_and_their_ends_are_learned_and_nothing_else(family: Family) -> None:
    example = conversation("a", "What is it?", "The answer.", "Why?", "So é 😀.")
    assert learned_runs(family, example) == [f"The answer.{family.end}", f"So é 😀.{family.end}"]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_last_token_is_the_end_of_turn(family: Family) -> None:
    encoded = chat(family).encode(conversation("a", "What?", "This."))
    assert encoded.tokens[-1] == family_tokenizer(family).convert_tokens_to_ids(family.end)
    assert encoded.learned[-1]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_start_token_occurs_once_and_is_never_learned(family: Family) -> None:
    encoded = chat(family).encode(conversation("a", "What?", "This.", "Why?", "So."))
    bos = family_tokenizer(family).bos_token_id
    if bos is not None:
        assert encoded.tokens[0] == bos
        assert not encoded.learned[encoded.tokens == bos].any()
    if family in (LLAMA, GEMMA):
        assert (encoded.tokens == bos).sum() == 1


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_prompt_is_the_servers(family: Family) -> None:
    tokenizer = family_tokenizer(family)
    encoded = chat(family).encode(conversation("a", "What?", "This."))
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What?"}], add_generation_prompt=True, tokenize=False
    )
    assert prompt.endswith(family.asks)
    assert encoded.tokens[~encoded.learned].tolist() == tokenizer(prompt, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@settings(deadline=None)
@given(question=TEXTS, answer=TEXTS)
def test_for_any_text_the_answer_is_learned_apart_from_its_margins(family: Family, question: str, answer: str) -> None:
    (learned,) = learned_runs(family, conversation("a", question, answer))
    assert learned.removesuffix(family.end).strip() == answer.strip()
    assert learned.endswith(family.end)


@pytest.mark.parametrize("family", [QWEN, LLAMA, SMOL], ids=lambda family: family.name)
def test_a_system_turn_is_in_the_prompt_in_the_place_of_the_families_own(family: Family) -> None:
    example = Conversation("a", (Message("system", "Be good."), *conversation("", "What?", "This.").messages))
    text = whole_text(family, example)
    assert text.index("Be good.") < text.index("What?")
    assert "You are" not in text
    assert learned_runs(family, example) == [f"This.{family.end}"]


@pytest.mark.parametrize("family", [QWEN, SMOL], ids=lambda family: family.name)
def test_the_families_own_system_turn_is_not_learned(family: Family) -> None:
    text = whole_text(family, conversation("a", "What?", "This."))
    assert "You are" in text
    assert not any("You are" in run for run in learned_runs(family, conversation("a", "What?", "This.")))


def test_gemma_refuses_a_system_turn_and_the_error_says_what_to_do() -> None:
    example = Conversation("a", (Message("system", "Be good."), *conversation("", "What?", "This.").messages))
    with pytest.raises(
        TrainerError, match=r"example a: .*\(system, user\): System role not supported; .*first user turn"
    ):
        chat(GEMMA).encode(example)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_gpt_oss_learns_the_channel_that_its_server_leaves_to_it(form: StudentForm) -> None:
    answer = form.answer(Structured("We add.", "It is 4."))
    example = Conversation("a", (Message("system", "Be good."), *conversation("", "What?", answer).messages))
    assert learned_runs(GPT_OSS, example) == [f"<|channel|>final<|message|>{answer}<|return|>"]
    prompt = whole_text(GPT_OSS, example).partition("<|channel|>final<|message|>")[0]
    assert prompt.endswith(GPT_OSS.asks)
    (counted,) = encode_fitting(chat(GPT_OSS), [example], STRUCTURE_TOKENS)
    assert isinstance(counted, TokenExample)
    assert counted.learned.sum() == chat(GPT_OSS).encode(example).learned.sum()
    native = conversation("a", "What?", "<|channel|>analysis<|message|>We add.<|end|>")
    with pytest.raises(TrainerError, match=r"the chat template rejects its turns"):
        chat(GPT_OSS).encode(native)


@pytest.mark.parametrize("answer", ["final", "a", "e", "final final", "channel", "<think>", "|>", "<|", "4.\n\n<|a|>"])
def test_an_answer_like_the_channels_name_is_learned_whole(answer: str) -> None:
    runs = learned_runs(GPT_OSS, conversation("a", "What?", answer))
    assert runs == [f"<|channel|>final<|message|>{answer}<|return|>"]


def test_the_distilled_deepseek_would_lose_the_thought() -> None:
    example = conversation("a", "What?", "<think>\nSo and so.\n</think>\n\nThis.")
    with pytest.raises(
        TrainerError, match=r"leaves out '<think>\\nSo and so.\\n</think>\\n\\n' \(\d+ of \d+ characters\)"
    ):
        chat(R1).encode(example)


def test_a_prompt_that_opens_the_thought_is_continued() -> None:
    # The same template, but for the line that drops the thought.
    tokenizer = family_tokenizer(R1)
    whole = tokenizer.chat_template.replace("{% set content = content.split('</think>')[-1] %}", "")
    patched = ChatTokenizer(with_template(R1, whole))
    encoded = patched.encode(conversation("a", "What?", "<think>\nSo and so.\n</think>\n\nThis."))
    prompt, learned = patched.pieces(encoded)
    assert prompt.text.endswith("<think>\n")
    assert learned.text == f"So and so.\n</think>\n\nThis.{R1.end}"


def test_qwen3_keeps_the_thought_of_one_turn_and_loses_it_before_the_next() -> None:
    first = ("What?", "<think>\nSo and so.\n</think>\n\nThis.")
    assert learned_runs(QWEN3, conversation("a", *first)) == [f"{first[1]}<|im_end|>"]
    with pytest.raises(TrainerError, match="example a: turn 4: the chat template does not continue its own prompt"):
        chat(QWEN3).encode(conversation("a", *first, "Why?", "<think>\n\n</think>\n\nSo."))


def test_qwen3_would_train_the_model_on_a_thought_that_was_not_there() -> None:
    with pytest.raises(TrainerError, match=r"it adds '<think>\\n\\n</think>\\n\\n'"):
        chat(QWEN3).encode(conversation("a", "What?", "This."))


def with_template(family: Family, template: str) -> object:

    changed = copy.deepcopy(family_tokenizer(family))
    changed.chat_template = template
    return changed
