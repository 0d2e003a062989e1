"""What of a client's stale pixels it has in its pixmap cache: which parts of which images to draw where."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.cells import Cell, Cells
from gspice.stream.image_cache import CachedImage, CacheUser, PixmapCache

MIN_PIXELS = 64 * 64
"""What is smaller is packed sooner than looked up, and to about the bytes of a message."""
MAX_RECALLED = 64
"""Parts of images drawn at a time: of more, the largest."""
MAX_TRIED = 4 << 20
"""Pixels that are digested at a time to find whole images."""
MAX_PLACES = 8
"""Images, each at one place, that a cell may be found in beside the one that its digest leads to."""


class Recalled(NamedTuple):
    """A part of a cached image that belongs where ``rect`` is."""

    rect: Rect
    image: CachedImage
    source: Rect


class _Place(NamedTuple):
    """An image, and how far from where it would be seen its pixels are."""

    image: CachedImage
    dx: int
    dy: int


def recall(
    cells: Sequence[Cell], stale: Region, cache: PixmapCache, user: CacheUser, *, exact: bool
) -> list[Recalled]:
    """The parts that cover these cells, for the channel to draw; each brings MIN_PIXELS at least that are ``stale``.

    ``cells`` come by rows. The caller holds the cache's lock until all is sent.
    """
    found: list[tuple[Cell, _Place]] = []
    for cell in cells:
        at = cache.find(user, cell.digest, exact=exact)
        if at is not None:
            found.append((cell, _Place(at.image, at.x - cell.rect.left, at.y - cell.rect.top)))
    # Blank cells are everywhere: let each come from where most of its neighbours come from.
    places = [place for place, _ in Counter(place for _, place in found).most_common(MAX_PLACES)]
    placed = [(cell, _best(cell, places, own)) for cell, own in found]
    worthy = [each for each in _joined(placed) if _fresh(each[0], stale) >= MIN_PIXELS]
    worthy.sort(key=lambda each: -each[0].area)
    return [
        Recalled(rect, place.image, rect.translate(place.dx, place.dy))
        for rect, place in worthy[:MAX_RECALLED]
    ]


def recall_wholes(
    homes: Iterable[Rect], cells: Cells, stale: Region, cache: PixmapCache, user: CacheUser, *, exact: bool
) -> list[Recalled]:
    """The same for a channel that draws only whole images, which is done where such images have been before."""
    rest, left = stale.copy(), MAX_TRIED
    found: list[Recalled] = []
    for home in sorted(homes, key=lambda home: -home.area):
        if home.area > left or _fresh(home, rest) < max(MIN_PIXELS, home.area // 2):
            continue
        left -= home.area
        digest = cells.digest(home)
        at = cache.find(user, digest, exact=exact) if digest is not None else None
        whole = Rect(0, 0, home.width, home.height)
        if at is not None and (at.image.width, at.image.height) == (home.width, home.height):
            found.append(Recalled(home, at.image, whole))
            rest.subtract(home)
    return found[:MAX_RECALLED]


def _best(cell: Cell, places: Sequence[_Place], own: _Place) -> _Place:
    left, top = cell.rect.left, cell.rect.top
    for place in places:
        if place.image.cells.get((left + place.dx, top + place.dy)) == cell.digest:
            return place
    return own


def _joined(placed: Sequence[tuple[Cell, _Place]]) -> list[tuple[Rect, _Place]]:
    """Neighbours of the same place together: first those of a row, then rows of the same columns."""
    joined: list[tuple[Rect, _Place]] = []
    above: dict[tuple[int, int, int, _Place], int] = {}
    """By first column, end, bottom and place: where in ``joined``."""
    at = 0
    while at < len(placed):
        first, place = placed[at]
        rect, end = first.rect, at + 1
        while end < len(placed) and placed[end][1] == place:
            if placed[end][0].rect.left != rect.right or placed[end][0].rect.top != rect.top:
                break
            rect = rect.union(placed[end][0].rect)
            end += 1
        number = above.pop((rect.left, rect.right, rect.top, place), None)
        if number is None:
            number = len(joined)
            joined.append((rect, place))
        else:
            joined[number] = (joined[number][0].union(rect), place)
        above[rect.left, rect.right, rect.bottom, place] = number
        at = end
    return joined


def _fresh(rect: Rect, stale: Region) -> int:
    """Pixels there that the client has not."""
    inside = stale.copy()
    inside.intersect(rect)
    return inside.area
