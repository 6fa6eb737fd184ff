"""Tokenized examples in one memory-mapped file: every rank reads what it needs, and none holds all of it.

The file is an Arrow IPC file, which other tools can read. Independent of the tokenizer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from skyassets.core.batches import batches
from skyassets.core.errors import TrainerError
from skyassets.core.files import replaced

if TYPE_CHECKING:
    # Neither numpy nor pyarrow is imported with the asset graph.
    import numpy as np
    from numpy.typing import NDArray

BATCH_TOKENS = 1 << 20
"""Tokens written at once, a few megabytes; a longer example is written alone."""


@dataclass(frozen=True, eq=False)
class TokenExample:
    """One conversation as the trainer sees it; `learned[i]` says whether token `i` counts in the loss."""

    id: str
    tokens: "NDArray[np.int32]"
    learned: "NDArray[np.bool_]"


class TokenFile(Sequence[TokenExample]):
    """The examples of a file written by `write_examples`. Opening it reads lengths, but no tokens."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            TrainerError: if it is missing or incomplete.
        """
        import numpy as np
        import pyarrow as pa

        self.path = path
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            self._ids, self._tokens, self._masks = (table[name].chunks for name in ("example_id", "tokens", "learned"))
            self.learned: NDArray[np.int64] = np.array(table["learned_tokens"], dtype=np.int64)
            """Learned tokens of each example."""
        except (OSError, pa.ArrowInvalid, KeyError) as error:
            raise TrainerError(f"{path} is not a complete token file: {error}; remove it and write it again") from error
        starts = [np.asarray(chunk.offsets, dtype=np.int64) for chunk in self._tokens]
        none = np.zeros(0, dtype=np.int64)
        self.lengths: NDArray[np.int64] = np.concatenate([none, *map(np.diff, starts)])
        """Tokens of each example."""
        self._first = np.cumsum([0, *(len(chunk) for chunk in self._tokens)])

    def __len__(self) -> int:
        return int(self._first[-1])

    @overload
    def __getitem__(self, index: int) -> TokenExample: ...
    @overload
    def __getitem__(self, index: slice) -> list[TokenExample]: ...

    def __getitem__(self, index: int | slice) -> TokenExample | list[TokenExample]:
        """Return one example, with its tokens mapped from the file, or several."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"{self.path} has {len(self)} examples, none at {index}")
        chunk = int(self._first.searchsorted(at, side="right")) - 1
        row = at - int(self._first[chunk])
        mask = self._masks[chunk][row].values.to_numpy(zero_copy_only=False)
        return TokenExample(str(self._ids[chunk][row]), self._tokens[chunk][row].values.to_numpy(), mask)

    def __reduce__(self) -> tuple[type["TokenFile"], tuple[Path]]:
        """Pickle only the path: another process maps the file itself."""
        return (TokenFile, (self.path,))


def write_examples(path: Path, examples: Iterable[TokenExample], cutoff: int) -> None:
    """Write `examples` to `path` atomically, with a few megabytes in memory at a time.

    Raises:
        TrainerError: if one has more than `cutoff` tokens or nothing to learn, or there is none.
        StoreError: if the file cannot be written.
    """
    import pyarrow as pa

    fields = {"example_id": pa.string(), "tokens": pa.list_(pa.int32()), "learned": pa.list_(pa.bool_())}
    schema = pa.schema(list((fields | {"learned_tokens": pa.int64()}).items()))
    with (
        replaced(path) as part,
        part.open("wb") as file,
        pa.PythonFile(file, mode="w") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        written = 0
        for batch in batches(_checked(examples, cutoff), lambda example: len(example.tokens), BATCH_TOKENS):
            writer.write_batch(_record(batch, schema))
            written += len(batch)
        if not written:
            raise TrainerError("there are no examples to train on")


def _checked(examples: Iterable[TokenExample], cutoff: int) -> Iterator[TokenExample]:
    for example in examples:
        if len(example.tokens) > cutoff:
            raise TrainerError(
                f"example {example.id} has {len(example.tokens)} tokens, more than the cutoff of {cutoff}; "
                "drop over-long rows before training, because examples are not truncated"
            )
        if not example.learned[1:].any():
            raise TrainerError(f"example {example.id} has no token to learn; drop it before training")
        yield example


def _record(batch: Sequence[TokenExample], schema: Any) -> Any:
    """Return a batch of examples in Arrow's form: all tokens, all masks, and the offset of each example."""
    import numpy as np
    import pyarrow as pa

    starts = pa.array(np.cumsum([0, *(len(one.tokens) for one in batch)]), pa.int32())
    tokens = pa.array(np.concatenate([one.tokens for one in batch]), pa.int32())
    learned = pa.array(np.concatenate([one.learned for one in batch]), pa.bool_())
    columns = [
        pa.array([one.id for one in batch], pa.string()),
        pa.ListArray.from_arrays(starts, tokens),
        pa.ListArray.from_arrays(starts, learned),
        pa.array([int(one.learned.sum()) for one in batch], pa.int64()),
    ]
    return pa.record_batch(columns, schema=schema)
