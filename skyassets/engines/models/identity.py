"""Digests of what a weights folder holds besides the weights: chat template, tokenizer, number format."""

import json
from pathlib import Path

from skyassets.core.files import file_digest
from skyassets.core.identity import digest, new_hash

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
)
"""The files that define tokenization, without `tokenizer_config.json`, which also holds the template."""
TEMPLATES = ("chat_template.jinja", "chat_template.json")
NONE = "none"


def model_identity(folder: Path) -> dict[str, str]:
    """Return the digests of the folder's chat template and tokenizer, and the number format of its weights.

    A missing part is `none`. Only reads files, without any model library.
    """
    config = _json(folder / "config.json")
    tokens = {name: file_digest(folder / name) for name in TOKENIZER_FILES if (folder / name).is_file()}
    quantization = config.get("quantization_config")
    method = quantization.get("quant_method") if isinstance(quantization, dict) else None
    number = str(config.get("dtype") or config.get("torch_dtype") or NONE)
    return {
        "chat template": _template(folder),
        "tokenizer": digest(tokens) if tokens else NONE,
        "weights dtype": f"{number}, {method}" if method else number,
    }


def _template(folder: Path) -> str:
    """Return the digest of the chat template, from its own file or the tokenizer's settings."""
    for name in TEMPLATES:
        if (folder / name).is_file():
            return file_digest(folder / name)
    template = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(template, str):
        return new_hash(template.encode("utf-8", "surrogatepass")).hexdigest()
    return digest(template) if template else NONE


def _json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
