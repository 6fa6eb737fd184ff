"""The arithmetic of a model's shape, beside transformers' own count of the weights."""

from typing import Any

import pytest

from skyassets.core.errors import SkyassetsError
from skyassets.core.training.model_shape import KNOWN_SHAPES, shape_of

SMALL = {
    "hidden_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 160,
    "vocab_size": 512,
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("llama", {}),
    ("llama", {"attention_bias": True, "mlp_bias": True}),
    ("mistral", {}),
    ("qwen2", {}),
    ("qwen2", {"tie_word_embeddings": True}),
    ("qwen3", {}),
    ("gemma", {}),
    ("gemma2", {}),
    ("gemma3_text", {}),
]


@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_the_weights_are_counted_as_transformers_counts_them(kind: str, more: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(kind, **{**SMALL, **more})
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    model.tie_weights()
    assert shape_of(config.to_dict()).parameters == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(
    ("name", "billions"),
    [("Qwen/Qwen2.5-0.5B", 0.494), ("Qwen/Qwen2.5-7B-Instruct", 7.616), ("Qwen/Qwen2.5-32B-Instruct", 32.764)],
)
def test_known_models_have_the_size_their_cards_say(name: str, billions: float) -> None:
    assert KNOWN_SHAPES[name].parameters / 1e9 == pytest.approx(billions, abs=5e-4)


def test_a_text_model_within_another_is_found() -> None:
    assert shape_of({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", **SMALL}}).is_tied


def test_a_token_costs_six_flops_a_weight_and_half_the_square_of_attention() -> None:
    shape = KNOWN_SHAPES["Qwen/Qwen2.5-32B"]
    looked_up = 152_064 * 5_120
    assert shape.training_flops(0) == 6 * (shape.parameters - looked_up)
    assert shape.training_flops(1_000) - shape.training_flops(0) == 6 * 64 * 5_120 * 1_000


def test_a_model_that_is_not_a_dense_decoder_is_refused() -> None:
    with pytest.raises(SkyassetsError, match=r"x: its config.json has no hidden_size, num_hidden_layers"):
        shape_of({"vocab_size": 3, "num_attention_heads": 1, "intermediate_size": 1}, "x")
    with pytest.raises(SkyassetsError, match="x is a mixture of experts"):
        shape_of({**SMALL, "num_local_experts": 8}, "x")
