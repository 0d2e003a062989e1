"""Where one client's picture of a surface lags behind the frame that the server last looked at.

The invariant: outside ``stale``, ``lossy`` and ``video`` the client's pixels, once it has taken all that is queued,
equal the newest look's. Looks, moves and captures happen in order on one thread, and nothing but frames of streams is
sent to a client between its capture and the end of its encoding, so that order is the client's too.
"""

from collections.abc import Iterable

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.backdrop import LAYERS, Kept, Uncovered
from gspice.stream.merging import merge
from gspice.stream.reference_frame import Move

SLACK = 4096
"""Pixels sent for nothing that cost as much as an image more: its headers, and the work for it."""
MAX_RECTS = 48
"""Images of one frame."""
MAX_PIECE = 256 << 10
"""Pixels of one image: what is encoded in a few milliseconds."""

ALIGNED = (64, 16)
"""Rows at whose multiples large areas are cut, the first where it leaves more than half of them."""


class ClientView:
    """One surface as one client has it."""

    def __init__(self, bounds: Rect) -> None:
        self.bounds = bounds
        self.stale = Region([bounds])
        """What must be captured and sent; the whole surface at first."""
        self.lossy = Region()
        """What the client has only about: to be sent again, exactly, when it has come to rest."""
        self.video = Region()
        """Where streams play: nothing of it is stale or lossy, for frames of the streams will cover it."""
        self.kept = [Region() for _ in range(LAYERS)]
        """What the client has in each layer of its backdrop as the server has it in its own."""
        self._turn = 0
        """The row at which large areas are served next, so that each gets its turn."""

    def changed(self, rects: Iterable[Rect]) -> None:
        """The client's pixels there are not the newest."""
        self.stale.add_region(Region(rects))
        if self.video:
            self.stale.subtract_region(self.video)

    def play(self, rects: Iterable[Rect]) -> None:
        """From now on the frames of a stream show what is there."""
        shown = Region(rects)
        self.stale.subtract_region(shown)
        self.lossy.subtract_region(shown)
        self.video.add_region(shown)

    def rest_video(self, rects: Iterable[Rect]) -> None:
        """The newest frame of a stream shows what is there, about."""
        shown = Region(rects)
        self.video.subtract_region(shown)
        self.lossy.add_region(shown)

    def stop(self, rects: Iterable[Rect]) -> None:
        """No stream shows what is there any more."""
        shown = Region(rects)
        self.video.subtract_region(shown)
        self.lossy.subtract_region(shown)
        self.stale.add_region(shown)

    def move(self, move: Move) -> bool:
        """The newest frame copied something; whether the client shall copy it too, before all else.

        False where most of what it would copy is stale: the destination then is.
        """
        target = Region([move.rect])
        stale = self.stale.copy()
        stale.translate(move.dx, move.dy)
        stale.intersect_region(target)
        if 2 * stale.area > target.area:
            self.changed([move.rect])
            return False
        # What comes from stale pixels is stale where it lands; the rest is now right, or as lossy as its source.
        lossy = self.lossy.copy()
        lossy.add_region(self.video)
        lossy.translate(move.dx, move.dy)
        lossy.intersect_region(target)
        for region, moved in ((self.stale, stale), (self.lossy, lossy)):
            region.subtract_region(target)
            region.add_region(moved)
            region.subtract_region(self.video)
        return True

    def keep(self, kept: Kept) -> list[Rect]:
        """Pixels are about to be covered that a layer of the backdrop keeps: what the client shall copy there now."""
        mine = self.kept[kept.layer]
        wanted = Region(kept.before)
        wanted.subtract_region(mine)
        fresh = Region(kept.fresh)
        mine.subtract_region(fresh)
        wanted.add_region(fresh)
        # What it has not, or not exactly, cannot be kept.
        wanted.subtract_region(self.stale)
        wanted.subtract_region(self.lossy)
        wanted.subtract_region(self.video)
        mine.add_region(wanted)
        return wanted.rects()

    def lose(self, kept: Kept) -> None:
        """A layer keeps other pixels there now, and the client cannot copy them in time."""
        self.kept[kept.layer].subtract_region(Region(kept.fresh))

    def uncover(self, uncovered: Uncovered) -> list[Rect]:
        """Some of what changed is what a layer keeps: what of it the client shall copy from there."""
        ready = Region(uncovered.rects)
        ready.intersect_region(self.kept[uncovered.layer])
        self.stale.subtract_region(ready)
        self.lossy.subtract_region(ready)
        return ready.rects()

    def take(self, pixels: int) -> list[Rect]:
        """Remove about so many stale pixels, as the rectangles to capture now; at least one while any is stale.

        Small areas come first (an echo of a key must not wait for a film beside it) but take half of the room at
        most where there are larger ones; those have their turns from top to bottom.
        """
        rects = merge(self.stale.rects(), SLACK, MAX_RECTS)
        taken: list[Rect] = []
        large: list[Rect] = []
        for_small = max(pixels // 2, SLACK)
        for rect in sorted(rects, key=lambda rect: rect.area):
            if rect.area <= for_small:
                taken.append(rect)
                for_small -= rect.area
            else:
                large.append(rect)
        left = pixels - sum([rect.area for rect in taken])
        large.sort(key=lambda rect: (rect.bottom <= self._turn, rect.top, rect.left))
        for rect in large:
            if taken and left <= 0:
                break
            left -= self._take_rows(rect, left, taken)
        for rect in taken:
            self.stale.subtract(rect)
            self.lossy.subtract(rect)
        return taken

    def _take_rows(self, rect: Rect, left: int, taken: list[Rect]) -> int:
        """As many rows of a rectangle as there is room for, in pieces; the pixels taken."""
        rows = max(1, min(rect.height, left // rect.width))
        start = rect.top
        if rect.top < self._turn < rect.bottom and rows < rect.height:
            start = self._turn
            rows = min(rows, rect.bottom - start)
        if start + rows < rect.bottom:
            rows = _aligned(start, rows)
        step = max(1, MAX_PIECE // rect.width)
        top = start
        while top < start + rows:
            end = min(top + step, start + rows)
            if end < start + rows:
                end = top + _aligned(top, end - top)
            taken.append(Rect(rect.left, top, rect.right, end))
            top = end
        self._turn = start + rows if start + rows < rect.bottom else 0
        return rows * rect.width

    def rest(self, pixels: int) -> None:
        """Make about so many lossy pixels stale: they have come to rest."""
        left = pixels
        for rect in merge(self.lossy.rects(), SLACK, MAX_RECTS):
            if left <= 0:
                return
            rows = max(1, min(rect.height, left // rect.width))
            part = Rect(rect.left, rect.top, rect.right, rect.top + rows)
            self.stale.add(part)
            left -= part.area


def _aligned(top: int, rows: int) -> int:
    """About so many rows, to an end at which images that clients keep can be found again."""
    for side in ALIGNED:
        if (top + rows) // side * side > top + rows // 2:
            return (top + rows) // side * side - top
    return rows
