"""Which GPUs and cores there are, and how servers share them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.engines.host.devices import cores, gpus, shares


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        ("0,1,3", ("0", "1", "3")),
        (" 2 , GPU-8932f937 ", ("2", "GPU-8932f937")),
        ("0,-1,1", ("0",)),
        ("", ()),
        ("-1", ()),
    ],
)
def test_only_visible_gpus_count(visible: str, seen: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "0000:01:00.0").mkdir()
    assert gpus({"CUDA_VISIBLE_DEVICES": visible}, tmp_path) == seen


def test_without_a_visibility_setting_the_driver_lists_the_gpus(tmp_path: Path) -> None:
    for address in ("0000:01:00.0", "0000:41:00.0"):
        (tmp_path / address).mkdir()
    assert gpus({}, tmp_path) == ("0", "1")


def test_without_any_list_the_gpus_are_unknown(tmp_path: Path) -> None:
    assert gpus({}, tmp_path / "none") is None


def test_the_cores_are_those_this_process_may_use() -> None:
    assert sorted(cores()) == sorted(os.sched_getaffinity(0))


def test_the_threads_of_a_core_are_neighbours(tmp_path: Path) -> None:
    here = sorted(os.sched_getaffinity(0))
    for place, cpu in enumerate(here):  # as many cores as half the threads, numbered as Linux does
        topology = tmp_path / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text("0\n")
        (topology / "core_id").write_text(f"{place % max(len(here) // 2, 1)}\n")
    numbers = cores(tmp_path)
    assert sorted(numbers) == here
    ids = [int((tmp_path / f"cpu{cpu}" / "topology" / "core_id").read_text()) for cpu in numbers]
    assert ids == sorted(ids)


@given(cpus=st.integers(1, 300), number=st.integers(1, 20))
def test_shares_are_disjoint_even_and_leave_nothing_over(cpus: int, number: int) -> None:
    dealt = shares(range(cpus), number)
    assert [cpu for share in dealt for cpu in share] == list(range(cpus))
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    assert len(dealt) == number
