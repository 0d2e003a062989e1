"""What has changed on surfaces since somebody looked, found on the device: only that comes back from it.

The device keeps what was last taken of a surface, and so does main memory, where pixels of tiles that differ are put
when they have come back.
"""

import logging
import struct
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gspice.errors import GpuMemoryError
from gspice.geometry import Rect
from gspice.gpu.canvas import SAMPLE_BYTES, Changes
from gspice.gpu.compute.conversion import Conversion
from gspice.gpu.compute.device import WORD, DeviceBuffer
from gspice.gpu.compute.engine import Engine
from gspice.gpu.compute.packing import TILE, TILE_WORDS, around_tiles, place_tiles
from gspice.gpu.compute.primitives import GpuSurface
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import SurfaceFormat

log = logging.getLogger(__name__)

TILE_BYTES = TILE_WORDS * WORD
TILES_AT_ONCE = 8192
"""Are read back together: 8 MiB."""
FEW_TILES = 16
"""So many are read back as they are: to be told which of them differ takes a wait that costs more."""
MARK_THREADS = 64
COUNTED = {SurfaceFormat.XRGB32: 0x00FFFFFF}
"""The bits of a word that are pixels, where not all are."""
COMPARED = frozenset(SurfaceFormat) - {SurfaceFormat.A1, SurfaceFormat.RGB565}
"""Others are widened by whoever looks, and are read."""
CONVERTED = frozenset({SurfaceFormat.XRGB32, SurfaceFormat.ARGB32})

Tiles = npt.NDArray[np.uint32]


@dataclass(slots=True)
class _Taken:
    """What was last taken of a surface. ``buffer``: its words, a mark for each tile, and a bitmap of the marks."""

    buffer: DeviceBuffer
    rows: bytearray
    samples: npt.NDArray[np.uint8]
    """SAMPLE_BYTES of each tile, as they are on the device."""
    stamp: object | None = None
    """None: pixels and rows may not be alike."""


