import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.engines.tokenizing.word_cache import MOST_WORDS, WordCache, cuts_safely

RULE = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = st.text(st.sampled_from("aé Z09.,'s-\n\r\t  \x1c\x85　😀́(<|im_end>") | st.characters(exclude_categories=["Cs"]))
SAMPLE = "It's  a  test:\n\n  the cat's 12 345 cats,\tand (more).\n\r\n  Don't — é ’t <|im_end|> x_1 =  y** 2 \n"


def splitter(kind: str) -> Any:
    """How a family splits a text into words."""
    from tokenizers import Regex, pre_tokenizers

    level = pre_tokenizers.ByteLevel(
        add_prefix_space=kind == "prefixed", use_regex=kind not in ("qwen2", "llama3", "whole")
    )
    match kind:
        case "qwen2" | "llama3":
            rule = Regex(RULE % ("{1,3}" if kind == "llama3" else ""))
            return pre_tokenizers.Sequence([pre_tokenizers.Split(rule, "isolated"), level])
        case "other":
            return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"\S+ \S+"), "isolated"), level])
        case "smollm2":
            return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level])
    return level


@functools.cache
def words(kind: str, **more: Any) -> Any:
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = splitter(kind)
    if kind == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([SAMPLE] * 20, trainer)
    tokenizer.add_special_tokens([AddedToken("<|im_end|>", **more)])
    return tokenizer


@pytest.mark.parametrize("kind", ["gpt2", "qwen2", "llama3", "smollm2"])
@settings(deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_the_tokens_are_those_of_the_whole_text(kind: str, texts: list[str]) -> None:
    whole = words(kind)
    remembered = WordCache(whole)
    for one in ([*texts, SAMPLE], ["".join(texts) + SAMPLE]):
        expected = [each.ids for each in whole.encode_batch(one, add_special_tokens=False)]
        assert [ids.tolist() for ids in remembered.ids(one)] == expected


@pytest.mark.parametrize("kind", ["gpt2", "qwen2", "llama3", "smollm2"])
def test_the_splitting_rules_of_the_families_are_known(kind: str) -> None:
    assert cuts_safely(words(kind))


@pytest.mark.parametrize("kind", ["prefixed", "other", "whole"])
def test_an_unknown_rule_is_left_alone(kind: str) -> None:
    assert not cuts_safely(words(kind))


@pytest.mark.parametrize("more", [{"rstrip": True}, {"lstrip": True}, {"single_word": True}])
def test_special_tokens_that_look_around_themselves_are_left_alone(more: dict[str, bool]) -> None:
    assert not cuts_safely(words("gpt2", **more))


def test_tokenizers_that_do_not_split_at_all_are_left_alone() -> None:
    from tokenizers import normalizers, pre_tokenizers

    tokenizer = words("gpt2", special=True)  # not the one of the other tests
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    assert not cuts_safely(tokenizer)
    tokenizer.normalizer, tokenizer.pre_tokenizer = None, pre_tokenizers.Metaspace()
    assert not cuts_safely(tokenizer)


def test_words_are_forgotten_before_they_fill_the_memory() -> None:
    remembered = WordCache(words("gpt2"))
    many = " ".join(f"w{n}" for n in range(MOST_WORDS + 2))
    remembered.ids([many])
    before = remembered.ids(["so w1"])[0].tolist()
    assert len(remembered._known) == 2
    assert before == WordCache(words("gpt2")).ids(["so w1"])[0].tolist()
