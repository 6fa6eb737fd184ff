"""Hardware as values, for planning a training run. Figures are from the vendors' data sheets; prices have a date."""

import re
from dataclasses import dataclass

from skyassets.core.errors import SkyassetsError


@dataclass(frozen=True)
class Device:
    """One accelerator, or the CPU if there is none."""

    name: str
    memory_gb: float
    """GB (10^9 bytes) available to a rank."""
    tflops: float | None = None
    """Dense bf16 peak in 10^12 operations per second; None if unknown."""
    link_gb_s: float = 0.0
    """GB/s to each neighbour within a node, one way."""
    host_gb_s: float = 0.0
    """GB/s to main memory, one way."""
    dollars_hour: float = 0.0
    is_gpu: bool = True


@dataclass(frozen=True)
class Hardware:
    """Identical devices in identical nodes."""

    device: Device
    count: int = 1
    """Devices per node."""
    nodes: int = 1
    host_memory_gb: float = 0.0
    """Main memory of a node; 0 if unknown."""

    @property
    def devices(self) -> int:
        """Total number of devices."""
        return self.count * self.nodes


PCIE_4, PCIE_5 = 32.0, 64.0
"""GB/s one way over 16 lanes (PCI-SIG, base specifications 4.0 and 5.0)."""
NVLINK_3, NVLINK_4, NVLINK_5 = 300.0, 450.0, 900.0
"""GB/s one way: half of the 600, 900 and 1,800 of NVIDIA's A100, H100 and B200 data sheets."""
LAMBDA = "Lambda's on-demand price of 8 cards, January 2025"


@dataclass(frozen=True)
class Known:
    """A device and its usual surroundings when rented."""

    device: Device
    host_memory_gb: float
    """Main memory per device in a typical node."""
    priced: str = ""
    """The source and date of the price."""


def _known(
    memory_gb: float,
    tflops: float,
    link: float,
    host: float,
    host_memory_gb: float,
    price: float = 0.0,
    priced: str = "",
    *,
    name: str,
) -> tuple[str, Known]:
    return name, Known(Device(name, memory_gb, tflops, link, host, price), host_memory_gb, priced)


KNOWN_DEVICES: dict[str, Known] = dict(
    (
        _known(192.3, 2_250, NVLINK_5, PCIE_5, 250, name="B200-192GB"),
        _known(150.8, 989, NVLINK_4, PCIE_5, 250, name="H200-141GB"),
        _known(85.5, 989, NVLINK_4, PCIE_5, 225, 2.99, LAMBDA, name="H100-80GB"),
        _known(85.5, 756, PCIE_5, PCIE_5, 200, name="H100-PCIE-80GB"),
        _known(85.9, 312, NVLINK_3, PCIE_4, 225, 1.79, LAMBDA, name="A100-80GB"),
        _known(42.9, 312, NVLINK_3, PCIE_4, 225, 1.29, LAMBDA, name="A100-40GB"),
        _known(48.3, 362, PCIE_4, PCIE_4, 96, name="L40S-48GB"),
        _known(25.8, 165, PCIE_4, PCIE_4, 64, name="RTX4090-24GB"),
        _known(24.1, 121, PCIE_4, PCIE_4, 48, name="L4-24GB"),
        _known(
            24.1, 70, PCIE_4, PCIE_4, 48, 1.01, "AWS's on-demand price of g5.xlarge, January 2025", name="A10G-24GB"
        ),
    )
)
"""H100's price is the one behind the published $450 of Sky-T1-32B-Preview: 19 hours x 8 GPUs x $2.99."""

WRITTEN = re.compile(r"(?:(?:(?P<nodes>\d+)x)?(?P<count>\d+)x)?(?P<name>[A-Za-z][\w.-]*)")
CPU = re.compile(r"cpu-(?P<memory>\d+(?:\.\d+)?)GB", re.IGNORECASE)


def hardware_of(text: str) -> Hardware:
    """The hardware described by `text`: `H100-80GB`, `8xH100-80GB`, `2x8xH100-80GB` (nodes first), or `cpu-24GB`.

    Raises:
        SkyassetsError: when the format is invalid or the device is unknown; the message lists the known ones.
    """
    if cpu := CPU.fullmatch(text):
        memory = float(cpu["memory"])
        return Hardware(Device("cpu", memory, is_gpu=False), host_memory_gb=memory)
    written = WRITTEN.fullmatch(text)
    by_name = {name.casefold(): known for name, known in KNOWN_DEVICES.items()}
    known = by_name.get(written["name"].casefold()) if written else None
    count, nodes = (int(written[part] or 1) for part in ("count", "nodes")) if written else (0, 0)
    if known is None or not count or not nodes:
        raise SkyassetsError(
            f"{text!r} is not known hardware; write 8xH100-80GB, 2x8xH100-80GB for two nodes, cpu for this "
            f"machine's processor, or cpu-64GB for another's. Known are {', '.join(KNOWN_DEVICES)}"
        )
    return Hardware(known.device, count, nodes, known.host_memory_gb * count)


def priced(device: Device) -> str:
    """The source of the device's price; empty if it is not the known price."""
    known = KNOWN_DEVICES.get(device.name)
    return known.priced if known is not None and known.device.dollars_hour == device.dollars_hour else ""
