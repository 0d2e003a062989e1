"""wgpu-native below wgpu-py: the calls that wait, or that end the process where a device is lost, under the guard.

GpuLostError, from all that calls: wgpu gave up, and see guard.pyi. RuntimeError: it refused.
"""

import ctypes
from collections.abc import Callable
from typing import Any

from wgpu.backends.wgpu_native import ffi, lib
from wgpu.backends.wgpu_native._api import error_handler

from gspice.errors import GpuLostError
from gspice.gpu.vulkan import guard


def _address(name: str) -> int:
    return int(ffi.cast("intptr_t", ffi.addressof(lib, name)))


_SUBMIT, _POLL, _WRITE, _MAPPED, _UNMAP, _RELEASE_DEVICE = map(
    _address,
    (
        "wgpuQueueSubmitForIndex",
        "wgpuDevicePoll",
        "wgpuQueueWriteBuffer",
        "wgpuBufferGetConstMappedRange",
        "wgpuBufferUnmap",
        "wgpuDeviceRelease",
    ),
)


def _word(thing: Any) -> int:
    """A wgpu-py object, or a pointer, as a machine word."""
    return int(ffi.cast("intptr_t", getattr(thing, "_internal", thing)))


def _call(function: int, *words: int) -> int:
    """Call under the guard. GpuLostError: wgpu gave up; RuntimeError: it refused, for that reason."""
    # wgpu-py raises what is captured so, and logs the rest.
    error_handler.capture("guarded")
    try:
        result = guard.call(function, *words)
    finally:
        refused = error_handler.release("guarded")
    if refused is not None:
        raise RuntimeError(refused[1])
    return result


def submit(queue: Any, commands: Any) -> int:
    """Give a command buffer to the GPU; its number, for ``poll``."""
    array = ffi.new("WGPUCommandBuffer[]", [commands._internal])
    try:
        return _call(_SUBMIT, _word(queue), 1, _word(array))
    except GpuLostError:
        forget(commands)
        raise


def poll(device: Any, number: int | None = None) -> None:
    """Let callbacks run; with a number, wait until the GPU is through with what was submitted so."""
    if number is None:
        _call(_POLL, _word(device))
    else:
        index = ffi.new("WGPUSubmissionIndex *", number)
        _call(_POLL, _word(device), 1, _word(index))


def write_buffer(queue: Any, buffer: Any, offset: int, address: int, size: int) -> None:
    """Copy memory into a buffer, after all that was submitted and before all that is to be."""
    _call(_WRITE, _word(queue), _word(buffer), offset, address, size)


def mapped_bytes(buffer: Any, size: int) -> bytes:
    """What a mapped buffer holds; it is unmapped then."""
    address = _call(_MAPPED, _word(buffer), 0, size)
    if not address:
        raise RuntimeError("a buffer that was mapped cannot be read")
    content = ctypes.string_at(address, size)
    _call(_UNMAP, _word(buffer))
    return content


def stop_poller(device: Any) -> None:
    """End the thread that wgpu-py starts for each device, and that has nothing to do here."""
    poller, device._poller = device._poller, None
    if poller is not None:
        poller.stop()


def release_device(device: Any) -> None:
    """Free a device in place of wgpu-py."""
    address = _word(device)
    forget(device)
    _call(_RELEASE_DEVICE, address)


def forget(thing: Any) -> None:
    """Keep wgpu-py from freeing an object, for good: of a device that failed, that could end the process."""
    thing._internal = None


def map_callback(done: Callable[[int, bool, str], None]) -> Any:
    """A callback for ``map_buffer``, which tells the token, whether it worked, and why not; keep it."""

    @ffi.callback("void(WGPUMapAsyncStatus, WGPUStringView, void *, void *)")  # type: ignore[untyped-decorator]
    def called(status: int, message: Any, token: Any, _unused: Any) -> None:
        text = (
            ""
            if message.data == ffi.NULL
            else ffi.string(message.data, message.length).decode(errors="replace")
        )
        done(int(ffi.cast("intptr_t", token)), status == lib.WGPUMapAsyncStatus_Success, text)

    return called


def map_buffer(buffer: Any, size: int, callback: Any, token: int) -> None:
    """Ask for a buffer's bytes: the callback is called from a later ``poll``."""
    info = ffi.new("WGPUBufferMapCallbackInfo *")
    info.mode = lib.WGPUCallbackMode_AllowProcessEvents
    info.callback = callback
    info.userdata1 = ffi.cast("void *", token)
    lib.wgpuBufferMapAsync(buffer._internal, lib.WGPUMapMode_Read, 0, size, info[0])
