"""Work of one device: primitives are gathered, and drawn when somebody looks or when much has gathered."""

import struct
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from gspice.errors import GpuMemoryError
from gspice.geometry import Rect
from gspice.gpu.canvas import SAMPLE_BYTES
from gspice.gpu.compute.binning import Binning
from gspice.gpu.compute.device import WORD, ComputeDevice, DeviceBuffer, Readback
from gspice.gpu.compute.images import ImageMemory
from gspice.gpu.compute.packing import TILE_WORDS, packed
from gspice.gpu.compute.primitives import GpuSource, GpuSurface, PrimitiveList
from gspice.gpu.compute.surfaces import SurfaceMemory

ROW_OF_GROUPS = 32768
"""Workgroups beside each other, which the shader knows: devices take up to 65535 in each direction."""
GATHER_SIDE = 16
SAMPLE_GROUP = 64
TABLES_BYTES = 1 << 13
"""What a command may need of the memory for images beside them."""
VARIANTS = ("canvas:plain", "canvas:bitwise", "canvas:full")
"""Of the shader, each with the code of those before it."""
RECORD_WORDS = 4
"""Of a tile that is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """What may gather before it is drawn, and what buffers begin with."""

    commands: int = 512
    """Looked at after each ``submit``."""
    submits: int = 64
    parts: int = 1 << 17
    """Rectangles."""
    weight: int = 1 << 20
    """Tiles, those of each rectangle counted for itself: the binning takes some 20 bytes for one."""
    data: int = 32 << 20
    """Bytes of images and masks."""
    scratch: int = 64 << 20
    """Bytes of surfaces that end with what has gathered."""
    image_cache: int = 32 << 20
    """Bytes of images that the guest means to send again."""
    comparison: int = 64 << 20
    """Bytes of what was last taken of surfaces, to compare them with."""
    first_surfaces: int = 16 << 20
    first_data: int = 4 << 20


class Engine:
    """Draws what is added, in order, before anybody sees pixels. Nothing waits but ``read``.

    GpuMemoryError: there is no memory for this; what was added and drawn before is as it was. GpuLostError: all is
    lost.
    """

    def __init__(self, device: ComputeDevice, limits: EngineLimits | None = None) -> None:
        self.device = device
        self.limits = limits = limits or EngineLimits()
        self.primitives = PrimitiveList()
        self._most = device.info.max_buffer_bytes // WORD * WORD
        self._large = min(limits.data, self._most) // 2
        self._binning = Binning()
        with ExitStack() as undo:
            self.images = ImageMemory(device, limits.first_data, limits.image_cache)
            undo.callback(self.images.close)
            self.surfaces = SurfaceMemory(
                device, limits.first_surfaces, settle=self.flush, make_room=self._make_room, read=self.read
            )
            undo.callback(self.surfaces.close)
            self._batch = undo.enter_context(device.buffer(min(1 << 16, self._most)))
            self._rows = undo.enter_context(device.buffer(min(1 << 16, self._most)))
            self._canvas = [device.program(name) for name in VARIANTS]
            self._gather = device.program("gather")
            self._gather_tiles = device.program("gather_tiles")
            self._samples = device.program("samples")
            undo.pop_all()
        self._ended: list[GpuSurface] = []
        self._scratch: list[GpuSurface] = []
        """Of the command that is being recorded."""
        self._ended_bytes = 0
        self._submits = 0
        self.on_shortage: Callable[[], None] = lambda: None
        """Told when surfaces need memory: what can be done without is to be freed."""
        self.dispatches = self.uploaded = 0
        """So far: those that drew, and bytes that told them what."""
        self.read_back = 0
        """Bytes so far."""

    # Surfaces

    def surface(self, width: int, height: int, bits: int) -> GpuSurface:
        """Memory for a surface; what is in it is not known."""
        return self.surfaces.take(width, height, bits, lasting=True)

    def release(self, surface: GpuSurface) -> None:
        """Free its memory once what is recorded has been drawn."""
        if self.primitives.holds(surface):
            self._end(surface)
        else:
            self.surfaces.give_back(surface)

    def scratch(self, width: int, height: int, bits: int, *pinned: GpuSurface) -> GpuSurface:
        """A surface for the command that is being recorded, which uses those ``pinned``; what is in it is not known."""
        surface = self.surfaces.take(width, height, bits, lasting=False, pinned=pinned)
        self._scratch.append(surface)
        return surface

    def _end(self, surface: GpuSurface) -> None:
        self._ended.append(surface)
        self._ended_bytes += surface.width * surface.height * WORD

    # Drawing

    def add(
        self,
        kind: int,
        target: GpuSurface,
        boxes: Any,
        source: GpuSource | None = None,
        mask: GpuSource | None = None,
        pattern: GpuSource | None = None,
        **words: Any,
    ) -> None:
        """See PrimitiveList.add."""
        used = [one for one in (source, mask, pattern) if one is not None]
        if self.surfaces.any_away:
            surfaces = [target, *(one.surface for one in used if one.surface is not None)]
            for surface in surfaces:
                self.surfaces.bring_back(surface, surfaces)
        size = sum(one.size for one in used)
        if size > self._large:
            self._take_large(size)
        if pattern is not None:
            # Where it repeats first: from far away numbers would overflow in the shader.
            words["tile_x"] %= pattern.width
            words["tile_y"] %= pattern.height
        self.primitives.add(kind, target, boxes, source=source, mask=mask, pattern=pattern, **words)

    def _take_large(self, size: int) -> None:
        if size + TABLES_BYTES > self.images.most:
            raise GpuMemoryError(
                f"{self.device.info.name} has buffers of up to {self.images.most} bytes, and a command brings {size}"
            )
        if self.primitives.data_bytes:
            self.flush()

    def end_command(self) -> None:
        """A command is recorded as a whole. What has gathered is drawn where it is a lot."""
        for surface in self._scratch:
            self.release(surface)
        self._scratch.clear()
        limits, held = self.limits, self.primitives
        if (
            held.weight > limits.weight
            or held.data_bytes > limits.data
            or self._ended_bytes > limits.scratch
            or len(held) > limits.parts
        ):
            self.flush()

    def end_submit(self) -> None:
        """Commands were recorded. What has gathered is drawn where it is enough for the device to begin."""
        self._submits += 1
        if self._submits >= self.limits.submits or self.primitives.commands_held >= self.limits.commands:
            self.flush()

    def flush(self) -> None:
        """Give the device all that is recorded."""
        held = self.primitives
        if held.commands_held:
            for surface in self._ended:
                held.end(surface)
            self._draw()
            held.clear()
        for surface in self._ended:
            self.surfaces.give_back(surface)
        self._ended.clear()
        self._ended_bytes = self._submits = 0

    def _draw(self) -> None:
        runs = self._binning.bin(self.primitives)
        if not runs:
            return
        self.images.bring(self.primitives)
        try:
            parts = (*self.primitives.parts(), *self._binning.parts())
            self._tell_batch(parts)
            starts = [0]
            for part in parts:
                starts.append(starts[-1] + len(part) // WORD)
            commands, sources, slots, boxes, tiles, bins = starts[:6]
            for variant, first, count in runs:
                push = struct.pack(
                    "<7I", commands, sources, slots, boxes, tiles + first * RECORD_WORDS, bins, count
                )
                groups = (min(count, ROW_OF_GROUPS), -(-count // ROW_OF_GROUPS), 1)
                buffers = self.surfaces.buffer, self.images.buffer, self._batch
                self.device.dispatch(self._canvas[variant], buffers, groups, push)
            self.dispatches += len(runs)
            self.device.flush()
        finally:
            self.images.done()

    def _tell_batch(self, parts: tuple[bytes, ...]) -> None:
        content = b"".join(parts)
        if len(content) > self._batch.size:
            self._batch = self._replaced(self._batch, len(content))
        self.device.upload(self._batch, 0, content)
        self.uploaded += len(content)

    # Reading

    def settle(self, surface: GpuSurface) -> None:
        """Draw what is recorded; the surface is then in the buffer of surfaces, until something is recorded anew."""
        self.surfaces.bring_back(surface, (surface,))
        self.flush()

    def start_read(self, surface: GpuSurface, rect: Rect) -> Readback:
        """Begin to read a rectangle as it is now: one word a pixel, rows without padding."""
        self.settle(surface)
        size = rect.width * rect.height * WORD
        if size > self._rows.size:
            self._rows = self._replaced(self._rows, size)
        first = surface.offset + rect.top * surface.width + rect.left
        push = struct.pack("<5I", first, surface.width, rect.width, rect.height, 0)
        groups = (-(-rect.width // GATHER_SIDE), -(-rect.height // GATHER_SIDE), 1)
        self.device.dispatch(self._gather, (self.surfaces.buffer, self._rows), groups, push)
        return self.read_from(self._rows, 0, size)

    def read_from(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        """Begin to read what a buffer holds now."""
        self.read_back += size
        return self.device.read(buffer, offset, size)

    def start_read_tiles(
        self, surface: GpuSurface, tiles: bytes, across: int, taken: DeviceBuffer, mask: int
    ) -> Readback:
        """Begin to read tiles of 16x16 words of a surface that is settled: numbers, one word each, by rows.

        ``across``: tiles in a row. What of a tile lies outside is zero. Behind them all comes what those of ``taken``
        are like, SAMPLE_BYTES each; ``mask`` has the bits of a pixel that count.
        """
        count = len(tiles) // WORD
        size = count * (TILE_WORDS * WORD + SAMPLE_BYTES)
        if size > self._rows.size:
            self._rows = self._replaced(self._rows, size)
        if len(tiles) > self._batch.size:
            self._batch = self._replaced(self._batch, len(tiles))
        self.device.upload(self._batch, 0, tiles)
        push = struct.pack("<5I", surface.offset, surface.width, surface.height, across, count)
        groups = (min(count, ROW_OF_GROUPS), -(-count // ROW_OF_GROUPS), 1)
        self.device.dispatch(
            self._gather_tiles, (self.surfaces.buffer, self._batch, self._rows), groups, push
        )
        first = count * TILE_WORDS
        push = struct.pack("<7I", surface.width, surface.height, across, count, surface.bits, mask, first)
        groups = (-(-count // SAMPLE_GROUP), 1, 1)
        self.device.dispatch(self._samples, (taken, self._batch, self._rows), groups, push)
        return self.read_from(self._rows, 0, size)

    def read(self, surface: GpuSurface, rect: Rect) -> bytes:
        """A rectangle as it is now, in the surface's own format."""
        with closing(self.start_read(surface, rect)) as readback:
            return packed(readback.take(), rect.width, rect.height, surface.bits)

    # Memory

    def _replaced(self, buffer: DeviceBuffer, needed: int) -> DeviceBuffer:
        """A larger buffer; what was in it is lost."""
        if needed > self._most:
            raise GpuMemoryError(
                f"{self.device.info.name} has buffers of up to {self._most} bytes, and {needed} are needed"
            )
        try:
            larger = self.device.buffer(min(needed * 2, self._most) // WORD * WORD)
        except GpuMemoryError:
            larger = self.device.buffer(needed)
        buffer.close()
        return larger

    def _make_room(self) -> None:
        self.on_shortage()
        self.images.shrink()

    def close(self) -> None:
        """Free the buffers; the device is its owner's."""
        self.surfaces.close()
        self.images.close()
        self._batch.close()
        self._rows.close()
