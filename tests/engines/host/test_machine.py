"""The hardware that is detected on this machine."""

import os

import pytest

from skyassets.engines.host.machine import host_memory_gb, of_gpus, this_machine, this_processor

H100 = "NVIDIA H100 80GB HBM3, 81559\n"


def test_a_known_card_has_its_known_speed_and_the_memory_that_was_seen() -> None:
    hardware = of_gpus(H100 * 8, None, 1_800.0)
    assert (hardware.device.name, hardware.device.tflops, hardware.count) == ("H100-80GB", 989, 8)
    assert hardware.device.memory_gb == pytest.approx(85.52, abs=0.01)
    assert hardware.host_memory_gb == 1_800.0


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("NVIDIA A100-SXM4-40GB, 40960", "A100-40GB"),
        ("NVIDIA A100-SXM4-80GB, 81920", "A100-80GB"),
        ("NVIDIA A100 80GB PCIe, 81920", "A100-80GB"),
        ("NVIDIA H100 PCIe, 81559", "H100-PCIE-80GB"),
        ("NVIDIA H200, 143771", "H200-141GB"),
        ("NVIDIA B200, 183359", "B200-192GB"),
        ("NVIDIA L40S, 46068", "L40S-48GB"),
        ("NVIDIA GeForce RTX 4090, 24564", "RTX4090-24GB"),
        ("NVIDIA A10G, 23028", "A10G-24GB"),
        ("NVIDIA L4, 23034", "L4-24GB"),
    ],
)
def test_cards_are_known_by_what_the_driver_calls_them(listed: str, name: str) -> None:
    assert of_gpus(listed, None, 64.0).device.name == name


def test_an_unknown_card_has_only_its_memory() -> None:
    device = of_gpus("NVIDIA Tomorrow 9000, 102400", None, 64.0).device
    assert (device.name, device.tflops, device.dollars_hour) == ("NVIDIA Tomorrow 9000", None, 0.0)
    assert device.memory_gb == pytest.approx(107.4, abs=0.1)


def test_only_visible_cards_count() -> None:
    assert of_gpus(H100 * 8, ("2", "3"), 64.0).count == 2


def test_the_processor_has_the_memory_a_process_may_have() -> None:
    hardware = this_processor()
    assert 0 < hardware.device.memory_gb == host_memory_gb() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert hardware.device.tflops is None
    assert not hardware.device.is_gpu


def test_hidden_cards_leave_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not this_machine().device.is_gpu
