"""The shape of a recipe's base model, from its config.json alone. Loads neither weights nor a model library."""

import json
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.core.ports import Model
from skyassets.core.training.model_shape import KNOWN_SHAPES, ModelShape, shape_of
from skyassets.engines.models.weights import PACKAGE, converted_folder, weights_folder


def base_shape(model: Model, cache: Path) -> ModelShape:
    """Return the shape of `model`. Of a hub model only the config is downloaded, and for a known one nothing.

    Raises:
        ServerError: if there is no config.
        SkyassetsError: if the config does not describe a dense decoder.
    """
    if _is_local(model):
        config = weights_folder(model, cache) / "config.json"
    elif model.name in KNOWN_SHAPES:
        return KNOWN_SHAPES[model.name]
    else:
        config = _fetched(model)
    return shape_of(json.loads(config.read_text(encoding="utf-8")), model.name)


def is_at_hand(model: Model, cache: Path) -> bool:
    """Whether the shape of `model` is available without a download or conversion."""
    if model.name in KNOWN_SHAPES:
        return True
    if model.name.startswith(PACKAGE):
        return (converted_folder(model, cache) / "config.json").is_file()
    if _is_local(model):
        return True
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return False
    return isinstance(try_to_load_from_cache(model.name, "config.json", revision=model.revision), str)


def _is_local(model: Model) -> bool:
    return model.name.startswith((PACKAGE, ".", "/", "~")) or Path(model.name).is_dir()


def _fetched(model: Model) -> Path:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )
    except ImportError as error:
        raise ServerError(f"{model.name}: huggingface_hub is not installed; pip install huggingface_hub") from error
    wrong = (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, EntryNotFoundError, OSError)
    try:
        return Path(hf_hub_download(model.name, "config.json", revision=model.revision))
    except wrong as error:
        raise ServerError(
            f"{model.name}@{model.revision}: its config.json is neither in the Hugging Face hub's cache nor to be "
            f"fetched ({str(error).splitlines()[0]}); name a folder, or fetch it first with `hf download`"
        ) from error