class Comparison:
    """Belongs to an engine, whose errors it passes on, but for want of memory of its own: then it does without."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._device = engine.device
        self._compare = engine.device.program("compare")
        self._marks = engine.device.program("marks")
        self._conversion = Conversion(engine)
        self._taken: dict[GpuSurface, _Taken] = {}
        """The one that was asked for last is the last."""
        self._refused: set[GpuSurface] = set()
        """There was no memory for them once: a driver that has none is not asked for each look."""
        self._told = False
        engine.on_shortage = self.forget_all

    @property
    def held_bytes(self) -> int:
        """Memory of the device."""
        return sum(taken.buffer.size for taken in self._taken.values())

    def changes(
        self, surface: GpuSurface, form: SurfaceFormat, rects: Sequence[Rect], since: object | None
    ) -> Changes | None:
        """See Canvas; ``rects`` are inside."""
        if form not in COMPARED or surface in self._refused:
            return None
        # What fails here is not for want of what is kept to compare with.
        self._engine.settle(surface)
        try:
            return self._changes(surface, COUNTED.get(form, 0xFFFFFFFF), rects, since)
        except GpuMemoryError as error:
            self.forget(surface)
            self._refused.add(surface)
            self._tell(str(error))
            return None
        except BaseException:
            self.forget(surface)
            raise

    def planes(
        self, surface: GpuSurface, form: SurfaceFormat, rect: Rect, since: object, spec: PlanesSpec
    ) -> Planes | None:
        """See Canvas; ``rect`` is inside."""
        taken = self._taken.get(surface)
        if taken is None or taken.stamp is None or taken.stamp is not since or form not in CONVERTED:
            return None
        try:
            return self._conversion.planes(taken.buffer, surface.width, rect, spec)
        except GpuMemoryError as error:
            self._conversion.free()
            self._tell(str(error))
            return None

    def _changes(
        self, surface: GpuSurface, counted: int, rects: Sequence[Rect], since: object | None
    ) -> Changes | None:
        width, height, size = surface.width, surface.height, surface.bits // 8
        taken = self._taken.pop(surface, None) or self._new(surface)
        if taken is None:
            return None
        self._taken[surface] = taken
        if since is None or since is not taken.stamp:
            taken.stamp = None
            rects = [Rect(0, 0, width, height)]
            source = self._engine.surfaces.buffer
            self._device.copy(source, surface.offset * WORD, taken.buffer, 0, width * height * WORD)
            tiles = np.arange(_tiles(surface), dtype=np.uint32)
        else:
            tiles = self._differing(surface, taken, counted, rects)
            rects = [part for rect in rects if (part := around_tiles(width, tiles, rect)) is not None]
        for start in range(0, len(tiles), TILES_AT_ONCE):
            some = tiles[start : start + TILES_AT_ONCE]
            # Words of 16 and 8 bits have nothing above them.
            mask = 0xFFFFFF if counted == 0xFFFFFF else 0xFFFFFFFF
            read = self._engine.start_read_tiles(
                surface, some.tobytes(), _across(surface), taken.buffer, mask
            )
            with closing(read):
                data = read.take()
            ends = len(some) * TILE_BYTES
            place_tiles(taken.rows, width, height, surface.bits, some, data[:ends], rects)
            taken.samples[some] = np.frombuffer(data, np.uint8, offset=ends).reshape(-1, SAMPLE_BYTES)
        taken.stamp = object()
        rows, samples = memoryview(taken.rows).toreadonly(), taken.samples.data.cast("B").toreadonly()
        return Changes(taken.stamp, rows, width * size, rects, samples)

    def _differing(self, surface: GpuSurface, taken: _Taken, counted: int, rects: Sequence[Rect]) -> Tiles:
        """Tiles, in their order, in which a pixel of ``rects`` differs; the device has taken over what does."""
        across, count = _across(surface), _tiles(surface)
        words = -(-count // 32)
        marks_at = surface.width * surface.height
        bits_at = marks_at + 32 * words
        spans = [_spanned(rect) for rect in rects]
        few = sum([columns * rows for _, _, columns, rows in spans]) <= FEW_TILES
        for rect, (_, _, columns, rows) in zip(rects, spans, strict=True):
            push = struct.pack(
                "<9I", surface.offset, surface.width, *rect, 0 if few else counted, marks_at, across
            )
            buffers = self._engine.surfaces.buffer, taken.buffer
            self._device.dispatch(self._compare, buffers, (columns, rows, 1), push)
        if few:
            found = {
                row * across + column
                for left, top, columns, rows in spans
                for row in range(top, top + rows)
                for column in range(left, left + columns)
            }
            return np.array(sorted(found), np.uint32)
        push = struct.pack("<3I", marks_at, bits_at, words)
        self._device.dispatch(self._marks, (taken.buffer,), (-(-words // MARK_THREADS), 1, 1), push)
        with closing(self._engine.read_from(taken.buffer, bits_at * WORD, words * WORD)) as read:
            bits = np.frombuffer(read.take(), np.uint8)
        return np.flatnonzero(np.unpackbits(bits, count=count, bitorder="little")).astype(np.uint32)

    def _new(self, surface: GpuSurface) -> _Taken | None:
        """Memory for a surface; that of others goes where the budget asks for it. None: the surface is too large."""
        words = -(-_tiles(surface) // 32)
        size = (surface.width * surface.height + 33 * words) * WORD
        budget = self._engine.limits.comparison
        if size > budget:
            self._tell(f"{size} bytes are more than the {budget} that are allowed for it")
            return None
        while self._taken and self.held_bytes + size > budget:
            self.forget(next(iter(self._taken)))
        rows = bytearray(surface.width * surface.height * surface.bits // 8)
        samples = np.zeros((_tiles(surface), SAMPLE_BYTES), np.uint8)
        return _Taken(self._device.buffer(size), rows, samples)

    def gone(self, surface: GpuSurface) -> None:
        """There is no such surface any more."""
        self.forget(surface)
        self._refused.discard(surface)

    def forget(self, surface: GpuSurface) -> None:
        """Keep nothing of a surface: the next one to ask finds all of it changed."""
        taken = self._taken.pop(surface, None)
        if taken is not None:
            taken.buffer.close()

    def forget_all(self) -> None:
        """Free all memory; it is taken again when somebody asks."""
        self._conversion.free()
        for surface in list(self._taken):
            self.forget(surface)

    def close(self) -> None:
        """Free all."""
        self.forget_all()

    def _tell(self, reason: str) -> None:
        if not self._told:
            self._told = True
            info = self._device.info
            log.warning(
                "%s: what changes is not found on %s, but read back to be compared: %s",
                info.api,
                info.name,
                reason,
            )


def _across(surface: GpuSurface) -> int:
    return (surface.width + TILE - 1) // TILE


def _tiles(surface: GpuSurface) -> int:
    return _across(surface) * ((surface.height + TILE - 1) // TILE)


def _spanned(rect: Rect) -> tuple[int, int, int, int]:
    """The first column and row of tiles that a rectangle touches, and how many columns and rows it does."""
    left, top = rect.left // TILE, rect.top // TILE
    return left, top, (rect.right - 1) // TILE + 1 - left, (rect.bottom - 1) // TILE + 1 - top
