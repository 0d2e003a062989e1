"""The areas of a screen that change like a video, as rectangles."""

from typing import NamedTuple

from gspice.geometry import Rect
from gspice.stream.detect import tile_boxes
from gspice.stream.detect.terms import Terms
from gspice.stream.detect.tile_boxes import Cluster
from gspice.stream.detect.tile_history import Sums, TileHistory

LEAST_TILES = 12
"""Lively ones of what may be a video: a third of the smallest."""
MAX_CLUSTERS = 32
"""The largest count."""
FULL = 0.85
"""Part of the tiles of a film's rectangle that stir, if nothing in it is still."""
CUT = 0.85
"""Two rectangles in place of one must be so much smaller."""
MAX_CUTS = 3
WASTE = 1.15
"""What two areas as one rectangle may be larger than they are."""


class Picture(NamedTuple):
    """What plays, in the newest look."""

    rect: Rect
    filled: float
    """Part of it that plays."""
    certain: bool
    """It plays for long enough to begin with it, however it is declared."""
    lasting: bool
    """It did so half a second ago."""


def find_pictures(history: TileHistory, slot: int, terms: Terms) -> list[Picture]:
    """All there are, disjoint but for their corners."""
    clusters = tile_boxes.clusters(history, slot, LEAST_TILES)
    clusters = sorted(clusters, key=lambda cluster: cluster.sums.tiles, reverse=True)[:MAX_CLUSTERS]
    moving = [cluster for cluster in clusters if terms.is_moving_picture(cluster.sums)]
    found = []
    for cluster in joined(moving):
        for box in parted(history, slot, cluster.box):
            sums = history.sums(box, slot)
            rect = tile_boxes.picture(history, box, slot)
            if terms.is_video(rect, box, sums):
                found.append(
                    Picture(
                        rect, sums.tiles / box.area, terms.is_certain(sums), 2 * sums.lasting >= sums.tiles
                    )
                )
    return found


def parted(history: TileHistory, slot: int, box: Rect, depth: int = 0) -> list[Rect]:
    """A box without thin ends; as several if that is how its tiles lie, as those of two videos do."""
    box = tile_boxes.trimmed(history, box, slot)
    if box.empty:
        return []
    if depth == MAX_CUTS or history.sums(box, slot).tiles >= FULL * box.area:
        return [box]
    cut = tile_boxes.cut(history, box, slot)
    if cut is None:
        return [box]
    parts = [tile_boxes.tight(history, part, slot) for part in cut]
    full = [part for part in parts if history.sums(part, slot).tiles >= max(FULL * part.area, LEAST_TILES)]
    if not full or sum([part.area for part in parts]) > CUT * box.area:
        return [box]
    return [each for part in parts for each in parted(history, slot, part, depth + 1)]


def joined(clusters: list[Cluster]) -> list[Cluster]:
    """Those as one whose common rectangle has little else in it."""
    left = list(clusters)
    again = True
    while again:
        again = False
        for number, one in enumerate(left):
            for other in left[number + 1 :]:
                both = one.box.union(other.box)
                area = one.box.area + other.box.area - one.box.intersect(other.box).area
                if both.area <= WASTE * area:
                    left.remove(other)
                    left[number] = Cluster(
                        both, Sums(*[a + b for a, b in zip(one.sums, other.sums, strict=True)])
                    )
                    again = True
                    break
            if again:
                break
    return left
