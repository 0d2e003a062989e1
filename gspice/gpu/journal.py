"""What a canvas was told since its last checkpoint, and the pixels of then: enough to make another one that is equal.

A checkpoint is taken in three steps: ``mark`` says which pixels to read back, they are read while drawing goes on, and
``commit`` puts them into the copy in main memory and forgets what they make needless. Until then both are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.pixels import SurfaceSpec, row_bytes
from gspice.qxl.drawable_bytes import drawable_bytes
from gspice.qxl.held_bytes import BASE_BYTES
from gspice.qxl.ops import Drawable
from gspice.region import Region

TILE = 64
"""Areas to read back are rounded to tiles of this side: few large reads cost less than many small ones."""
MAX_READS = 16
"""Rectangles that are read back of one surface."""
MAX_RECTS = 8192
"""Rectangles that are remembered of one surface before they are joined."""
COPY_BYTES = 256 << 10
"""Copied in one go: in between, other threads get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLimits:
    """How much may wait for a checkpoint; one batch more may be held for a moment. At half of it, one is due."""

    held_bytes: int = 64 << 20
    """Memory of the commands and of surfaces that are gone."""
    commands: int = 4096


class Checkpoint(NamedTuple):
    """A moment between two batches, which a journal can be shortened to."""

    reads: tuple[tuple[int, Rect], ...]
    """Surfaces and the areas of them that the copy in main memory lacks; rows begin and end at whole bytes."""
    entries: int
    commands: int
    held_bytes: int


