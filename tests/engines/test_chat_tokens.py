from pathlib import Path

import pytest
from tiny_base import TEMPLATE, conversation, tokenizer

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message, TokenCount
from skyassets.engines.chat_tokens import ChatTokenizer, read, token_lengths, written

FORGETFUL = TEMPLATE.replace("{{ message['content'] }}", "{{ message['content'] if loop.last else '...' }}")
ENDLESS = TEMPLATE.replace("<|im_end|>", "")


@pytest.fixture(scope="module")
def chat() -> ChatTokenizer:
    return ChatTokenizer(tokenizer())


def learned_text(chat: ChatTokenizer, example: Conversation) -> str:
    encoded = chat.encode(example)
    ids = [token for token, learned in zip(encoded.tokens, encoded.learned, strict=True) if learned]
    return str(tokenizer().decode(ids))


def whole_text(chat: ChatTokenizer, example: Conversation) -> str:
    return str(tokenizer().decode(chat.encode(example).tokens))


def test_only_the_answer_and_its_end_of_turn_are_learned(chat: ChatTokenizer) -> None:
    assert learned_text(chat, conversation("a", "What is 2 + 2?", "It is 4.")) == "It is 4.<|im_end|>"


def test_every_answer_of_a_conversation_is_learned(chat: ChatTokenizer) -> None:
    example = conversation("a", "What?", "This.", "Why?", "So.")
    assert learned_text(chat, example) == "This.<|im_end|>So.<|im_end|>"


def test_nothing_follows_the_last_end_of_turn(chat: ChatTokenizer) -> None:
    example = Conversation("a", (Message("system", "Be good."), *conversation("", "Hi?", "Yes.", "Really?").messages))
    expected = "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\nHi?<|im_end|>\n"
    assert whole_text(chat, example) == expected + "<|im_start|>assistant\nYes.<|im_end|>"


def test_the_prompt_is_tokenised_as_a_server_would(chat: ChatTokenizer) -> None:
    # "\n" and the answer's "\n" would be one token if the text were split as a whole.
    example = conversation("a", "What?", "\nThis.")
    prompt = "<|im_start|>user\nWhat?<|im_end|>\n<|im_start|>assistant\n"
    asked = tokenizer()(prompt)["input_ids"]
    assert tokenizer()("\n\n")["input_ids"] != tokenizer()("\n")["input_ids"] * 2
    assert chat.encode(example).tokens[: len(asked)] == asked
    assert learned_text(chat, example) == "\nThis.<|im_end|>"


def test_a_template_that_rewrites_earlier_turns_is_an_error() -> None:
    with pytest.raises(TrainerError, match=r"example a: .* turn 2"):
        ChatTokenizer(tokenizer(FORGETFUL)).encode(conversation("a", "What?", "This.", "Why?", "So."))


def test_an_answer_without_an_end_is_an_error() -> None:
    with pytest.raises(TrainerError, match="never learn to stop"):
        ChatTokenizer(tokenizer(ENDLESS)).encode(conversation("a", "What?", "This."))


def test_another_end_of_turn_is_an_error_unless_the_model_names_it() -> None:
    example = conversation("a", "What?", "This.")
    words = tokenizer(eos="<|endoftext|>")
    with pytest.raises(TrainerError, match="never learn to stop"):
        ChatTokenizer(words).encode(example)
    assert ChatTokenizer(words, ends=[2]).encode(example).learned[-1]


def test_a_conversation_without_an_answer_is_an_error(chat: ChatTokenizer) -> None:
    with pytest.raises(TrainerError, match="example a has no assistant turn"):
        chat.encode(conversation("a", "What?"))


def test_what_the_template_refuses_is_an_error() -> None:
    picky = ChatTokenizer(tokenizer("{{ raise_exception('no roles today') }}"))
    with pytest.raises(TrainerError, match=r"example a: .*no roles today"):
        picky.encode(conversation("a", "What?", "This."))


def test_conversations_survive_writing() -> None:
    examples = [conversation("é", "a\u2028b\n", "😀 ok"), conversation("", "")]
    assert read(written(examples).splitlines()) == examples


@pytest.mark.real
def test_lengths_are_what_the_trainer_sees(chat: ChatTokenizer, tmp_path: Path) -> None:
    tokenizer().save_pretrained(tmp_path)
    examples = [conversation("a", "What?", "This."), conversation("b", "é\u2028?", "x" * 50, "And?", "y")]
    encoded = [chat.encode(example) for example in examples]
    assert token_lengths(tmp_path, examples) == [TokenCount(len(one.tokens), sum(one.learned)) for one in encoded]


@pytest.mark.real
def test_counting_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"has no tokenizer_config\.json"):
        token_lengths(tmp_path, [conversation("a", "What?", "This.")])
