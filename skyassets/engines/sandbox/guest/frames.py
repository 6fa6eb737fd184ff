"""Messages over pipes: a JSON object, then the raw bytes it announces. Used on both sides of the sandbox."""

import json
import os
import struct

LENGTH = struct.Struct("!I")
LARGEST_HEADER = 2**20


def read_exactly(fd: int, size: int) -> bytes | None:
    """Read `size` bytes; return None at the end of the pipe."""
    read = bytearray()
    while len(read) < size:
        piece = os.read(fd, min(size - len(read), 2**20))
        if not piece:
            return None
        read += piece
    return bytes(read)


def read_header(fd: int, largest: int = LARGEST_HEADER) -> dict[str, object] | None:
    """Read the next message's object; return None at the end of the pipe."""
    prefix = read_exactly(fd, LENGTH.size)
    if prefix is None:
        return None
    (size,) = LENGTH.unpack(prefix)
    text = read_exactly(fd, size) if size <= largest else None
    return None if text is None else dict(json.loads(text))


def header(content: object) -> bytes:
    """Return an object as the bytes to send."""
    text = json.dumps(content).encode("ascii")
    return LENGTH.pack(len(text)) + text


def write_all(fd: int, content: bytes) -> None:
    """Write all of `content`, in as many writes as it takes."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]
