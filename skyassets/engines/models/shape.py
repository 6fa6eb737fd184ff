"""The shape of a recipe's base model, from its config.json alone. Loads neither weights nor a model library."""

import json
from pathlib import Path

from skyassets.core.ports import Model
from skyassets.core.training.model_shape import KNOWN_SHAPES, ModelShape, shape_of
from skyassets.engines.models.weights import PACKAGE, converted_folder, hub_errors, is_on_hub, weights_folder


def base_shape(model: Model, cache: Path) -> ModelShape:
    """Return the shape of `model`. Of a hub model only the config is downloaded, and for a known one nothing.

    Raises:
        ServerError: if there is no config.
        SkyassetsError: if the config does not describe a dense decoder.
    """
    if not is_on_hub(model):
        config = weights_folder(model, cache) / "config.json"
    elif model.name in KNOWN_SHAPES:
        return KNOWN_SHAPES[model.name]
    else:
        with hub_errors(model):
            from huggingface_hub import hf_hub_download

            config = Path(hf_hub_download(model.name, "config.json", revision=model.revision))
    return shape_of(json.loads(config.read_text(encoding="utf-8")), model.name)


def has_local_shape(model: Model, cache: Path) -> bool:
    """Whether the shape of `model` is available without a download or conversion."""
    if model.name in KNOWN_SHAPES:
        return True
    if model.name.startswith(PACKAGE):
        return (converted_folder(model, cache) / "config.json").is_file()
    if not is_on_hub(model):
        return True
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(model.name, "config.json", revision=model.revision), str)
