"""What clients see of one surface, frame by frame: what truly changed since the last look, and what only moved.

Hosts declare far more damage than there is: full-screen updates, pixels sent again unchanged. A look compares the
declared area with the pixels of the look before, which the screen keeps. Clients are served from those kept pixels, so
that all of them, fast or slow, see whole frames.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from gspice.geometry import Rect
from gspice.gpu.canvas import Changes
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.region import Region
from gspice.stream.backdrop import LAYERS, Backdrop, Kept, Uncovered
from gspice.stream.cells import Cells, Grid
from gspice.stream.merging import merge
from gspice.stream.reference_frame import Move, ReferenceFrame
from gspice.stream.widening import SENT_AS, widen

MAX_LOOKED_RECTS = 32
"""Declared rectangles that are compared one by one; more are put together."""
LOOK_SLACK = 4096
"""Pixels compared too much that cost as much as another comparison."""
BACKDROP_PIXELS = 8 << 20
"""Of all layers together, as far as one does not have more: clients keep as many, 32 MiB."""
MAX_DECLARED = 32
"""Rectangles declared between two looks that a look names; of more, none stands for a picture."""
MAX_HINTS = 4
"""Directions in which the guest has copied since the last look: of more, none is worth a trial."""


Part: TypeAlias = tuple[bytes | memoryview, int, Rect]
"""Rows of pixels, their stride, and where on the screen they are."""


class PixelSource(Protocol):
    """Where the pixels lie that clients see: the canvas, or the copy of a host's scanout."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """A copy of the newest pixels of a rectangle inside the surface."""

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        """The rows of the surface and their stride, until the next call; None: they must be read."""


@runtime_checkable
class ComparesItself(Protocol):
    """A source that may know what has changed, where its pixels are not at hand: a canvas on a GPU."""

    def changes(self, surface_id: int, rects: Sequence[Rect], since: object | None) -> Changes | None:
        """See Canvas."""

    def planes(self, surface_id: int, rect: Rect, since: object, spec: PlanesSpec) -> Planes | None:
        """See Canvas."""


class Look(NamedTuple):
    """What a frame has that the one before had not, in the order in which clients make it theirs."""

    kept: Sequence[Kept]
    """What clients copy to the backdrop, before it is covered."""
    moves: Sequence[Move]
    """In this order: what clients copy from what they have."""
    uncovered: Sequence[Uncovered]
    """What clients copy from the backdrop."""
    changed: Sequence[Rect]
    """Where pixels are others, once everything has moved; what was uncovered is among it."""
    since: float
    """When the oldest of it was declared."""
    declared: Sequence[Rect] = ()
    """As hosts declared them, if they were few."""


