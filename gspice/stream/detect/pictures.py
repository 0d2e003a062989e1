"""The areas of a screen that change like a video, as rectangles."""

from typing import NamedTuple

from gspice.geometry import Rect
from gspice.stream.detect.terms import Terms
from gspice.stream.detect.tile_history import Cluster, Sums, TileHistory

LEAST_TILES = 15
"""Of what may be a video: a third of the smallest, with some that do not change."""
MAX_CLUSTERS = 32
"""The largest count."""
WASTE = 1.15
"""What two areas as one rectangle may be larger than they are."""


class Picture(NamedTuple):
    """What plays, in the newest look."""

    rect: Rect
    filled: float
    """Part of it that plays."""


def find_pictures(history: TileHistory, slot: int, terms: Terms) -> list[Picture]:
    """All there are, disjoint but for their corners."""
    clusters = history.clusters(slot, LEAST_TILES)
    clusters = sorted(clusters, key=lambda cluster: cluster.sums.tiles, reverse=True)[:MAX_CLUSTERS]
    moving = [cluster for cluster in clusters if terms.is_moving_picture(cluster.sums)]
    found = []
    for cluster in joined(moving):
        box = history.trimmed(cluster.box, slot)
        if box.empty:
            continue
        rect = history.picture(box, slot)
        if terms.is_video(rect, box, cluster.sums):
            found.append(Picture(rect, min(1.0, cluster.sums.tiles / box.area)))
    return found


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
