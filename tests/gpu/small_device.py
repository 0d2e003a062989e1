"""A device whose buffers are small, between whoever is under test and a real one."""

from dataclasses import replace

from gspice.errors import GpuMemoryError
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, DeviceInfo
from tests.gpu.failing_device import FailingDevice


class SmallDevice(FailingDevice):
    """Refuses buffers above ``most`` bytes; ``calls`` as in FailingDevice."""

    def __init__(self, device: ComputeDevice, most: int, *, told: int | None = None) -> None:
        """``told``: what it says that it takes, where that is not true."""
        super().__init__(device)
        self.most, self._told = most, most if told is None else told

    @property
    def info(self) -> DeviceInfo:  # type: ignore[override]
        return replace(self.device.info, max_buffer_bytes=self._told)

    def buffer(self, size: int) -> DeviceBuffer:
        if size > self.most:
            raise GpuMemoryError(f"{size} bytes are more than {self.most}")
        return super().buffer(size)
