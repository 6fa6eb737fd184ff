"""The shape of a decoder: the figures of its config, and the arithmetic of its weights and operations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from skyassets.core.errors import SkyassetsError

WITH_QKV_BIAS = ("qwen2",)
WITH_HEAD_NORMS = ("qwen3", "gemma3_text")
"""Models with a norm over each head of the queries and keys."""
WITH_FOUR_NORMS = ("gemma2", "gemma3_text")
TIED_UNLESS_SAID = ("gemma", "gemma2", "gemma3_text")
"""Models whose output layer is the embedding unless the config says otherwise."""
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")


@dataclass(frozen=True)
class ModelShape:
    """A dense decoder-only transformer with gated MLPs (Llama, Qwen2, Gemma and similar)."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    intermediate: int
    vocabulary: int
    is_tied: bool
    """Whether the output layer is the embedding."""
    parameters: int
    """All weights, each counted once."""

    @property
    def queries(self) -> int:
        """Size of a token's queries over all heads of a layer; equals the size of the attention output."""
        return self.heads * self.head_size

    @property
    def keys(self) -> int:
        """Size of a token's keys over all key-value heads of a layer; equals the size of the values."""
        return self.kv_heads * self.head_size

    @property
    def multiplied(self) -> int:
        """The weights that every token is multiplied with: all except an embedding that is only looked up."""
        return self.parameters - (0 if self.is_tied else self.vocabulary * self.hidden)

    @property
    def linears(self) -> int:
        """Total input and output sizes of the linear layers in one layer: the weights that LoRA of rank 1 adds."""
        ins = 3 * self.hidden + self.queries + 2 * self.hidden + self.intermediate
        outs = self.queries + 2 * self.keys + self.hidden + 2 * self.intermediate + self.hidden
        return ins + outs

    def training_flops(self, length: float) -> float:
        """FLOPs per token for training on a sequence of `length` tokens, forward and backward.

        6 per weight, and 12 x layers x query size x length for attention, as in PaLM (Chowdhery et al. 2022, arXiv
        2204.02311, appendix B), halved for a causal mask. Recomputed activations are not counted: model FLOPs
        utilisation is defined by this count.
        """
        return 6.0 * self.multiplied + 12.0 * self.layers * self.queries * length / 2


def shape_of(config: Mapping[str, Any], name: str = "the model") -> ModelShape:
    """The shape described by a Hugging Face `config.json`; of a multimodal model, the shape of its text part.

    The number of weights is exact for Llama, Mistral, Qwen2, Qwen2.5, Qwen3 and Gemma 1 to 3; other dense decoders are
    assumed to be built like Llama.

    Raises:
        SkyassetsError: when it does not describe a dense decoder.
    """
    config = config.get("text_config") or config
    wanted = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    missing = [key for key in wanted if not isinstance(config.get(key), int)]
    if missing:
        raise SkyassetsError(
            f"{name}: its config.json has no {', '.join(missing)}, so the training cannot be planned; "
            "name a decoder like Llama, Qwen or Gemma"
        )
    if any((config.get(key) or 1) > 1 for key in EXPERTS):
        raise SkyassetsError(f"{name} is a mixture of experts, whose training is not planned here; name a dense model")
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    kind = str(config.get("model_type", ""))
    shape = ModelShape(
        hidden=hidden,
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_size=config.get("head_dim") or hidden // heads,
        intermediate=config["intermediate_size"],
        vocabulary=config["vocab_size"],
        is_tied=bool(config.get("tie_word_embeddings", kind in TIED_UNLESS_SAID)),
        parameters=0,
    )
    return replace(shape, parameters=_parameters(shape, kind, config))


def _parameters(shape: ModelShape, kind: str, config: Mapping[str, Any]) -> int:
    hidden, queries, keys = shape.hidden, shape.queries, shape.keys
    layer = hidden * (2 * queries + 2 * keys) + 3 * hidden * shape.intermediate
    if kind in WITH_QKV_BIAS or config.get("attention_bias"):
        layer += queries + 2 * keys + (0 if kind in WITH_QKV_BIAS else hidden)
    if config.get("mlp_bias"):
        layer += 2 * shape.intermediate + hidden
    if kind in WITH_HEAD_NORMS:
        layer += 2 * shape.head_size
    layer += (4 if kind in WITH_FOUR_NORMS else 2) * hidden
    embeddings = shape.vocabulary * hidden * (1 if shape.is_tied else 2)
    return embeddings + shape.layers * layer + hidden


def _qwen(hidden: int, layers: int, heads: int, kv_heads: int, intermediate: int, vocabulary: int) -> ModelShape:
    return shape_of(
        {
            "model_type": "qwen2",
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "intermediate_size": intermediate,
            "vocab_size": vocabulary,
            "tie_word_embeddings": hidden < 3072,
        }
    )


QWEN2_5 = {
    "0.5B": _qwen(896, 24, 14, 2, 4_864, 151_936),
    "1.5B": _qwen(1_536, 28, 12, 2, 8_960, 151_936),
    "3B": _qwen(2_048, 36, 16, 2, 11_008, 151_936),
    "7B": _qwen(3_584, 28, 28, 4, 18_944, 152_064),
    "14B": _qwen(5_120, 48, 40, 8, 13_824, 152_064),
    "32B": _qwen(5_120, 64, 40, 8, 27_648, 152_064),
    "72B": _qwen(8_192, 80, 64, 8, 29_568, 152_064),
}
KNOWN_SHAPES: dict[str, ModelShape] = {
    **{f"Qwen/Qwen2.5-{size}{tuned}": shape for size, shape in QWEN2_5.items() for tuned in ("", "-Instruct")},
    "Qwen/QwQ-32B-Preview": QWEN2_5["32B"],
    "Qwen/QwQ-32B": QWEN2_5["32B"],
}
