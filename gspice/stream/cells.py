"""What the newest look holds, cell by cell of a grid: a digest names the same pixels whenever they are seen again.

Nothing is read before somebody asks, and nothing is asked of cells that change all the time, as those under a film do.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from math import inf
from typing import NamedTuple, Protocol

from xxhash import xxh3_128_digest

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat, Pixels
from gspice.stream.cell_pixels import cell_pixels

BUSY_S = 0.2
"""A cell that changed twice within so long is not worth a digest: who saw it is not likely to see it again."""


class Grid(NamedTuple):
    """Sides of cells, in pixels; the first begins at the surface's origin."""

    width: int
    height: int


class Cell(NamedTuple):
    """One cell of the newest look."""

    rect: Rect
    """Cut off at the surface's edges."""
    digest: bytes


class Frame(Protocol):
    """The pixels of the newest look."""

    bounds: Rect
    format: BitmapFormat

    def read(self, rect: Rect) -> Pixels:
        """A copy of those pixels, rows without padding."""


class Cells:
    """The cells of one surface, for all clients that see it; tell it of each look by ``changed``.

    Cells are numbered by rows.
    """

    def __init__(self, frame: Frame, grid: Grid) -> None:
        self.grid = grid
        self.bounds = bounds = frame.bounds
        self._frame = frame
        self._rows, self._columns = -(-bounds.height // grid.height), -(-bounds.width // grid.width)
        self._changed_at: dict[int, float] = {}
        self._busy: set[int] = set()
        self._known: dict[int, bytes] = {}

    def changed(self, rects: Iterable[Rect], now: float) -> None:
        """The newest look has other pixels there."""
        touched = self.touching(rects)
        changed_at, since = self._changed_at, now - BUSY_S
        busy = {number for number in touched if changed_at.get(number, -inf) > since}
        self._busy = (self._busy - touched) | busy
        changed_at.update(dict.fromkeys(touched, now))
        if self._known:
            for number in touched:
                self._known.pop(number, None)

    def within(self, rect: Rect) -> set[int]:
        """The cells of which every pixel is in the rectangle."""
        width, height = self.grid
        bounds = self.bounds
        right = self._columns if rect.right == bounds.right else rect.right // width
        bottom = self._rows if rect.bottom == bounds.bottom else rect.bottom // height
        return self._between(-(-rect.left // width), -(-rect.top // height), right, bottom)

    def touching(self, rects: Iterable[Rect]) -> set[int]:
        """The cells that have any pixel in any of the rectangles."""
        width, height = self.grid
        touched: set[int] = set()
        for left, top, right, bottom in rects:
            touched |= self._between(left // width, top // height, -(-right // width), -(-bottom // height))
        return touched

    def _between(self, left: int, top: int, right: int, bottom: int) -> set[int]:
        starts = range(top * self._columns, bottom * self._columns, self._columns)
        return {number for start in starts for number in range(start + left, start + right)}

    def digests(self, wanted: AbstractSet[int]) -> Iterator[Cell]:
        """Those of the cells that are not busy, by rows; read now."""
        numbers = sorted(wanted - self._busy)
        missing = [number for number in numbers if number not in self._known]
        for first, end in self._runs(missing):
            self._read(first, end)
        for number in numbers:
            yield Cell(self._rect(number), self._known[number])

    def digest(self, rect: Rect) -> bytes | None:
        """The same of any rectangle; None where some of it is busy."""
        if not self._busy.isdisjoint(self.touching([rect])):
            return None
        return self._digests(rect, rect.width)[0]

    def _rect(self, number: int) -> Rect:
        width, height = self.grid
        row, column = divmod(number, self._columns)
        return Rect.sized(column * width, row * height, width, height).intersect(self.bounds)

    def _runs(self, numbers: list[int]) -> Iterator[tuple[int, int]]:
        """Neighbours in a row together: first and end of each run."""
        start = 0
        for at in range(1, len(numbers) + 1):
            if at == len(numbers) or numbers[at] != numbers[at - 1] + 1 or not numbers[at] % self._columns:
                yield numbers[start], numbers[at - 1] + 1
                start = at

    def _read(self, first: int, end: int) -> None:
        """Digest neighbours by one look at their pixels."""
        strip = self._rect(first).union(self._rect(end - 1))
        for number, digest in enumerate(self._digests(strip, self.grid.width), first):
            self._known[number] = digest

    def _digests(self, strip: Rect, width: int) -> list[bytes]:
        """Of the pixels there, in columns so wide."""
        depth = self._frame.format
        cells = cell_pixels(
            self._frame.read(strip).data,
            strip.width,
            depth.bits_per_pixel // 8,
            width,
            ignore_high=depth is BitmapFormat.XRGB32,
        )
        # Cells of other heights and formats may have the same bytes, and are others.
        seed = depth << 32 | strip.height
        return [xxh3_128_digest(pixels, seed=seed) for pixels in cells]
