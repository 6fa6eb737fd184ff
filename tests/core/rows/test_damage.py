"""Damage: what a power cut or a bad disk leaves is noticed, said and set aside; only its rows are lost."""

from pathlib import Path

import pytest
from core.rows import row

from skyassets.core.errors import StoreError
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS

KEYS = [f"{number:04d}" for number in range(2000)]


class Told:
    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.store = RowStore(folder, COMPLETIONS, self.lines.append)

    def put(self, keys: list[str], text: str = "a text of some length, {key}") -> None:
        with self.store.writer() as writer:
            for key in keys:
                writer.put(row(key, text.format(key=key) * 300))

    def lost(self) -> set[str]:
        self.store.repair(KEYS)
        found = self.store.get(KEYS)
        assert all(one["text"].startswith(f"a text of some length, {one['completion_id']}") for one in found.to_dicts())
        return set(KEYS) - set(found["completion_id"])

    @property
    def segment(self) -> Path:
        return next(self.store.folder.glob("journal-*.log"))

    @property
    def part(self) -> Path:
        return next(self.store.folder.glob("part-*.parquet"))

    @property
    def aside(self) -> Path:
        return next(self.store.folder.glob("*.damaged"))


@pytest.fixture
def told(tmp_path: Path) -> Told:
    told = Told(tmp_path)
    told.put(KEYS)
    return told


def flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x10
    path.write_bytes(content)


def test_a_segment_cut_short_loses_the_rows_that_are_cut_off(told: Told) -> None:
    content = told.segment.read_bytes()
    saved = content[: len(content) // 2 + 100]
    told.segment.write_bytes(saved)
    kept = saved.count(b"\n")
    assert told.lost() == set(KEYS[kept:])
    assert told.aside.read_bytes() == saved
    rest = len(saved.rpartition(b"\n")[2])
    assert f"is damaged: its last line is cut short ({rest} bytes)" in told.lines[0]
    assert told.aside.with_name(f"{told.aside.name}.txt").read_text().strip() == told.lines[0]


@pytest.mark.parametrize("place", [0.0, 0.3, 0.9999])
def test_a_flipped_bit_in_a_segment_loses_one_row(told: Told, place: float) -> None:
    flip(told.segment, place)
    assert len(told.lost()) == 1
    assert "1 of 2000 lines do not match their checksum" in told.lines[0]
    assert told.lost() == told.lost()
    assert len(told.lines) == 1


def test_zeros_at_the_end_of_a_segment_lose_nothing_else(told: Told) -> None:
    with told.segment.open("ab") as file:
        file.write(bytes(4096))
    assert told.lost() == set()
    assert "cut short (4096 bytes)" in told.lines[0]


@pytest.mark.parametrize("place", [0.001, 0.3, 0.6])
def test_a_flipped_bit_in_a_part_loses_one_row_group(told: Told, place: float) -> None:
    told.store.compact()
    flip(told.part, place)
    lost = told.lost()
    assert 0 < len(lost) < len(KEYS) / 2
    assert (
        f"its bytes are not those that were written; {len(KEYS) - len(lost)} of its rows could be kept" in told.lines[0]
    )
    assert told.aside.exists()
    told.put(sorted(lost))
    assert told.lost() == set()
    assert len(told.lines) == 1


def test_a_part_cut_short_is_set_aside_and_its_rows_are_asked_again(told: Told) -> None:
    told.store.compact()
    told.part.write_bytes(told.part.read_bytes()[:-100])
    with pytest.raises(StoreError, match="run again: the rows it lost are requested"):
        told.store.get(KEYS)
    assert told.lost() == set(KEYS)
    assert "it cannot be read" in told.lines[0]
    assert "0 of its rows could be kept" in told.lines[0]


def test_a_damaged_part_does_not_touch_the_others(told: Told) -> None:
    told.store.compact()
    first = told.part
    told.put(["more"], "another, {key}")
    told.store.compact()
    first.write_bytes(b"")
    assert told.lost() == set(KEYS)
    assert told.store.get(["more"]).height == 1


def test_many_small_parts_become_few(tmp_path: Path) -> None:
    told = Told(tmp_path)
    for key in KEYS[:60]:
        told.put([key])
        told.store.compact()
    assert len(list(told.store.folder.glob("part-*.parquet"))) <= 17
    assert told.lost() == set(KEYS[60:])
    assert not told.lines
