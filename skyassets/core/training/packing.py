"""Packs examples into rows of tokens: bin packing. Pure and deterministic; uses only the lengths.

The longest remaining example opens a row. The longest one that fits follows if it nearly fills the remaining room;
otherwise a pair that fills it exactly, if there is one; otherwise the longest one after all, and so on. Sets of
lengths are the bits of one integer, so the search for an exact pair takes one shift and one `and`.
"""

from collections.abc import Iterable, Sequence

CLOSE = 8
"""Room is nearly full if less than this fraction of a row would remain. Using a pair for a smaller gap would waste two
short examples that could each close a row.
"""


def packed(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Rows of examples, as indices into `lengths`; each example is in exactly one row, and no row exceeds `capacity`.

    The rows are in the order they were filled, with the longest examples first; among equal lengths the first example
    comes first.

    Raises:
        ValueError: when a length is below 1 or above `capacity`; the message names the example.
    """
    for place, length in enumerate(lengths):
        if not 0 < length <= capacity:
            raise ValueError(f"example {place} has {length} tokens; a row of {capacity} holds 1 to {capacity}")
    left = _Left(lengths, capacity)
    rows = []
    while left.longest(capacity):
        row: list[int] = []
        room = capacity
        while wanted := left.best(room) if row else (left.longest(capacity),):
            row += [left.take(length) for length in wanted]
            room -= sum(wanted)
        rows.append(row)
    return rows


class _Left:
    """The examples that are not in a row yet, by length."""

    def __init__(self, lengths: Sequence[int], capacity: int) -> None:
        self._capacity = capacity
        self._places: dict[int, list[int]] = {}
        for place in range(len(lengths) - 1, -1, -1):
            self._places.setdefault(lengths[place], []).append(place)
        self._there = _bits(self._places, capacity)
        """Bit `length` is set while an example of that length remains."""
        self._mirrored = _bits((capacity - length for length in self._places), capacity)
        """The same with bit `capacity - length`: shifted, it shows which partners would fill the room exactly."""

    def longest(self, room: int) -> int:
        """The longest remaining length of at most `room`; 0 if there is none."""
        return max((self._there & ((2 << room) - 1)).bit_length() - 1, 0)

    def best(self, room: int) -> tuple[int, ...]:
        """The lengths to put into `room` next; empty if nothing fits."""
        longest = self.longest(room)
        if not longest:
            return ()
        if room - longest <= self._capacity // CLOSE:
            return (longest,)
        # The bits from the half up are the longer ones of the pairs. The pair nearest to equal halves keeps the very
        # long and very short examples, the hardest and the easiest to place, for later.
        halves = (room + 1) // 2
        pairs = (self._mirrored >> (self._capacity - room)) & self._there & ((2 << room) - 1)
        pairs >>= halves
        if pairs and 2 * halves == room and pairs & 1 and len(self._places[halves]) < 2:
            pairs ^= 1
        if not pairs:
            return (longest,)
        longer = (pairs & -pairs).bit_length() - 1 + halves
        return (longer, room - longer)

    def take(self, length: int) -> int:
        """Remove and return an example of `length`."""
        places = self._places[length]
        place = places.pop()
        if not places:
            self._there ^= 1 << length
            self._mirrored ^= 1 << (self._capacity - length)
        return place


def _bits(numbers: Iterable[int], most: int) -> int:
    held = bytearray(most // 8 + 1)
    for number in numbers:
        held[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(held, "little")
