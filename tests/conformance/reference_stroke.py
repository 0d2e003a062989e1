"""Lines as they are to be drawn, slowly: which pixels, and how often each.

Plain lines are walked step by step with an error term. Dashes and joins are polygons in floating point; where a pixel's
centre lies so near to a side that rounding decides, the reference does not know.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

Point = tuple[int, int]
Corner = tuple[float, float]
MITRE_LIMIT = 1 / math.sin(math.radians(5.5))
NEAR = 1e-6


def plain(points: Sequence[Point]) -> Counter[Point]:
    """Pixels of a line without its last point; both directions of a part choose the same ones."""
    drawn: Counter[Point] = Counter()
    for start, end in pairwise(points):
        drawn.update(part(start, end))
    return drawn


def part(start: Point, end: Point) -> Iterator[Point]:
    """From one point to the next, without that."""
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    step_x, step_y = (1 if dx >= 0 else -1), (1 if dy >= 0 else -1)
    dx, dy = abs(dx), abs(dy)
    major, minor = max(dx, dy), min(dx, dy)
    backwards = step_x < 0 if dx > dy else step_y < 0
    error = 2 * minor - major - backwards
    for _ in range(major):
        yield x, y
        aside = error >= 0
        error += 2 * minor - 2 * major * aside
        x += step_x if dx > dy or aside else 0
        y += step_y if dx <= dy or aside else 0


def dashed(
    points: Sequence[Point], dashes: Sequence[int], offset: int, once: bool
) -> tuple[Counter[Point], set[Point]]:
    """Pixels of a dashed line, and those that the reference cannot tell. ``once``: count each pixel once."""
    drawn: Counter[Point] = Counter()
    unsure: set[Point] = set()
    once = once and len(points) > 2
    for polygon in pieces(points, dashes, offset, once):
        inside, doubtful = pixels(polygon)
        drawn.update(inside)
        unsure |= doubtful
    return (Counter(set(drawn)) if once else drawn), unsure


def pieces(points: Sequence[Point], dashes: Sequence[int], offset: int, once: bool) -> Iterator[list[Corner]]:
    """The rectangle of every dash and the polygon of every join."""
    walk = Walk(dashes, offset)
    directions: list[tuple[Point, Corner, bool, bool]] = []
    for start, end in pairwise(points):
        length = math.dist(start, end)
        if length == 0:
            continue
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        begins = walk.drawing
        yield from rectangles(start, along, length, walk)
        directions.append((start, along, begins, walk.inside))
    if not directions:
        return
    closed = points[0] == points[-1]
    for before, after in pairwise(directions):
        if before[3] and after[2]:
            yield from join(after[0], before[1], after[1], once)
    if closed and directions[-1][3] and directions[0][2]:
        yield from join(points[0], directions[-1][1], directions[0][1], once)


class Walk:
    """Where a line is in its dashes."""

    def __init__(self, dashes: Sequence[int], offset: int) -> None:
        self.dashes, self.index, self.left = dashes, 0, dashes[0]
        while offset >= self.left:
            offset -= self.left
            self.next()
        self.left -= offset

    def next(self) -> None:
        """Go to the next dash."""
        self.index = (self.index + 1) % len(self.dashes)
        self.left = self.dashes[self.index]

    @property
    def drawing(self) -> bool:
        """Whether what comes is drawn."""
        return self.index % 2 == 0

    @property
    def inside(self) -> bool:
        """Whether the line is in a dash, or between one that ended here and a gap."""
        return self.drawing != (self.left == self.dashes[self.index])


def rectangles(start: Point, along: Corner, length: float, walk: Walk) -> Iterator[list[Corner]]:
    """The dashes from one point to the next; what a dash has left is whole pixels."""
    at = 0.0
    while length - at > walk.left:
        if walk.drawing:
            yield rectangle(start, along, at, at + walk.left)
        at += walk.left
        walk.next()
    if walk.drawing:
        yield rectangle(start, along, at, length)
    walk.left = int(walk.left - (length - at))
    if walk.left == 0:
        walk.next()


def rectangle(start: Point, along: Corner, low: float, high: float) -> list[Corner]:
    """One pixel wide, from ``low`` to ``high`` along a direction."""
    (x, y), (u, v) = start, along
    return [
        (x + u * t - v * side / 2, y + v * t + u * side / 2)
        for t, side in ((low, -1), (high, -1), (high, 1), (low, 1))
    ]


def join(at: Point, before: Corner, after: Corner, once: bool) -> Iterator[list[Corner]]:
    """The outer corner at a point, from the end of one part to the start of the next."""
    away = (-before[0], -before[1])
    if not once and (forward(away) or forward(after)):
        return
    turn = before[0] * after[1] - before[1] * after[0]
    if abs(turn) < 1e-12:
        return
    side = -math.copysign(0.5, turn)
    (x, y), ends = at, [(-side * v, side * u) for u, v in (before, after)]
    first, last = ends
    scale = 4 * (first[0] * last[0] + first[1] * last[1]) + 1
    tip = ((first[0] + last[0]) / scale, (first[1] + last[1]) / scale)
    corners = [(0.0, 0.0), first, tip, last]
    if 2 * math.hypot(*tip) > MITRE_LIMIT:
        corners.remove(tip)
    yield [(x + u, y + v) for u, v in corners]


def forward(direction: Corner) -> bool:
    """Whether a line that goes there has its own first pixel."""
    return direction[0] > 0 or (direction[0] == 0 and direction[1] > 0)


def pixels(polygon: list[Corner]) -> tuple[set[Point], set[Point]]:
    """Pixels whose centres are inside, or on a left or upper side; and those that are too near to tell.

    Polygons along the axes have exact corners, and every pixel can be told.
    """
    inside: set[Point] = set()
    unsure: set[Point] = set()
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    exact = all((2 * v).is_integer() for v in xs + ys)
    area = sum(a[0] * b[1] - a[1] * b[0] for a, b in sides(polygon))
    for y in range(math.floor(min(ys)) - 1, math.ceil(max(ys)) + 2):
        for x in range(math.floor(min(xs)) - 1, math.ceil(max(xs)) + 2):
            answers = [beside(a, b, (x, y), area < 0, exact) for a, b in sides(polygon)]
            if False in answers:
                continue
            (unsure if None in answers else inside).add((x, y))
    return (inside if area else set()), unsure


def sides(polygon: list[Corner]) -> list[tuple[Corner, Corner]]:
    """Each corner with the next one."""
    return list(zip(polygon, polygon[1:] + polygon[:1], strict=True))


def beside(a: Corner, b: Corner, p: Point, flipped: bool, exact: bool) -> bool | None:
    """Whether a point is on the inner hand of a side; None where rounding decides."""
    if flipped:
        a, b = b, a
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    if length < NEAR:
        return True
    distance = (dx * (p[1] - a[1]) - dy * (p[0] - a[0])) / length
    if abs(distance) > NEAR:
        return distance > 0
    if not exact:
        return None
    # On the side itself: it counts when it is an upper or a left one.
    return dy < 0 or (dy == 0 and dx > 0)
