"""Damage: after a power cut or a disk error, damaged files are reported and set aside; only their rows are lost."""

from pathlib import Path

import pytest
from core.rows import row

from skyassets.core.errors import StoreError
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS

KEYS = [f"{number:04d}" for number in range(2000)]


class Store:
    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.rows = RowStore(folder, COMPLETIONS, self.lines.append)

    def put(self, keys: list[str], text: str = "a text of some length, {key}") -> None:
        with self.rows.writer() as writer:
            for key in keys:
                writer.put(row(key, text.format(key=key) * 300))

    def lost(self) -> set[str]:
        self.rows.repair(KEYS)
        frame = self.rows.get(KEYS)
        assert all(one["text"].startswith(f"a text of some length, {one['completion_id']}") for one in frame.to_dicts())
        return set(KEYS) - set(frame["completion_id"])

    @property
    def segment(self) -> Path:
        return next(self.rows.folder.glob("journal-*.log"))

    @property
    def part(self) -> Path:
        return next(self.rows.folder.glob("part-*.parquet"))

    @property
    def aside(self) -> Path:
        return next(self.rows.folder.glob("*.damaged"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.put(KEYS)
    return store


def flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x10
    path.write_bytes(content)


def test_a_truncated_segment_loses_the_rows_that_are_cut_off(store: Store) -> None:
    content = store.segment.read_bytes()
    saved = content[: len(content) // 2 + 100]
    store.segment.write_bytes(saved)
    whole = saved.count(b"\n")
    assert store.lost() == set(KEYS[whole:])
    assert store.aside.read_bytes() == saved
    rest = len(saved.rpartition(b"\n")[2])
    assert f"is damaged: its last line is cut short ({rest} bytes)" in store.lines[0]
    assert store.aside.with_name(f"{store.aside.name}.txt").read_text().strip() == store.lines[0]


@pytest.mark.parametrize("place", [0.0, 0.3, 0.9999])
def test_a_flipped_bit_in_a_segment_loses_one_row(store: Store, place: float) -> None:
    flip(store.segment, place)
    assert len(store.lost()) == 1
    assert "1 of 2000 lines do not match their checksum" in store.lines[0]
    assert store.lost() == store.lost()
    assert len(store.lines) == 1


def test_zeros_at_the_end_of_a_segment_lose_nothing_else(store: Store) -> None:
    with store.segment.open("ab") as file:
        file.write(bytes(4096))
    assert store.lost() == set()
    assert "cut short (4096 bytes)" in store.lines[0]


@pytest.mark.parametrize("place", [0.001, 0.25, 0.5])  # in the row groups: the footer follows
def test_a_flipped_bit_in_a_part_loses_one_row_group(store: Store, place: float) -> None:
    store.rows.compact()
    flip(store.part, place)
    lost = store.lost()
    assert 0 < len(lost) < len(KEYS) / 2
    assert (
        f"its bytes are not those that were written; {len(KEYS) - len(lost)} of its rows could be kept"
        in store.lines[0]
    )
    assert store.aside.exists()
    store.put(sorted(lost))
    assert store.lost() == set()
    assert len(store.lines) == 1


def test_a_truncated_part_is_set_aside_and_its_rows_are_requested_again(store: Store) -> None:
    store.rows.compact()
    store.part.write_bytes(store.part.read_bytes()[:-100])
    with pytest.raises(StoreError, match="run again: the rows it lost are requested"):
        store.rows.get(KEYS)
    assert store.lost() == set(KEYS)
    assert "it cannot be read" in store.lines[0]
    assert "0 of its rows could be kept" in store.lines[0]


def test_a_damaged_part_does_not_touch_the_others(store: Store) -> None:
    store.rows.compact()
    first = store.part
    store.put(["more"], "another, {key}")
    store.rows.compact()
    first.write_bytes(b"")
    assert store.lost() == set(KEYS)
    assert store.rows.get(["more"]).height == 1


def test_many_small_parts_become_few(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for key in KEYS[:60]:
        store.put([key])
        store.rows.compact()
    assert len(list(store.rows.folder.glob("part-*.parquet"))) <= 17
    assert store.lost() == set(KEYS[60:])
    assert not store.lines