class Shadow:
    """A surface's pixels in main memory: rows without padding."""

    def __init__(self, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0) -> None:
        self.spec = spec
        self._row = row_bytes(spec.width, spec.format.bits_per_pixel)
        self._pixels: bytearray | None = None
        """None: all zero."""
        if data is not None:
            self._pixels = bytearray(self._row * spec.height)
            stride = stride or self._row
            step = spec.height if stride == self._row else 1
            with memoryview(self._pixels) as pixels, memoryview(data) as source:
                for y in range(0, spec.height, step):
                    pixels[y * self._row : (y + step) * self._row] = source[
                        y * stride : y * stride + step * self._row
                    ]

    @property
    def held_bytes(self) -> int:
        """Memory that the pixels take."""
        return len(self._pixels) if self._pixels is not None else 0

    def data(self) -> bytes | None:
        """What ``create_surface`` makes the same pixels of."""
        return bytes(self._pixels) if self._pixels is not None else None

    def reserve(self) -> None:
        """Take the memory that ``patch`` needs. MemoryError: nothing has changed."""
        if self._pixels is None:
            self._pixels = bytearray(self._row * self.spec.height)

    def patch(self, rect: Rect, data: bytes) -> None:
        """Set the pixels of a rectangle whose left is at a whole byte; rows of ``data`` have no padding."""
        self.reserve()
        assert self._pixels is not None
        bits = self.spec.format.bits_per_pixel
        start, length = rect.left * bits // 8, row_bytes(rect.width, bits)
        with memoryview(self._pixels) as pixels, memoryview(data) as source:
            step = max(1, COPY_BYTES // self._row) if length == self._row else 1
            for y in range(0, rect.height, step):
                rows = min(step, rect.height - y)
                at = (rect.top + y) * self._row + start
                pixels[at : at + rows * length] = source[y * length : (y + rows) * length]


class _Created(NamedTuple):
    surface_id: int
    shadow: Shadow


class _Destroyed(NamedTuple):
    surface_id: int


class Journal:
    """The surfaces of one canvas. Owned by its thread; told only of what has been done."""

    def __init__(self, limits: JournalLimits | None = None) -> None:
        self.limits = limits or JournalLimits()
        self.commands = 0
        """Commands that wait for a checkpoint."""
        self.held_bytes = 0
        """What they hold, with what surfaces hold that are gone."""
        self._surfaces: dict[int, Shadow] = {}
        """Those that exist, as they were at the last checkpoint or, made since, at first."""
        self._base: dict[int, Shadow] = {}
        """Those of the last checkpoint."""
        self._entries: list[_Created | _Destroyed | list[Drawable]] = []
        """What came since, in order."""
        self._drawn: dict[int, set[Rect]] = {}
        """Where was drawn since the last mark."""

    def specs(self) -> dict[int, SurfaceSpec]:
        """All surfaces that exist."""
        return {surface_id: shadow.spec for surface_id, shadow in self._surfaces.items()}

    def spec(self, surface_id: int) -> SurfaceSpec | None:
        """What a surface is; None where there is none."""
        shadow = self._surfaces.get(surface_id)
        return shadow.spec if shadow else None

    def created(self, surface_id: int, spec: SurfaceSpec, data: bytes | None, stride: int) -> None:
        """A surface was made; the arguments are those of ``Canvas.create_surface``. MemoryError: nothing is noted."""
        shadow = Shadow(spec, data, stride)
        self._surfaces[surface_id] = shadow
        self._note(_Created(surface_id, shadow), 1, BASE_BYTES)

    def destroyed(self, surface_id: int) -> None:
        """A surface is gone. Its pixels stay until the next checkpoint: others may have been made of them."""
        shadow = self._surfaces.pop(surface_id)
        self._drawn.pop(surface_id, None)
        self._note(_Destroyed(surface_id), 1, BASE_BYTES + shadow.held_bytes)

    def drew(self, batch: Sequence[Drawable], outcomes: Sequence[DrawOutcome]) -> None:
        """A batch was drawn; what changed no pixel is not kept."""
        kept: list[Drawable] = []
        held = 0
        drawn = self._drawn
        for drawable, outcome in zip(batch, outcomes, strict=True):
            if not outcome.rects:
                continue
            kept.append(drawable)
            held += drawable_bytes(drawable)
            rects = drawn.get(drawable.surface_id)
            if rects is None:
                rects = drawn[drawable.surface_id] = set()
            rects.update(outcome.rects)
        if not kept:
            return
        for surface_id, rects in drawn.items():
            if len(rects) > MAX_RECTS:
                drawn[surface_id] = set(coarse(rects, self._surfaces[surface_id].spec))
        self._note(kept, len(kept), held + BASE_BYTES * len(kept))

    def _note(self, entry: _Created | _Destroyed | list[Drawable], commands: int, held_bytes: int) -> None:
        self._entries.append(entry)
        self.commands += commands
        self.held_bytes += held_bytes

    # Checkpoints

    @property
    def due(self) -> bool:
        """Half of what may wait does."""
        return 2 * self.commands >= self.limits.commands or 2 * self.held_bytes >= self.limits.held_bytes

    @property
    def full(self) -> bool:
        """More waits than may: a checkpoint must be committed before the next batch."""
        return self.commands > self.limits.commands or self.held_bytes > self.limits.held_bytes

    def mark(self) -> Checkpoint:
        """This moment. Read its areas at once, or so that nothing drawn later is seen in them, and ``commit``.

        One at a time; where it can not be committed, the journal is of no use for a checkpoint any more.
        """
        reads = tuple(
            (surface_id, rect)
            for surface_id, rects in self._drawn.items()
            for rect in coarse(rects, self._surfaces[surface_id].spec)
        )
        self._drawn.clear()
        return Checkpoint(reads, len(self._entries), self.commands, self.held_bytes)

    def commit(self, checkpoint: Checkpoint, pixels: Sequence[bytes]) -> None:
        """Forget what came before the mark. ``pixels``: its areas in their order, rows without padding.

        ValueError, MemoryError: nothing has changed.
        """
        base = dict(self._base)
        for entry in self._entries[: checkpoint.entries]:
            match entry:
                case _Created(surface_id, shadow):
                    base[surface_id] = shadow
                case _Destroyed(surface_id):
                    del base[surface_id]
        for (surface_id, rect), data in zip(checkpoint.reads, pixels, strict=True):
            needed = row_bytes(rect.width, base[surface_id].spec.format.bits_per_pixel) * rect.height
            if len(data) != needed:
                raise ValueError(
                    f"{len(data)} bytes were read back of {tuple(rect)} of surface {surface_id}, not {needed}"
                )
            base[surface_id].reserve()
        for (surface_id, rect), data in zip(checkpoint.reads, pixels, strict=True):
            base[surface_id].patch(rect, data)
        self._base = base
        del self._entries[: checkpoint.entries]
        self.commands -= checkpoint.commands
        self.held_bytes -= checkpoint.held_bytes

    def restore(self, canvas: Canvas) -> None:
        """Make all surfaces on a canvas that has none, and draw what came since the checkpoint."""
        for surface_id, shadow in self._base.items():
            canvas.create_surface(surface_id, shadow.spec, shadow.data())
        for entry in self._entries:
            match entry:
                case _Created(surface_id, shadow):
                    canvas.create_surface(surface_id, shadow.spec, shadow.data())
                case _Destroyed(surface_id):
                    canvas.destroy_surface(surface_id)
                case _:
                    canvas.submit(entry)


def coarse(rects: Iterable[Rect], spec: SurfaceSpec) -> list[Rect]:
    """At most MAX_READS disjoint rectangles of a surface around all of the given ones, rounded to tiles."""
    rounded = {
        Rect(
            left // TILE * TILE,
            top // TILE * TILE,
            min(-(-right // TILE) * TILE, spec.width),
            min(-(-bottom // TILE) * TILE, spec.height),
        )
        for left, top, right, bottom in rects
    }
    region = Region(rounded)
    if len(region) <= MAX_READS:
        return region.rects()
    bands: dict[tuple[int, int], Rect] = {}
    for rect in region.rects():
        key = rect.top, rect.bottom
        bands[key] = bands[key].union(rect) if key in bands else rect
    return list(bands.values()) if len(bands) <= MAX_READS else [region.extents]
