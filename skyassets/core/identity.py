"""Identities: one stable spelling for plain values, and the digests made of it. Knows no table and no file."""

import dataclasses
import hashlib
import json
import math
from enum import Enum

from skyassets.core.errors import IdentityError

DIGEST_BYTES = 16


def plain(value: object) -> object:
    """`value` as JSON-able data that is equal for equal values, whatever the run, machine or Python.

    Dataclasses become objects that also carry their class's name, enums their value, tuples lists. A whole
    float is spelled as the integer it equals, so `temperature=1` and `1.0` are one request.

    Raises:
        IdentityError: for anything without a stable spelling (sets, functions, NaN, arbitrary objects).
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise IdentityError(f"cannot fingerprint the number {value}: only finite numbers have an identity")
        return int(value) if value.is_integer() else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"": type(value).__name__, **fields}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise IdentityError("cannot fingerprint a dict whose keys are not all strings: use a dataclass")
        return {name: plain(item) for name, item in value.items()}
    raise IdentityError(f"cannot fingerprint {type(value).__name__}: use a dataclass or a JSON value")


def spelling(value: object) -> str:
    """The canonical JSON text of `value` (sorted keys, no spaces, UTF-8 kept); see `plain` for what is refused."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(*parts: object) -> str:
    """A 128-bit BLAKE2b digest, as hex, of the spelling of `parts`."""
    text = spelling(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).hexdigest()
