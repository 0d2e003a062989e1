"""What the way to a GPU costs: bytes to it and back against a copy in memory, and an empty dispatch; on each device."""

import time
from collections.abc import Callable

from bench.machine import describe
from gspice.errors import ConfigError, GpuError
from gspice.gpu.backends import GPU_BACKENDS, load
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, Program

SIZES = (64 << 10, 1 << 20, 8 << 20)
"""A glyph's worth, a window's worth, and a screen of 1920x1080."""
SECONDS = 0.5
"""For each figure, after a warm-up of one turn."""
DEVICES = {
    "opengl": "gspice.gpu.opengl.device:OpenGLDevice",
    "vulkan": "gspice.gpu.vulkan.device:VulkanDevice",
}


def main() -> None:
    """Print a table for each device that is found, software among them."""
    print(describe())
    for size in SIZES:
        print(f"  copy in memory of {size >> 10} KiB: {rate(copier(size), size):.0f} MB/s")
    for api, backend in GPU_BACKENDS.items():
        try:
            adapters = load(backend.adapters)()
            for adapter in adapters:
                with load(DEVICES[api]).open(str(adapter.index)) as device:
                    measure(device)
        except (ConfigError, GpuError, ImportError) as error:
            print(f"{api}: {error}")


def measure(device: ComputeDevice) -> None:
    """All figures of one device."""
    info = device.info
    print(f"{info.api}: {info.name}, {info.driver}")
    with device.buffer(SIZES[-1]) as buffer, device.buffer(4096) as small:
        for size in SIZES:
            data = bytes(size)

            def upload(data: bytes = data) -> None:
                device.upload(buffer, 0, data)

            def read(size: int = size) -> None:
                device.read(buffer, 0, size).take()

            # What was uploaded has arrived when something behind it was read.
            up = rate(upload, size, lambda: device.read(small, 0, 4).take())
            down = rate(read, size)
            print(f"  {size >> 10} KiB: to it {up:.0f} MB/s, back {down:.0f} MB/s")
        gather = device.program("gather")
        one = 1e6 / per_second(dispatch(device, gather, buffer, small, 1))
        many = 1e6 / per_second(dispatch(device, gather, buffer, small, 100)) / 100
        print(f"  empty dispatch, one word read back: {one:.0f} us; one of a hundred: {many:.1f} us")


def dispatch(
    device: ComputeDevice, program: Program, buffer: DeviceBuffer, small: DeviceBuffer, times: int
) -> Callable[[], object]:
    """Dispatches of a shader that has nothing to do, and waiting for them."""

    def call() -> object:
        for _ in range(times):
            device.dispatch(program, (buffer, small), (1, 1, 1), bytes(20))
        return device.read(small, 0, 4).take()

    return call


def copier(size: int) -> Callable[[], object]:
    """A copy of so many bytes."""
    source, target = bytes(size), memoryview(bytearray(size))

    def copy() -> None:
        target[:] = source

    return copy


def rate(call: Callable[[], object], size: int, end: Callable[[], object] | None = None) -> float:
    """Millions of bytes a second."""
    return per_second(call, end) * size / 1e6


def per_second(call: Callable[[], object], end: Callable[[], object] | None = None) -> float:
    """How often it can be called, ``end`` at the end included."""
    call()
    if end:
        end()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        call()
        count += 1
    if end:
        end()
    return count / (time.perf_counter() - start)
