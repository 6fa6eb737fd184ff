import pickle
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.errors import StoreError, TrainerError
from skyassets.engines.tokenizing.token_file import BATCH_TOKENS, TokenExample, TokenFile, write_examples

LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=30)


def example(ident: str, length: int, seed: int = 0) -> TokenExample:
    dice = np.random.default_rng([seed, length])
    learned = dice.random(length) < 0.5
    learned[-1] = True
    return TokenExample(ident, dice.integers(0, 150_000, length, dtype=np.int32), learned)


def is_same(one: TokenExample, other: TokenExample) -> bool:
    arrays = ((one.tokens, other.tokens), (one.learned, other.learned))
    return one.id == other.id and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)


@settings(deadline=None)
@given(lengths=LENGTHS)
def test_written_examples_are_read_back(lengths: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tokens") / "tokens.arrow"
    examples = [example(f"é{n}", length, n) for n, length in enumerate(lengths)]
    write_examples(path, iter(examples), cutoff=40)
    file = TokenFile(path)
    assert len(file) == len(lengths)
    assert file.lengths.tolist() == lengths
    assert file.learned.tolist() == [int(one.learned.sum()) for one in examples]
    assert all(map(is_same, file, examples))
    assert is_same(file[-1], examples[-1])
    assert [one.id for one in file[1:3]] == [one.id for one in examples[1:3]]


def test_examples_of_several_batches_are_found_by_their_place(tmp_path: Path) -> None:
    lengths = [BATCH_TOKENS // 3] * 7 + [BATCH_TOKENS + 5, 3]
    write_examples(tmp_path / "t", (example(str(n), length, n) for n, length in enumerate(lengths)), BATCH_TOKENS * 2)
    file = TokenFile(tmp_path / "t")
    assert file.lengths.tolist() == lengths
    assert all(is_same(file[n], example(str(n), length, n)) for n, length in enumerate(lengths))
    with pytest.raises(IndexError, match="has 9 examples, none at 9"):
        file[9]


def test_another_process_maps_the_file_itself(tmp_path: Path) -> None:
    write_examples(tmp_path / "t", [example("a", 90_000)], 100_000)
    carried = pickle.dumps(TokenFile(tmp_path / "t"))
    assert len(carried) < 1000
    assert is_same(pickle.loads(carried)[0], example("a", 90_000))


def test_other_tools_read_the_file(tmp_path: Path) -> None:
    write_examples(tmp_path / "t", [example("a", 9)], 9)
    table = pa.ipc.open_file(tmp_path / "t").read_all()
    assert table.column_names == ["example_id", "tokens", "learned", "learned_tokens"]
    assert table["tokens"][0].as_py() == example("a", 9).tokens.tolist()


def nothing_learned() -> TokenExample:
    return TokenExample("bad", np.arange(3, dtype=np.int32), np.array([True, False, False]))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([example("bad", 11)], "example bad has 11 tokens, more than the cutoff of 10; drop over-long rows before"),
        # Nothing precedes the first token, so it is never learned.
        ([nothing_learned()], "example bad has no token to learn"),
    ],
)
def test_an_error_leaves_no_file(bad: list[TokenExample], message: str, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=message):
        write_examples(tmp_path / "t", [example("a", 10), *bad], cutoff=10)
    assert list(tmp_path.iterdir()) == []


def test_no_example_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no examples to train on"):
        write_examples(tmp_path / "t", [], cutoff=10)
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    write_examples(tmp_path / "t", [example("a", 10)], cutoff=10)
    with pytest.raises(TrainerError):
        write_examples(tmp_path / "t", [example("b", 11)], cutoff=10)
    assert TokenFile(tmp_path / "t")[0].id == "a"


def test_a_full_disk_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    # A limit on the size of files fails as a full disk does.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write .*/t: File too large; free space"):
            write_examples(tmp_path / "t", [example("a", 90_000)], cutoff=100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[: len(data) // 2], lambda data: b""])
def test_a_truncated_file_is_reported(damage: object, tmp_path: Path) -> None:
    write_examples(tmp_path / "t", [example("a", 1000)], cutoff=1000)
    (tmp_path / "t").write_bytes(damage((tmp_path / "t").read_bytes()))  # type: ignore[operator]
    with pytest.raises(TrainerError, match="t is not a complete token file"):
        TokenFile(tmp_path / "t")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="nowhere is not a complete token file"):
        TokenFile(tmp_path / "nowhere")


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from skyassets.engines.tokenizing.token_file import TokenExample, write_examples
tokens, learned = np.arange(16_000, dtype=np.int32), np.ones(16_000, dtype=bool)
rows = (TokenExample(str(n), tokens + n, learned.copy()) for n in range(int(sys.argv[2])))
write_examples(Path(sys.argv[1]), rows, 16_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    peaks = []
    for rows in (200, 2000):
        command = [sys.executable, "-c", MEMORY, str(tmp_path / "t"), str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
        peaks.append(int(done.stdout) / 1024)
    # 1,800 rows more are 115 MB of tokens.
    assert peaks[1] - peaks[0] < 20
