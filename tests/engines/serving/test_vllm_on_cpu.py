"""The faster top-p keeps the tokens that vLLM's own keeps."""

import pytest

from skyassets.engines.serving.vllm_server import vllm_problem

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(vllm_problem() is not None, reason=f"vllm {vllm_problem()}"),
]


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0, 8.0, 100.0])
def test_it_keeps_the_tokens_that_vllms_own_keeps(spread: float) -> None:
    import torch

    from skyassets.engines.serving import vllm_on_cpu

    torch.manual_seed(0)
    logits = torch.randn(8, 20_000) * spread
    if not spread:
        logits[:, :5] = torch.arange(5.0) * 10  # all are equally likely but the last of these, which suffices alone
    p = torch.tensor([0.95, 0.5, 0.01, 0.9, 0.99, 0.8, 0.3, 0.7])
    ours = vllm_on_cpu.apply_top_k_top_p(logits.clone(), None, p)
    assert torch.equal(ours, vllm_on_cpu.vllms_own(logits.clone(), None, p))


def test_it_leaves_a_limit_on_the_number_of_tokens_to_vllms_own() -> None:
    import torch

    from skyassets.engines.serving import vllm_on_cpu

    kept = vllm_on_cpu.apply_top_k_top_p(torch.arange(3000.0)[None], torch.tensor([3]), torch.tensor([0.999]))
    assert kept.isfinite().sum() == 3
