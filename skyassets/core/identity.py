"""Identities: the canonical JSON of plain values, and digests of it. Independent of tables and files."""

import dataclasses
import functools
import hashlib
import json
import math
from enum import Enum
from typing import Any

from skyassets.core.errors import IdentityError

new_hash = functools.partial(hashlib.blake2b, digest_size=16)
"""The hash function of all digests: BLAKE2b with 128 bits."""
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def json_value(value: object) -> object:
    """`value` as JSON-able data that is equal for equal values, whatever the run, machine or Python.

    Dataclasses become objects with a name: the `identity_name` that the class declares, so that renaming it changes
    no digest, or else the class's name. Enums become their value, tuples become lists. Whole floats become integers,
    so `temperature=1` and `1.0` are the same request.

    A class may gain a field without a change of digests: it names the field in `identity_added`, and the field is left
    out while it equals its default. Its default must then never change.

    Raises:
        IdentityError: for anything without a stable JSON form (sets, functions, NaN, arbitrary objects), and for a
            class whose `identity_added` names what is no field with a default.
    """
    kind: Any = type(value)
    if kind is str or value is None or kind is int or kind is bool:  # by far the most common
        return value
    if isinstance(value, Enum):
        return json_value(value.value)
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise IdentityError(f"cannot fingerprint the number {value}: only finite numbers have an identity")
        return int(value) if value.is_integer() else value
    if not isinstance(value, type) and (fields := _fields(kind)) is not None:
        title, names, added = fields
        named = {"": title, **{name: json_value(getattr(value, name)) for name in names}}
        return {name: item for name, item in named.items() if name not in added or _ENCODE(item) != added[name]}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise IdentityError("cannot fingerprint a dict whose keys are not all strings: use a dataclass")
        return {name: json_value(item) for name, item in value.items()}
    raise IdentityError(f"cannot fingerprint {type(value).__name__}: use a dataclass or a JSON value")


@functools.cache
def _fields(kind: type) -> tuple[str, tuple[str, ...], dict[str, str]] | None:
    """A dataclass's name in digests, its fields, and the JSON of the added ones' defaults; None for another type."""
    if not dataclasses.is_dataclass(kind):
        return None
    # Not inherited: a subclass is a different type of value.
    title = str(vars(kind).get("identity_name", kind.__name__))
    defaults = {field.name: _default(field) for field in dataclasses.fields(kind)}
    # Inherited, as the fields are.
    added = tuple(getattr(kind, "identity_added", ()))
    if wrong := [name for name in added if defaults.get(name, dataclasses.MISSING) is dataclasses.MISSING]:
        raise IdentityError(f"{kind.__name__}.identity_added names {', '.join(wrong)}: name fields with a default")
    return title, tuple(defaults), {name: canonical_json(defaults[name]) for name in added}


def _default(field: dataclasses.Field[Any]) -> object:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def canonical_json(value: object) -> str:
    """The canonical JSON of `value` (sorted keys, no spaces, UTF-8 kept); see `json_value` for what is rejected."""
    return _ENCODE(json_value(value))


def digest(*parts: object) -> str:
    """A 128-bit BLAKE2b digest, as hex, of the canonical JSON of `parts`."""
    text = canonical_json(parts).encode("utf-8", "surrogatepass")
    return new_hash(text).hexdigest()
