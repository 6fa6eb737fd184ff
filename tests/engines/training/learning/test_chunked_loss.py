"""The chunked loss equals the plain one: the same number and the same gradients for every chunk size."""

from pathlib import Path

import pytest
from tiny_base import save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize("at_once", [7, 1024])
def test_loss_and_gradients_are_those_of_all_logits_at_once(base: Path, at_once: int) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from skyassets.engines.training.learning.chunked_loss import HeadLoss
    from skyassets.engines.training.learning.collate import padded

    chat = ChatTokenizer.of(base)
    batch = padded([chat.encode(example) for example in sums(5)])
    plain, chunked = (AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32) for _ in range(2))
    expected = plain(**batch, num_items_in_batch=40).loss
    expected.backward()
    head = HeadLoss(chunked, at_once)
    head.targets = batch["shift_labels"]
    loss = chunked(**batch, num_items_in_batch=40).loss
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    theirs = dict(plain.named_parameters())
    for name, weight in chunked.named_parameters():
        torch.testing.assert_close(weight.grad, theirs[name].grad, rtol=1e-4, atol=1e-7, msg=name)


def test_a_model_that_changes_its_logits_is_refused_and_told_what_to_do(base: Path) -> None:
    from transformers import AutoModelForCausalLM

    from skyassets.engines.training.learning.chunked_loss import HeadLoss

    model = AutoModelForCausalLM.from_pretrained(base)
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(TrainerError, match=r"final_logit_softcapping.*SKYASSETS_LOSS=plain"):
        HeadLoss(model)
