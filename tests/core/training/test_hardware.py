"""Machines by name."""

import pytest

from skyassets.core.errors import SkyassetsError
from skyassets.core.training.hardware import KNOWN_DEVICES, Known, hardware_of, priced


@pytest.mark.parametrize(
    ("text", "count", "nodes"),
    [("H100-80GB", 1, 1), ("8xH100-80GB", 8, 1), ("2x8xH100-80GB", 8, 2), ("8xh100-80gb", 8, 1)],
)
def test_a_machine_is_nodes_times_cards_times_name(text: str, count: int, nodes: int) -> None:
    hardware = hardware_of(text)
    assert (hardware.device.name, hardware.count, hardware.nodes) == ("H100-80GB", count, nodes)
    assert hardware.devices == count * nodes
    assert hardware.host_memory_gb == count * KNOWN_DEVICES["H100-80GB"].host_memory_gb


def test_a_processor_has_the_memory_in_its_name() -> None:
    hardware = hardware_of("cpu-24GB")
    assert (hardware.device.memory_gb, hardware.device.is_gpu, hardware.device.tflops) == (24.0, False, None)


@pytest.mark.parametrize("text", ["H900", "8x", "0xH100-80GB", "8xH100", "", "8 x H100-80GB"])
def test_an_unknown_name_lists_the_known_ones(text: str) -> None:
    with pytest.raises(SkyassetsError, match=r"is not known hardware.*H100-80GB.*RTX4090-24GB"):
        hardware_of(text)


def test_the_published_450_dollars_are_19_hours_of_8_known_cards() -> None:
    hardware = hardware_of("8xH100-80GB")
    assert 19 * hardware.devices * hardware.device.dollars_hour == pytest.approx(450, rel=0.02)


@pytest.mark.parametrize("known", KNOWN_DEVICES.values(), ids=KNOWN_DEVICES)
def test_every_price_has_a_source_and_a_date(known: Known) -> None:
    assert bool(known.device.dollars_hour) == bool(priced(known.device))
    assert known.device.memory_gb == pytest.approx(int(known.device.name.rsplit("-", 1)[1][:-2]), rel=0.08)