class Screen:
    """One visible surface, owned by the worker. Its first look finds everything changed."""

    def __init__(self, spec: SurfaceSpec, source: PixelSource, surface_id: int = 0) -> None:
        self.spec = spec
        self.bounds = Rect(0, 0, spec.width, spec.height)
        self.format: BitmapFormat
        """What captures are; formats that no bitmap has are widened to 32 bits."""
        self.format, self._widened = SENT_AS[spec.format]
        self.has_backdrop = not self._widened
        """Whether clients keep what is covered: their surfaces must have the pixels that are compared."""
        self._source = source
        self._compares = source if isinstance(source, ComparesItself) else None
        self._since: object | None = None
        """The source's last answer that the frame took over as a whole."""
        self.samples: memoryview | None = None
        """What tiles are like, of the last look, where the source knows: see ``Changes``."""
        self._surface_id = surface_id
        self._pixel_bytes = self.format.bits_per_pixel // 8
        self._frame = ReferenceFrame(
            spec.width,
            spec.height,
            self._pixel_bytes,
            ignore_high=self.format is BitmapFormat.XRGB32,
        )
        self._backdrop: Backdrop | None = None
        """Made with the second look: the first has nothing to cover."""
        self._cells: dict[Grid, Cells] = {}
        self._playing = Region()
        """Where nothing is looked for that has moved."""
        self._declared = Region([self.bounds])
        self._declared_rects: list[Rect] = []
        self._hints: set[tuple[int, int]] = set()
        self._declared_at: float | None = None
        """When damage was first declared since the last look."""

    @property
    def frame(self) -> ReferenceFrame:
        """The pixels of the last look, for compiled parts that sample them."""
        return self._frame

    @property
    def dirty(self) -> bool:
        """Whether anything was declared since the last look."""
        return bool(self._declared)

    @property
    def declared_pixels(self) -> int:
        """What was declared since the last look."""
        return self._declared.area

    def declare(self, rects: Iterable[Rect], now: float | None = None) -> None:
        """These pixels may have changed; inside the surface. ``now`` None: that counts from the next look."""
        rects = list(rects)
        self._declared.add_region(Region(rects))
        if len(self._declared_rects) <= MAX_DECLARED:
            self._declared_rects += rects
        if self._declared_at is None:
            self._declared_at = now

    def hint(self, dx: int, dy: int) -> None:
        """The guest has copied something over that distance."""
        if len(self._hints) <= MAX_HINTS:
            self._hints.add((dx, dy))

    def play(self, rects: Iterable[Rect]) -> None:
        """Films play there: all of it is new with every frame, and what lies under it is nothing to keep."""
        self._playing = Region(rects)

    def look(self, now: float) -> Look:
        """Compare what was declared with the frame before, and make it the newest."""
        rects = merge(self._declared.rects(), LOOK_SLACK, MAX_LOOKED_RECTS)
        hints = tuple(self._hints) if len(self._hints) <= MAX_HINTS else ()
        since = now if self._declared_at is None else self._declared_at
        declared = self._declared_rects if len(self._declared_rects) <= MAX_DECLARED else ()
        self._declared.clear()
        self._declared_rects = []
        self._declared_at = None
        self._hints.clear()
        newest, stamp, self.samples = self._newest(rects)
        moving = self._outside_films(newest)
        kept: list[Kept] = []
        if self._backdrop is not None:
            for rows, stride, rect in moving:
                kept += self._backdrop.cover(rows, stride, rect, now)
        # All moves come first, as clients take them: none may copy what only the comparison brings.
        moves: list[Move] = []
        for rows, stride, rect in moving:
            for move in self._frame.find_moves(rows, stride, rect, hints):
                self._frame.move(move.rect, move.dx, move.dy)
                moves.append(move)
        changed: list[Rect] = []
        for rows, stride, rect in newest:
            changed += self._frame.compare(rows, stride, rect)
        if self._backdrop is None:
            uncovered: list[Uncovered] = []
            if self.has_backdrop:
                self._backdrop = Backdrop(
                    self._frame, max(1, min(LAYERS, BACKDROP_PIXELS // self.bounds.area))
                )
        else:
            films = self._playing
            uncovered = self._backdrop.uncovered(
                [rect for rect in changed if not films.covers(rect)] if films else changed, now
            )
        for cells in self._cells.values():
            cells.changed([*changed, *[move.rect for move in moves]], now)
        self._since = stamp  # a look that fails before is made up for by the next
        return Look(kept, moves, uncovered, changed, since, declared)

    def _newest(self, rects: Sequence[Rect]) -> tuple[list[Part], object | None, memoryview | None]:
        """Rows, stride and place of the newest pixels, what to call the frame once it has them, and their samples.

        They are not of all ``rects`` where the source knows that there is nothing new.
        """
        if self._compares is not None and not self._widened:
            found = self._compares.changes(self._surface_id, rects, self._since)
            if found is not None:
                rows, stride = found.rows, found.stride
                parts = [(rows[self._offset(rect, stride) :], stride, rect) for rect in found.rects]
                return [*parts], found.stamp, found.samples
        return [(*self._pixels(rect), rect) for rect in rects], None, None

    def _outside_films(self, newest: list[Part]) -> list[Part]:
        """The parts of what is newest in which something may have moved."""
        if not self._playing:
            return newest
        outside = []
        for rows, stride, rect in newest:
            if not self._playing.overlaps(rect):
                outside.append((rows, stride, rect))
                continue
            left = Region([rect])
            left.subtract_region(self._playing)
            for part in left.rects():
                first = (part.top - rect.top) * stride + (part.left - rect.left) * self._pixel_bytes
                outside.append((rows[first:], stride, part))
        return outside

    def _offset(self, rect: Rect, stride: int) -> int:
        return rect.top * stride + rect.left * self._pixel_bytes

    def _pixels(self, rect: Rect) -> tuple[bytes | memoryview, int]:
        view = None if self._widened else self._source.view(self._surface_id)
        if view is not None:
            rows, stride = view
            return rows[self._offset(rect, stride) :], stride
        pixels = self._source.read(self._surface_id, rect)
        if self._widened:
            pixels = widen(pixels)
        return pixels.data, pixels.stride

    def cells(self, grid: Grid) -> Cells:
        """The cells of the last look; each grid costs as much as it is asked for."""
        cells = self._cells.get(grid)
        if cells is None:
            cells = self._cells[grid] = Cells(self, grid)
        return cells

    def read(self, rect: Rect) -> Pixels:
        """The pixels of the last look, inside the surface; rows without padding."""
        data = self._frame.read(rect)
        return Pixels(rect.width, rect.height, rect.width * self._pixel_bytes, _SURFACES[self.format], data)

    def planes(self, rect: Rect, spec: PlanesSpec) -> Planes | None:
        """The pixels of the last look, as a video encoder takes them; None: ``read`` them.

        ValueError: they do not fit into the planes.
        """
        if self._compares is None or self._since is None:
            return None
        return self._compares.planes(self._surface_id, rect, self._since, spec)


_SURFACES = {
    BitmapFormat.XRGB32: SurfaceFormat.XRGB32,
    BitmapFormat.ARGB32: SurfaceFormat.ARGB32,
    BitmapFormat.RGB555: SurfaceFormat.RGB555,
    BitmapFormat.A8: SurfaceFormat.A8,
}
