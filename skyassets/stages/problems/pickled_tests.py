"""Reads text that was pickled, compressed and base64-encoded, without executing the pickle."""

import base64
import binascii
import pickletools
import zlib

MOST_BYTES = 512 * 2**20
"""Largest unpacked size; a few kilobytes can decompress to any size."""

_HARMLESS = frozenset(
    [
        *("PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"),
    ]
)


def unpacked(packed: str) -> str:
    """The last text of the pickle in `packed`. A pickle with anything other than texts and dicts of texts is rejected.

    Raises:
        ValueError: when it is packed differently, is too large unpacked, or contains anything but text.
    """
    try:
        unfolding = zlib.decompressobj()
        pickled = unfolding.decompress(base64.b64decode(packed.strip(), validate=True), MOST_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"not packed as base 64 of zlib ({error})") from error
    if not unfolding.eof:
        raise ValueError("cut off, or unfolds into too much")
    texts = []
    # Inspect the opcodes without loading: a pickle can call any function.
    for instruction, argument, _ in pickletools.genops(pickled):
        if instruction.name not in _HARMLESS:
            raise ValueError(f"the pickle holds more than text ({instruction.name})")
        if isinstance(argument, str):
            texts.append(argument)
    if not texts:
        raise ValueError("the pickle holds no text")
    return texts[-1]
