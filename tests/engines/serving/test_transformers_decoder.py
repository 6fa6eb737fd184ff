"""The decoder of the transformers server: what it computes for a batch."""

from pathlib import Path
from threading import Thread

import pytest
from engines.small_model import small_model

pytestmark = pytest.mark.real


def test_samples_of_one_prompt_share_its_prefill(tmp_path: Path) -> None:
    import torch

    from skyassets.engines.serving.transformers_decoder import Decoder, PendingCompletion

    decoder = Decoder(small_model(tmp_path), most_rows=4)
    prefilled: list[int] = []
    count = decoder.model.get_input_embeddings().register_forward_hook(
        lambda layer, inputs, output: prefilled.append(len(inputs[0])) if inputs[0].shape[1] > 1 else None
    )
    prompts = [[5, 6, 7], [5, 6, 8, 9], [6, 5]]
    rows = [
        PendingCompletion(prompt, 1.0, 1.0, 2 + sample, (), torch.Generator().manual_seed(sample))
        for prompt in prompts
        for sample in range(4)
    ]
    for row in rows:
        decoder.submit(row)
    Thread(target=decoder.run, daemon=True).start()
    assert all(0 < row.done.result(60).tokens <= row.max_tokens for row in rows)
    count.remove()
    assert sum(prefilled) == len(prompts)
