"""The buffers that hosts hand over for scanout: dma-bufs, mapped where their rows can be read, else through EGL."""

import errno
import fcntl
import logging
import mmap
import os
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.gpu.dmabuf_egl import EglImporter
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.server import worker_messages as m
from gspice.server.qxl_worker import MODIFIER_UNKNOWN
from gspice.server.scanout_rows import copy_pixels

log = logging.getLogger(__name__)

BYTES_PER_PIXEL = 4
"""Of what ``read`` gives."""
MAX_SIDE = 32767
"""Pixels a scanout may be wide or high, as surfaces."""
MAX_BYTES = 1 << 30
"""Bytes of a buffer that are mapped at most."""
MODIFIER_LINEAR = 0
"""DRM_FORMAT_MOD_LINEAR: rows one after the other."""
DMA_BUF_IOCTL_SYNC = 0x40086200
SYNC_READ, SYNC_END = 1, 4
_SYNC_TRIES = 8


def fourcc(name: str) -> int:
    """A DRM_FORMAT_* number from its four letters."""
    return int.from_bytes(name.encode("ascii"), "little")


FORMATS: dict[int, tuple[int, tuple[int, int, int]]] = {
    fourcc("XR24"): (4, (0, 1, 2)),
    fourcc("AR24"): (4, (0, 1, 2)),
    fourcc("XB24"): (4, (2, 1, 0)),
    fourcc("AB24"): (4, (2, 1, 0)),
    fourcc("RX24"): (4, (1, 2, 3)),
    fourcc("RA24"): (4, (1, 2, 3)),
    fourcc("BX24"): (4, (3, 2, 1)),
    fourcc("BA24"): (4, (3, 2, 1)),
    fourcc("RG24"): (3, (0, 1, 2)),
    fourcc("BG24"): (3, (2, 1, 0)),
}
"""Bytes of a pixel, and at which of them its blue, green and red lie."""


class ScanoutBuffer(ABC):
    """A host's buffer, open until ``close``."""

    how: str
    """How its pixels are read, for the log."""

    def __init__(self, spec: SurfaceSpec) -> None:
        self.spec = spec

    @abstractmethod
    def read(self, area: Rect, out: memoryview, left: int = 0, top: int = 0) -> None:
        """Copy an area inside, first row on top, to (left, top) of ``out``: XRGB32, shape (height, width, 4).

        InterfaceError: it cannot be read any more.
        """

    @abstractmethod
    def close(self) -> None: ...


