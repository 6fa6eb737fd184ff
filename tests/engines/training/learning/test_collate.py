"""Micro batches as tensors: labels one ahead, and packs in which no example sees another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_base import Layout, plan, save_tiny_base, sums

from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.tokenizing.token_file import TokenExample


def example(ident: str, tokens: Sequence[int], learned: Sequence[bool]) -> TokenExample:
    return TokenExample(ident, np.array(tokens, dtype=np.int32), np.array(learned))


ASK = example("ask", [5, 6, 7, 8, 2], [False, False, True, True, True])
LONG = example("long", [9, 5, 6, 1, 2, 3, 2], [False] * 5 + [True] * 2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def examples(base: Path) -> list[TokenExample]:
    chat = ChatTokenizer.of(base)
    return [chat.encode(each) for each in sums(5)]


def model_of(base: Path, attention: str = "sdpa") -> Any:
    from skyassets.engines.training.learning.loop import loaded

    layout = Layout(attention=attention)
    return loaded(base, plan(base, 5, layout, precision="fp32").training, layout)


def test_labels_are_the_learned_tokens_one_ahead() -> None:
    from skyassets.engines.training.learning.collate import IGNORED, padded

    batch = padded([ASK, LONG])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 2, 0, 0], LONG.tokens.tolist()]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 0, 0], [1] * 7]
    assert batch["logits_to_keep"].tolist() == [1, 2, 3, 4, 5]
    assert batch["labels"].tolist() == [[7, 8, 2, IGNORED, IGNORED], [IGNORED, IGNORED, IGNORED, 3, 2]]


def test_in_a_pack_each_example_starts_at_position_0_and_never_learns_the_next_ones_first_token() -> None:
    from skyassets.engines.training.learning.collate import packed_row

    batch = packed_row([ASK, LONG])
    assert batch["input_ids"].tolist() == [[*ASK.tokens.tolist(), *LONG.tokens.tolist()]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6]]
    assert batch["logits_to_keep"].tolist() == [1, 2, 3, 9, 10]
    assert batch["labels"].tolist() == [[7, 8, 2, 3, 2]]
    assert "attention_mask" not in batch


def test_the_loss_is_that_of_the_whole_text_with_a_mask(base: Path, examples: list[TokenExample]) -> None:
    import torch

    from skyassets.engines.training.learning.collate import IGNORED, padded

    model = model_of(base)
    tokens = sum(int(example.learned.sum()) for example in examples)
    ours = model(**padded(examples), num_items_in_batch=tokens).loss
    plain = 0.0
    for example in examples:
        labels = [token if learned else IGNORED for token, learned in zip(example.tokens, example.learned, strict=True)]
        alone = model(input_ids=torch.tensor(np.array([example.tokens])).long(), labels=torch.tensor([labels]))
        plain += alone.loss.item() * int(example.learned.sum())
    assert ours.item() == pytest.approx(plain / tokens, rel=1e-5)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_and_unpacked_examples_have_the_same_logits_loss_and_gradients(
    attention: str, base: Path, examples: list[TokenExample]
) -> None:
    import torch

    from skyassets.engines.training.learning.collate import packed_row, padded

    together, apart = model_of(base, attention), model_of(base, attention)
    row = packed_row(examples)
    whole = together(input_ids=row["input_ids"], position_ids=row["position_ids"]).logits[0]
    alone = [apart(input_ids=torch.tensor(np.array([one.tokens])).long()).logits[0] for one in examples]
    torch.testing.assert_close(whole, torch.cat(alone), rtol=1e-4, atol=1e-5)

    packed, unpacked = together(**row, num_items_in_batch=9).loss, apart(**padded(examples), num_items_in_batch=9).loss
    packed.backward()
    unpacked.backward()
    assert packed.item() == pytest.approx(unpacked.item(), rel=1e-5)
    theirs = dict(apart.named_parameters())
    for name, weights in together.named_parameters():
        torch.testing.assert_close(weights.grad, theirs[name].grad, rtol=1e-3, atol=1e-6, msg=name)


def test_without_new_positions_a_pack_would_have_other_logits(base: Path, examples: list[TokenExample]) -> None:
    import torch

    from skyassets.engines.training.learning.collate import packed_row

    model, row = model_of(base), packed_row(examples)
    apart = model(input_ids=row["input_ids"], position_ids=row["position_ids"]).logits
    assert not torch.allclose(apart, model(input_ids=row["input_ids"]).logits, atol=1e-3)


def test_a_rank_with_nothing_to_do_learns_nothing(base: Path) -> None:
    import torch

    from skyassets.engines.training.learning.collate import packed_row

    model = model_of(base)
    loss = model(**packed_row([]), num_items_in_batch=torch.tensor(7)).loss
    loss.backward()
    assert loss.item() == 0
    assert all(weight.grad is None or not weight.grad.any() for weight in model.parameters())


def test_examples_in_separate_rows_have_the_loss_and_gradients_of_padded_ones(
    base: Path, examples: list[TokenExample]
) -> None:
    import torch

    from skyassets.engines.training.learning.collate import padded, separate_row
    from skyassets.engines.training.learning.separate_attention import separate_examples

    plain, separate = model_of(base), model_of(base)
    assert separate_examples(separate)
    losses = [
        plain(**padded(examples), num_items_in_batch=9).loss,
        separate(**separate_row(examples), num_items_in_batch=9).loss,
    ]
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=1e-5)
    for loss in losses:
        loss.backward()
    for ours, theirs in zip(separate.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-6)
    assert separate(**separate_row([]), num_items_in_batch=torch.tensor(7)).loss.item() == 0


def test_a_model_with_a_sliding_window_keeps_its_mask(base: Path) -> None:
    from skyassets.engines.training.learning.separate_attention import separate_examples

    model = model_of(base)
    model.config.sliding_window = 4
    assert not separate_examples(model)
    assert model.config._attn_implementation == "sdpa"
