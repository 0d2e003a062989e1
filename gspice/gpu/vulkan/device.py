"""The GPU by Vulkan, through wgpu.

Commands are recorded and submitted together. wgpu-native ends the process where it cannot go on; see guard.pyi.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Self

import wgpu

from gspice.errors import ConfigError, GpuError, GpuLostError, GpuMemoryError
from gspice.gpu.compute.bytes import as_bytes
from gspice.gpu.compute.device import (
    PUSH_BYTES,
    WORD,
    ComputeDevice,
    DeviceBuffer,
    DeviceLimits,
    Program,
    Readback,
    check_copy,
    check_dispatch,
    check_range,
)
from gspice.gpu.compute.shaders import load_shader
from gspice.gpu.vulkan import guard, native
from gspice.gpu.vulkan.adapters import adapter_of, describe, devices
from gspice.gpu.vulkan.objects import VulkanBuffer, VulkanProgram, VulkanReadback
from gspice.gpu.vulkan.recorder import Recorder

__all__ = ["VulkanDevice", "devices"]
log = logging.getLogger(__name__)

MIN_READBACK = 1 << 12
MAX_BIND_GROUPS = 64
"""Kept for dispatches that bind the same buffers again."""
_CLOSED = "the device is closed"
_LOST_WORDS = ("lost", "destroyed")
_NO_MEMORY = "Not enough memory"
"""wgpu-native reports it as any other error."""
_failure: str | None = None
"""Why wgpu must not be asked for anything more in this process."""


class VulkanDevice(ComputeDevice):
    """See ComputeDevice. ``patience_ms`` is wgpu's own: a minute."""

    def __init__(self, adapter: Any, limits: DeviceLimits | None = None) -> None:
        """Of an adapter of wgpu's. ConfigError: it cannot do what is needed."""
        self.limits = limits or DeviceLimits()
        self.info = describe(adapter)
        self._gone: str | None = None
        self._objects: set[VulkanBuffer | VulkanReadback] = set()
        self._programs: dict[str, VulkanProgram] = {}
        self._groups: dict[tuple[str, tuple[VulkanBuffer, ...]], Any] = {}
        self._spare: list[Any] = []
        self._tokens = count(1)
        self._mapping: dict[int, VulkanReadback] = {}
        self._callback = native.map_callback(self._mapped)
        try:
            # Whatever limits the adapter has, wgpu-py asks for.
            self._device: Any = adapter.request_device_sync(required_features=["immediates"])
        except Exception as error:
            # wgpu-py has no one class for what it raises.
            raise ConfigError(f"{self.info.name} gives no device that can compute: {error}") from error
        self._recorder = Recorder(self._device, self.limits.staging_bytes)
        guard.hold()

    @classmethod
    def open(cls, device: str | None = None, limits: DeviceLimits | None = None) -> Self:
        """The device of a number or a part of a name; None: the first GPU.

        ConfigError: there is none, or it cannot compute.
        """
        if _failure is not None:
            raise ConfigError(f"wgpu failed in this process ({_failure}): start it again to draw by Vulkan")
        return cls(adapter_of(device), limits)

    # What it knows of itself

    @property
    def live_objects(self) -> int:
        return len(self._objects) + len(self._programs)

    def _begin(self) -> None:
        """What every call does first."""
        if self._gone is not None:
            raise GpuLostError(self._gone)

    @contextmanager
    def _doing(self, what: str, *, allocating: bool = False) -> Iterator[None]:
        """Where wgpu is called: whatever it raises, the device is lost, but for want of memory for a buffer.

        Where wgpu wants memory for itself and gets none, it gives the device up.
        """
        try:
            yield
        except Exception as error:
            # As in __init__.
            if allocating and isinstance(error, wgpu.GPUError) and _NO_MEMORY in str(error):
                raise GpuMemoryError(f"{self.info.name} has no memory: {what}") from error
            self._abandon(f"{self.info.name} failed at {what}: {' '.join(str(error).split())}")
            if isinstance(error, GpuLostError):
                global _failure  # noqa: PLW0603  one wgpu in a process
                _failure = str(error)
            raise GpuLostError(self._gone) from error

    def _abandon(self, reason: str) -> None:
        """The device is lost, and nothing of it may be touched again, not even to free it."""
        self._gone = reason
        log.error("vulkan: %s", reason)
        things = [self._device, *self._recorder.handles(), *self._spare, *self._groups.values()]
        things += [thing.native for thing in self._objects]
        for program in self._programs.values():
            things += program.parts
        native.stop_poller(self._device)
        for thing in things:
            if thing is not None:
                native.forget(thing)
        self._device = None
        self._spare.clear()
        self._groups.clear()

    # What it does

    def buffer(self, size: int) -> DeviceBuffer:
        if size <= 0 or size % WORD:
            raise ValueError(f"a buffer of {size} bytes: a multiple of {WORD}, and not none")
        self._begin()
        most = self.info.max_buffer_bytes
        if size > most:
            raise GpuMemoryError(f"{size} bytes: {self.info.name} has buffers of up to {most}")
        usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
        with self._doing(f"a buffer of {size} bytes", allocating=True):
            made = VulkanBuffer(self, self._device.create_buffer(size=size, usage=usage), size)
        self._objects.add(made)
        return made

    def program(self, name: str) -> Program:
        self._begin()
        if name not in self._programs:
            source = load_shader(name)
            with self._doing(f"compiling shader {name}"):
                try:
                    self._programs[name] = VulkanProgram(self._device, source)
                except wgpu.GPUError as error:
                    if any(word in str(error).lower() for word in _LOST_WORDS):
                        raise
                    refused = error
                else:
                    return self._programs[name]
            raise GpuError(f"{self.info.name} cannot compile shader {name}: {refused}") from refused
        return self._programs[name]

    def upload(self, buffer: DeviceBuffer, offset: int, data: bytes | bytearray | memoryview) -> None:
        mine = self._mine(buffer)
        content = as_bytes(data)
        check_range(mine.size, offset, content.size)
        self._begin()
        with self._doing(f"an upload of {content.size} bytes"):
            self._recorder.write(mine.native, offset, content)

    def dispatch(
        self,
        program: Program,
        buffers: Sequence[DeviceBuffer],
        groups: tuple[int, int, int],
        push: bytes = b"",
    ) -> None:
        self._begin()
        if not isinstance(program, VulkanProgram) or self._programs.get(program.name) is not program:
            raise ValueError("the program is none of this device's")
        check_dispatch(len(program.source.read_only), len(buffers), groups, push)
        mine = tuple(self._mine(buffer) for buffer in buffers)
        with self._doing(f"shader {program.name}"):
            into = self._recorder.compute_pass()
            into.set_pipeline(program.pipeline)
            if mine:
                into.set_bind_group(0, self._bind_group(program, mine))
            if program.source.push:
                into.set_immediates(0, push.ljust(PUSH_BYTES, b"\0"), 0, PUSH_BYTES)
            into.dispatch_workgroups(*groups)

    def _bind_group(self, program: VulkanProgram, buffers: tuple[VulkanBuffer, ...]) -> Any:
        key = program.name, buffers
        if key not in self._groups:
            if len(self._groups) >= MAX_BIND_GROUPS:
                self._groups.clear()
            entries = [
                {"binding": binding, "resource": {"buffer": buffer.native}}
                for binding, buffer in enumerate(buffers)
            ]
            self._groups[key] = self._device.create_bind_group(layout=program.layout, entries=entries)
        return self._groups[key]

    def copy(
        self, source: DeviceBuffer, source_offset: int, target: DeviceBuffer, target_offset: int, size: int
    ) -> None:
        one, other = self._mine(source), self._mine(target)
        check_range(one.size, source_offset, size)
        check_range(other.size, target_offset, size)
        self._begin()
        if one is other:
            check_copy(source_offset, target_offset, size)
        if not size:
            return
        if one is not other:
            self._copy(one.native, source_offset, other.native, target_offset, size)
            return
        # wgpu does not copy within one buffer.
        with self.buffer(size) as between:
            self.copy(one, source_offset, between, 0, size)
            self.copy(between, 0, one, target_offset, size)

    def _copy(self, source: Any, source_offset: int, target: Any, target_offset: int, size: int) -> None:
        with self._doing(f"a copy of {size} bytes"):
            self._recorder.encoder().copy_buffer_to_buffer(source, source_offset, target, target_offset, size)

    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        mine = self._mine(buffer)
        check_range(mine.size, offset, size)
        if not size:
            raise ValueError("nothing to read")
        self._begin()
        memory = self._take_spare(size)
        self._copy(mine.native, offset, memory, 0, size)
        with self._doing(f"a readback of {size} bytes"):
            readback = VulkanReadback(self, memory, self._recorder.mark(), next(self._tokens), size)
            self._objects.add(readback)
            self._mapping[readback.token] = readback
            native.map_buffer(memory, size, self._callback, readback.token)
        return readback

    def _take_spare(self, size: int) -> Any:
        for index, memory in enumerate(self._spare):
            if size <= memory.size <= max(4 * size, MIN_READBACK):
                return self._spare.pop(index)
        room = max(1 << (size - 1).bit_length(), MIN_READBACK)
        with self._doing(f"memory to read {size} bytes back", allocating=True):
            return self._device.create_buffer(
                size=room, usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
            )

    def flush(self) -> None:
        self._begin()
        with self._doing("what it was told last"):
            self._recorder.submit()

    def close(self) -> None:
        if self._gone == _CLOSED:
            return
        if self._gone is None:
            # Nothing is freed that is still in use.
            with suppress(GpuError), self._doing("its last work"):
                native.poll(self._device, self._recorder.mark())
        for thing in list(self._objects):
            thing.close()
        device, self._device = self._device, None
        if device is not None:
            native.stop_poller(device)
        self._objects.clear()
        self._programs.clear()
        self._groups.clear()
        self._mapping.clear()
        self._spare.clear()
        self._recorder.close()
        if device is not None:
            try:
                native.release_device(device)
            except (GpuLostError, RuntimeError) as error:
                log.error("vulkan: %s failed at its end: %s", self.info.name, error)
        self._gone = _CLOSED
        guard.let_go()

    # What its objects call

    def _mine(self, buffer: DeviceBuffer) -> VulkanBuffer:
        if not isinstance(buffer, VulkanBuffer) or buffer not in self._objects:
            if self._gone is not None:
                raise GpuLostError(self._gone)
            raise ValueError("the buffer is closed, or none of this device's")
        return buffer

    def free_buffer(self, buffer: VulkanBuffer) -> None:
        """Of a buffer that is closed."""
        if buffer not in self._objects:
            return
        if self._gone is None:
            # What is recorded may still use it.
            with suppress(GpuLostError), self._doing("what it was told last"):
                self._recorder.submit()
        self._objects.discard(buffer)
        for key in [key for key in self._groups if buffer in key[1]]:
            del self._groups[key]
        self._destroy(buffer.native)
        buffer.native = None

    def free_readback(self, readback: VulkanReadback) -> None:
        """Of a readback that was taken or given up."""
        if readback not in self._objects:
            return
        self._objects.discard(readback)
        self._mapping.pop(readback.token, None)
        memory, readback.native = readback.native, None
        if self._gone is not None or not readback.taken:
            self._destroy(memory)
            return
        self._spare.append(memory)
        while sum(spare.size for spare in self._spare) > self.limits.spare_readback_bytes:
            self._destroy(self._spare.pop(0))

    def _destroy(self, memory: Any) -> None:
        # A lost device's memory is forgotten already.
        if self._gone is None:
            with suppress(GpuError), self._doing("freeing memory"):
                memory.destroy()

    def passed(self, readback: VulkanReadback, *, wait: bool) -> bool:
        """Whether a readback's bytes are there. GpuLostError."""
        self._begin()
        if readback not in self._objects:
            raise ValueError("the readback was taken, or given up")
        with self._doing("a readback"):
            if readback.mapped is None:
                native.poll(self._device, readback.number if wait else None)
            if readback.mapped is None and not wait:
                return False
            if not readback.mapped:
                raise RuntimeError(readback.reason or "it did not answer")
        return True

    def content(self, readback: VulkanReadback) -> bytes:
        """The bytes of a readback that is there. GpuLostError."""
        with self._doing("a readback"):
            return native.mapped_bytes(readback.native, readback.size)

    def _mapped(self, token: int, worked: bool, reason: str) -> None:
        readback = self._mapping.pop(token, None)
        if readback is not None:
            readback.mapped, readback.reason = worked, reason
