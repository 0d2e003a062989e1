"""Run in a process of its own, under vulkan_loss_layer.c: a device fails in a chosen way, and what is then is printed.

python -m tests.gpu.vulkan_losses LAYER WAY
"""

import ctypes
import sys
from collections.abc import Callable

from gspice.errors import ConfigError, GpuError
from gspice.gpu.compute import shaders
from gspice.gpu.compute.device import ComputeDevice, DeviceLimits
from gspice.gpu.vulkan.device import VulkanDevice
from tests.gpu.devices import SHADERS, SOFTWARE, filled, words

SUBMIT, WAIT, ALLOCATE = 1, 2, 4


def ways(device: ComputeDevice) -> dict[str, tuple[int, Callable[[], object]]]:
    """What fails of the driver, and what is done then."""
    grow = device.program("grow")
    buffer = filled(device, 1, 2, 3)
    large = device.buffer(96 << 20)
    device.flush()

    def dispatch() -> None:
        device.dispatch(grow, (buffer,), (1, 1, 1), words(3, 1))
        device.flush()

    def upload() -> None:
        device.upload(buffer, 0, words(1))
        dispatch()

    return {
        "flush": (SUBMIT, dispatch),
        "read": (SUBMIT, lambda: device.read(buffer, 0, 12)),
        "upload": (SUBMIT, upload),
        "take": (WAIT, lambda: device.read(buffer, 0, 12).take()),
        "ready": (WAIT, lambda: [device.read(buffer, 0, 12).ready() for _ in range(1000)]),
        "close": (SUBMIT | WAIT, device.close),
        "memory": (ALLOCATE, lambda: device.buffer(64 << 20)),
        "staging": (ALLOCATE, lambda: device.upload(large, 0, bytes(large.size))),
        "spare": (ALLOCATE, lambda: device.read(large, 0, large.size)),
    }


def main(layer: str, way: str) -> None:
    """Fail, and say how it went."""
    shaders.FOLDER = SHADERS
    fail = ctypes.CDLL(layer).gspice_fail
    # Memory comes in blocks, and what is asked for here is too large for any.
    device = VulkanDevice.open(SOFTWARE, DeviceLimits(staging_bytes=256 << 20))
    failing, call = ways(device)[way]
    fail(failing)
    try:
        call()
        print("nothing")
    except GpuError as error:
        print(type(error).__name__, error)
    try:
        device.flush()
        buffer = device.buffer(12)
        print("goes on", device.read(buffer, 0, 12).take() == bytes(12))
    except GpuError as error:
        print("then", type(error).__name__)
    device.close()
    fail(0)
    try:
        with VulkanDevice.open(SOFTWARE) as another:
            print("another", another.read(filled(another, 1), 0, 4).take().hex())
    except ConfigError as error:
        print("no other", error)


if __name__ == "__main__":
    main(*sys.argv[1:])