class MappedBuffer(ScanoutBuffer):
    """One whose rows lie one after the other in memory."""

    how = "mapped"

    def __init__(self, message: m.GlScanout) -> None:
        super().__init__(_spec(message))
        self._fds = message.fds
        self._fd = message.fds.numbers[0]
        self._size, self._places = FORMATS[message.fourcc]
        size = self._size
        width, height, stride, offset = message.width, message.height, message.strides[0], message.offsets[0]
        if stride < width * size or offset < 0:
            raise InterfaceError(f"rows of {stride} bytes from {offset} on do not hold {width} pixels each")
        self._end = offset + stride * (height - 1) + width * size
        if self._end > MAX_BYTES:
            raise InterfaceError(f"it has {self._end} bytes; at most {MAX_BYTES} are mapped")
        self._check_size()
        try:
            self._memory: mmap.mmap | None = mmap.mmap(self._fd, self._end, mmap.MAP_SHARED, mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise InterfaceError(f"its memory cannot be mapped: {error}") from error
        self._first, self._step = offset, stride
        if not message.y_0_top:
            self._first, self._step = offset + stride * (height - 1), -stride

    def _check_size(self) -> None:
        """Memory beyond the end of a buffer is a fatal signal to touch."""
        try:
            size = os.lseek(self._fd, 0, os.SEEK_END)
        except OSError as error:
            raise InterfaceError(f"it does not say how large it is: {error.strerror}") from error
        if size < self._end:
            raise InterfaceError(f"it has {size} bytes, and its picture would need {self._end}")

    def read(self, area: Rect, out: memoryview, left: int = 0, top: int = 0) -> None:
        assert self._memory is not None
        self._check_size()
        first = self._first + area.top * self._step + area.left * self._size
        with self._synchronised():
            copy_pixels(
                self._memory,
                first,
                self._step,
                self._size,
                self._places,
                out,
                left,
                top,
                area.width,
                area.height,
            )

    @contextmanager
    def _synchronised(self) -> Iterator[None]:
        """Wait for the GPU's writes, and tell its driver when the CPU is done."""
        self._sync(SYNC_READ)
        try:
            yield
        finally:
            self._sync(SYNC_READ | SYNC_END)

    def _sync(self, flags: int) -> None:
        for _ in range(_SYNC_TRIES):
            try:
                fcntl.ioctl(self._fd, DMA_BUF_IOCTL_SYNC, struct.pack("=Q", flags))
            except OSError as error:
                if error.errno in (errno.EINTR, errno.EAGAIN):
                    continue
                if error.errno != errno.ENOTTY:  # plain memory has nothing to wait for
                    raise InterfaceError(f"the GPU's writes cannot be awaited: {error.strerror}") from error
            return

    def close(self) -> None:
        # The mapping goes with its last reference: a reader that failed may still hold it.
        self._memory = None
        self._fds.close()


class EglBuffer(ScanoutBuffer):
    """One that only the GPU's driver can read."""

    def __init__(self, message: m.GlScanout, importer: EglImporter) -> None:
        super().__init__(_spec(message))
        self._fds = message.fds
        self._flipped = not message.y_0_top
        self._image = importer.import_buffer(
            fds=message.fds.numbers,
            width=message.width,
            height=message.height,
            offsets=message.offsets,
            strides=message.strides,
            fourcc=message.fourcc,
            modifier=None if message.modifier == MODIFIER_UNKNOWN else message.modifier,
        )
        self.how = f"through EGL on {importer.device}"

    def read(self, area: Rect, out: memoryview, left: int = 0, top: int = 0) -> None:
        # Textures are read as the buffer's rows lie, whatever side of the picture is their first.
        upper = self.spec.height - area.bottom if self._flipped else area.top
        data = self._image.read(Rect.sized(area.left, upper, area.width, area.height))
        first, step = 0, area.width * 4
        if self._flipped:
            first, step = step * (area.height - 1), -step
        copy_pixels(data, first, step, 4, (2, 1, 0), out, left, top, area.width, area.height)

    def close(self) -> None:
        self._image.close()
        self._fds.close()


def _spec(message: m.GlScanout) -> SurfaceSpec:
    return SurfaceSpec(message.width, message.height, SurfaceFormat.XRGB32)


def open_buffer(message: m.GlScanout, importer: EglImporter) -> ScanoutBuffer:
    """Open what the host handed over; the descriptors are the buffer's then. InterfaceError says why it cannot be."""
    if not (0 < message.width <= MAX_SIDE and 0 < message.height <= MAX_SIDE):
        raise InterfaceError(
            f"{message.width}x{message.height} pixels: sides must be 1..{MAX_SIDE}, of descriptors that are open"
        )
    planes = len(message.fds)
    if len(message.strides) < planes or len(message.offsets) < planes:
        raise InterfaceError(f"{planes} planes, but not as many offsets and strides")
    mappable = planes == 1 and message.fourcc in FORMATS
    # Where nobody says how pixels lie, the driver knows best; without one, rows are the only guess.
    order: list[Any] = {
        MODIFIER_LINEAR: [_mapped, _imported],
        MODIFIER_UNKNOWN: [_imported, _mapped],
    }.get(message.modifier, [_imported])
    reasons = []
    for way in order:
        if way is _mapped and not mappable:
            reasons.append(f"no table to read {planes} planes of {_letters(message.fourcc)} by")
            continue
        try:
            buffer: ScanoutBuffer = way(message, importer)
            return buffer
        except InterfaceError as error:
            reasons.append(str(error))
    raise InterfaceError("; ".join(reasons))


def _mapped(message: m.GlScanout, importer: EglImporter) -> ScanoutBuffer:
    return MappedBuffer(message)


def _imported(message: m.GlScanout, importer: EglImporter) -> ScanoutBuffer:
    return EglBuffer(message, importer)


def _letters(number: int) -> str:
    text = (number & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1")
    return text if text.isprintable() else f"{number:#x}"
