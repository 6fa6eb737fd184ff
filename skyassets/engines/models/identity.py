"""What a folder of weights says of itself beside the weights: chat template, tokenizer, number format. Only digests."""

import hashlib
import json
from pathlib import Path

from skyassets.core.files import file_digest
from skyassets.core.identity import DIGEST_BYTES, digest

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
)
"""What decides how a text becomes tokens; `tokenizer_config.json` is left out, for it holds the template too."""
TEMPLATES = ("chat_template.jinja", "chat_template.json")
NONE = "none"


def model_identity(folder: Path) -> dict[str, str]:
    """The digests of the folder's chat template and tokenizer, and the number format of its weights.

    A part that the folder does not have is `none`. The files are read, and no library for models is needed.
    """
    config = _json(folder / "config.json")
    tokens = {name: file_digest(folder / name) for name in TOKENIZER_FILES if (folder / name).is_file()}
    quantised = config.get("quantization_config")
    method = quantised.get("quant_method") if isinstance(quantised, dict) else None
    number = str(config.get("dtype") or config.get("torch_dtype") or NONE)
    return {
        "chat template": _template(folder),
        "tokenizer": digest(tokens) if tokens else NONE,
        "weights dtype": f"{number}, {method}" if method else number,
    }


def _template(folder: Path) -> str:
    """The digest of the chat template: a file of its own, or what the tokenizer's settings hold."""
    for name in TEMPLATES:
        if (folder / name).is_file():
            return _digest((folder / name).read_bytes())
    found = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(found, str):
        return _digest(found.encode("utf-8", "surrogatepass"))
    return digest(found) if found else NONE


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def _json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
