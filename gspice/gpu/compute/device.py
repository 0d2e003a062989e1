"""What the GPU canvases need of a GPU: buffers, compute shaders, and pixels back. One contract for OpenGL and Vulkan.

What a device is told happens in that order. A device, and all that it makes, belongs to the thread that opened it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

WORD = 4
"""Offsets and sizes are multiples of it."""
PUSH_BYTES = 64
"""Parameters of one dispatch, at most."""
MAX_BINDINGS = 8
"""Buffers of one dispatch, at most."""
MAX_GROUPS = 65535
"""Workgroups of one dispatch in each direction, at most: what every device takes."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a device is, found out when it is opened."""

    api: str
    """opengl or vulkan."""
    name: str
    vendor: str
    driver: str
    software: bool
    """It computes on the CPU."""
    max_buffer_bytes: int
    """Of one buffer that a shader reads or writes."""
    memory_bytes: int | None
    """Its own memory; None: the driver does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLimits:
    """What a device may take beside the buffers that it is asked for, and how long it is waited for."""

    staging_bytes: int = 16 << 20
    """What is on its way to the device."""
    spare_readback_bytes: int = 32 << 20
    """Memory of readbacks that were taken, kept for the next ones."""
    patience_ms: int = 20_000
    """A device that does not answer for so long is taken for lost."""


class DeviceBuffer(ABC):
    """Memory on the device; close it, or the device's end does."""

    size: int

    @abstractmethod
    def close(self) -> None:
        """Free it when the device has done what it was told before; again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Program(ABC):
    """A compiled compute shader; the device keeps it until its own end."""

    name: str


class Readback(ABC):
    """Bytes on their way back: ``take`` them, or ``close``; either frees the memory."""

    size: int

    @abstractmethod
    def ready(self) -> bool:
        """Whether ``take`` would not wait; never waits itself. GpuLostError."""

    @abstractmethod
    def take(self) -> bytes:
        """Wait for the bytes, with the GIL released; once only. GpuLostError."""

    @abstractmethod
    def close(self) -> None:
        """Give up what was not taken; again does nothing."""


class ComputeDevice(ABC):
    """A GPU, opened.

    GpuLostError, from any call but ``close``: it failed, and nothing on it can be used any more. GpuMemoryError: there
    is no memory for this, and the rest goes on. ValueError: a caller's mistake, nothing was done.
    """

    info: DeviceInfo
    limits: DeviceLimits

    @property
    @abstractmethod
    def live_objects(self) -> int:
        """Buffers and readbacks that were neither closed nor taken, and compiled programs."""

    @abstractmethod
    def buffer(self, size: int) -> DeviceBuffer:
        """New memory, all zero."""

    @abstractmethod
    def program(self, name: str) -> Program:
        """shaders/<name>.glsl, compiled the first time. GpuError: it cannot be compiled here."""

    @abstractmethod
    def upload(self, buffer: DeviceBuffer, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Copy bytes into a buffer; they are the caller's again on return."""

    @abstractmethod
    def dispatch(
        self,
        program: Program,
        buffers: Sequence[DeviceBuffer],
        groups: tuple[int, int, int],
        push: bytes = b"",
    ) -> None:
        """Run a program; it sees what all dispatches, copies and uploads before it wrote.

        ``buffers``: for bindings 0, 1, ...; ``push``: up to 64 bytes for the block at the binding after them.
        """

    @abstractmethod
    def copy(
        self, source: DeviceBuffer, source_offset: int, target: DeviceBuffer, target_offset: int, size: int
    ) -> None:
        """Copy between two buffers, or between parts of one that do not overlap."""

    @abstractmethod
    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        """Begin to read what the buffer holds now."""

    @abstractmethod
    def flush(self) -> None:
        """Let the device begin with what it was told; does not wait."""

    @abstractmethod
    def close(self) -> None:
        """Free all that it made; readbacks that were not taken raise GpuLostError from now on. Again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def check_range(size: int, offset: int, length: int) -> None:
    """ValueError unless so many bytes from an offset are whole words that lie in a buffer of a size."""
    if offset < 0 or length < 0 or offset + length > size:
        raise ValueError(f"bytes {offset} to {offset + length} of a buffer of {size}")
    if offset % WORD or length % WORD:
        raise ValueError(f"{length} bytes at {offset}: both are multiples of {WORD}")


def check_copy(source_offset: int, target_offset: int, size: int) -> None:
    """ValueError where parts of one buffer overlap."""
    if abs(source_offset - target_offset) < size:
        raise ValueError(f"{size} bytes at {source_offset} overlap those at {target_offset}")


def check_dispatch(bindings: int, buffers: int, groups: tuple[int, int, int], push: bytes) -> None:
    """ValueError unless a dispatch is what every device takes and the program binds."""
    if buffers != bindings or buffers > MAX_BINDINGS:
        raise ValueError(f"{buffers} buffers for a program of {bindings} bindings")
    if len(groups) != 3 or not all(0 < count <= MAX_GROUPS for count in groups):
        raise ValueError(f"workgroups {groups}: each from 1 to {MAX_GROUPS}")
    if len(push) > PUSH_BYTES or len(push) % WORD:
        raise ValueError(f"{len(push)} bytes of parameters: whole words, up to {PUSH_BYTES} bytes")
