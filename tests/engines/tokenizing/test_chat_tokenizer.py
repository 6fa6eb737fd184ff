from typing import Any

import pytest
from tiny_base import TEMPLATE, conversation, tokenizer

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer

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
    expected = tokenizer()(prompt)["input_ids"]
    assert tokenizer()("\n\n")["input_ids"] != tokenizer()("\n")["input_ids"] * 2
    assert chat.encode(example).tokens[: len(expected)].tolist() == expected
    assert learned_text(chat, example) == "\nThis.<|im_end|>"


def test_a_template_that_rewrites_earlier_turns_is_an_error() -> None:
    with pytest.raises(TrainerError, match=r"example a: turn 2"):
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


def test_a_conversation_that_the_template_refuses_is_an_error() -> None:
    picky = ChatTokenizer(tokenizer("{{ raise_exception('no roles today') }}"))
    with pytest.raises(TrainerError, match=r"example a: .*no roles today"):
        picky.encode(conversation("a", "What?", "This."))


def test_a_template_that_drops_the_thought_is_an_error_that_names_what_is_lost() -> None:
    thoughtless = TEMPLATE.replace("message['content']", "message['content'].split('</think>')[-1]")
    example = conversation("a", "What?", "<think>So and so.</think>It is 4.")
    with pytest.raises(
        TrainerError, match=r"turn 2: .* leaves out '<think>So and so.</think>' \(25 of 33 characters\)"
    ):
        ChatTokenizer(tokenizer(thoughtless)).encode(example)


def test_many_are_encoded_as_each_alone(chat: ChatTokenizer) -> None:
    examples = [conversation(str(n), "é? " * n, "so " * n, "And?", f"\n{n}") for n in range(20)]
    for example, together in zip(examples, chat.encode_all(iter(examples)), strict=True):
        alone = chat.encode(example)
        assert (alone.id, alone.tokens.tolist(), alone.learned.tolist()) == (
            together.id,
            together.tokens.tolist(),
            together.learned.tolist(),
        )


def test_pieces_are_the_tokens_as_text_cut_where_the_mask_changes(chat: ChatTokenizer) -> None:
    example = chat.encode(conversation("a", "What?", "This.", "Why?", "So é."))
    pieces = chat.pieces(example)
    assert [piece.learned for piece in pieces] == [False, True, False, True]
    assert [piece.text for piece in pieces][1::2] == ["This.<|im_end|>", "So é.<|im_end|>"]
    assert "".join(piece.text for piece in pieces) == whole_text(
        chat, conversation("a", "What?", "This.", "Why?", "So é.")
    )
    assert [piece.end for piece in pieces] == ["", "<|im_end|>", "", "<|im_end|>"]
    assert sum(piece.tokens for piece in pieces) == len(example.tokens)


def test_a_folders_truncation_and_padding_settings_do_not_affect_the_tokens(chat: ChatTokenizer) -> None:
    cutting = tokenizer()
    cutting.backend_tokenizer.enable_truncation(4)
    cutting.backend_tokenizer.enable_padding(length=512)
    example = conversation("a", "What?", "This is it.")
    assert ChatTokenizer(cutting).encode(example).tokens.tolist() == chat.encode(example).tokens.tolist()


def test_a_tokenizer_that_puts_a_space_before_every_text_sees_the_text_as_a_whole() -> None:
    spaced = spaced_tokenizer()
    example = conversation("a", "What?", "This is it.", "Why?", "So.")
    encoded = ChatTokenizer(spaced).encode(example)
    whole = spaced(
        spaced.apply_chat_template([{"role": m.role, "content": m.content} for m in example.messages], tokenize=False)
    )
    assert encoded.tokens.tolist() == whole["input_ids"][: len(encoded.tokens)]
    learned = spaced.decode(encoded.tokens[encoded.learned])
    assert learned == "This is it.<|im_end|>So.<|im_end|>"


def test_characters_without_a_token_are_an_error() -> None:
    with pytest.raises(TrainerError, match="example a: turn 2 contains characters that the tokenizer has no token for"):
        ChatTokenizer(spaced_tokenizer()).encode(conversation("a", "What?", "This \N{SNOWMAN}."))


@pytest.mark.parametrize(
    ("change", "lacks"), [({"template": ""}, "chat template"), ({"eos": None}, "end-of-turn token")]
)
def test_a_tokenizer_without_a_template_or_an_end_is_an_error(change: dict[str, str], lacks: str) -> None:
    with pytest.raises(TrainerError, match=f"has no {lacks}"):
        ChatTokenizer(tokenizer(**change))


def spaced_tokenizer() -> Any:
    """Like sentencepiece's: a space is a letter, one precedes every text, and not every letter is known."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    raw.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<unk>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    raw.train_from_iterator(["\nuser assistant What Why ? This is it . So"] * 9, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|im_end|>", unk_token="<unk>")
    tokenizer.chat_template = TEMPLATE
    return tokenizer
