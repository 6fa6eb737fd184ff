"""Converts a GGUF file to a standard Hugging Face folder: `python -m skyassets.engines.models.gguf FILE FOLDER`.

Runs as a separate process, so that callers do not import torch. The weights are dequantized to bf16; the tokenizer and
the chat template come from the file.
"""

import json
import sys
from pathlib import Path

DIGITS_APART = ("smollm",)
"""GGUF names of pre-tokenizers that first split off every single digit, which transformers' reader omits."""


def convert(file: Path, folder: Path) -> None:
    """Write the model, its tokenizer and its chat template to `folder`."""
    import torch
    from gguf import GGUFReader
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

    named = {"gguf_file": file.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **named)
    if GGUFReader(file).fields["tokenizer.ggml.pre"].contents() in DIGITS_APART:
        digits_first = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(digits_first)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **named
    )
    tokens = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    model.generation_config = GenerationConfig(**tokens)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # Remove settings of the conversion; every version of transformers knows this class.
    _edit(folder / "config.json", drop=("_model_name_or_path",))
    _edit(
        folder / "tokenizer_config.json",
        drop=("is_local", "local_files_only"),
        tokenizer_class="PreTrainedTokenizerFast",
    )
    for path in folder.iterdir():
        path.chmod(0o644)


def _edit(path: Path, drop: tuple[str, ...], **change: str) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings = {name: value for name, value in settings.items() if name not in drop} | change
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
