"""A device that fails at a chosen call, between whoever is under test and a real device."""

from collections.abc import Callable, Sequence

from gspice.errors import GpuError, GpuLostError
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, DeviceInfo, Program, Readback


class FailingDevice(ComputeDevice):
    """Raises ``error`` at call number ``at``, counted from 0, before it does anything; never where it is None.

    With a GpuLostError all later calls raise it too, as those of a lost device do; after any other error the device
    goes on. ``only``: names of the methods that count; readbacks' are ``ready`` and ``take``. ``close`` never fails.
    ``calls`` has the names of those that counted, so a run without an error tells what there is to fail.
    """

    def __init__(
        self,
        device: ComputeDevice,
        at: int | None = None,
        error: GpuError | None = None,
        only: Sequence[str] | None = None,
    ) -> None:
        self.device, self.at, self.only = device, at, only
        self.error = error or GpuLostError("the driver has reset the context")
        self.calls: list[str] = []
        self.closed = 0

    def count(self, name: str) -> None:
        """Note a call, and raise where it is the one, or comes after the loss."""
        if self.only is not None and name not in self.only:
            if isinstance(self.error, GpuLostError) and self.failed:
                raise self.error
            return
        number = len(self.calls)
        self.calls.append(name)
        if self.at is None or number < self.at:
            return
        if number == self.at or isinstance(self.error, GpuLostError):
            raise self.error

    @property
    def failed(self) -> bool:
        """Whether the chosen call has come."""
        return self.at is not None and len(self.calls) > self.at

    @property
    def info(self) -> DeviceInfo:  # type: ignore[override]
        return self.device.info

    @property
    def live_objects(self) -> int:
        return self.device.live_objects

    def buffer(self, size: int) -> DeviceBuffer:
        self.count("buffer")
        return self.device.buffer(size)

    def program(self, name: str) -> Program:
        self.count("program")
        return self.device.program(name)

    def upload(self, buffer: DeviceBuffer, offset: int, data: bytes | bytearray | memoryview) -> None:
        self.count("upload")
        self.device.upload(buffer, offset, data)

    def dispatch(
        self,
        program: Program,
        buffers: Sequence[DeviceBuffer],
        groups: tuple[int, int, int],
        push: bytes = b"",
    ) -> None:
        self.count("dispatch")
        self.device.dispatch(program, buffers, groups, push)

    def copy(
        self, source: DeviceBuffer, source_offset: int, target: DeviceBuffer, target_offset: int, size: int
    ) -> None:
        self.count("copy")
        self.device.copy(source, source_offset, target, target_offset, size)

    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        self.count("read")
        return FailingReadback(self.device.read(buffer, offset, size), self.count)

    def flush(self) -> None:
        self.count("flush")
        self.device.flush()

    def close(self) -> None:
        self.closed += 1
        self.device.close()


class FailingReadback(Readback):
    """A readback of a device that fails."""

    def __init__(self, readback: Readback, count: Callable[[str], None]) -> None:
        self._readback, self._count, self.size = readback, count, readback.size

    def ready(self) -> bool:
        self._count("ready")
        return self._readback.ready()

    def take(self) -> bytes:
        self._count("take")
        return self._readback.take()

    def close(self) -> None:
        self._readback.close()
