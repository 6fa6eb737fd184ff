"""Shapes of well-known models by their hub id, for a plan where the hub cannot be asked. From their config.json files.

The instruction-tuned models have the shape of their base.
"""

from skyassets.core.model_shape import ModelShape, shape_of


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
