"""Machines as values: what a training run is planned for. Figures are the vendors' data sheets; prices have a date."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """One accelerator, or the processor where there is none."""

    name: str
    memory_gb: float
    """GB (10^9 bytes) that a rank can have."""
    tflops: float | None = None
    """Dense bf16 peak in 10^12 operations a second; None where nobody knows."""
    link_gb_s: float = 0.0
    """GB/s to each of its neighbours of a node, one way."""
    host_gb_s: float = 0.0
    """GB/s to main memory, one way."""
    dollars_hour: float = 0.0
    is_gpu: bool = True


@dataclass(frozen=True)
class Hardware:
    """Equal devices in equal nodes."""

    device: Device
    count: int = 1
    """Devices of a node."""
    nodes: int = 1
    host_memory_gb: float = 0.0
    """Main memory of a node; 0 where nobody knows."""

    @property
    def devices(self) -> int:
        """All devices."""
        return self.count * self.nodes
