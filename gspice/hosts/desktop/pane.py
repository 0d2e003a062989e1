"""A layer with a backing store: what windows and the panel have in common."""

from math import inf

import numpy as np

from gspice.geometry import Rect
from gspice.hosts.desktop import paint
from gspice.hosts.desktop.compositor import Compositor
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.screen import Raster
from gspice.region import Region


class Pane:
    """A rectangle of the desktop with pixels of its own. Its methods count from its own top left."""

    def __init__(self, width: int, height: int) -> None:
        self.rect = Rect(0, 0, width, height)
        self.store = paint.raster(width, height)
        self.compositor: Compositor | None = None
        """Set while it is on the desktop."""

    @property
    def bounds(self) -> Rect:
        return self.rect

    def opaque(self) -> Region:
        return Region([self.rect])

    def draw(self, target: Raster, area: Rect) -> None:
        self.draw_part(target, area, Rect(0, 0, self.rect.width, self.rect.height))

    def draw_part(self, target: Raster, area: Rect, local: Rect) -> None:
        """Copy one part of the store to where it lies in ``target``, which shows ``area`` of the desktop."""
        seen = local.translate(self.rect.left, self.rect.top).intersect(area)
        if not seen.empty:
            source = paint.part(self.store, seen.translate(-self.rect.left, -self.rect.top))
            paint.part(target, seen.translate(-area.left, -area.top))[:] = source

    def place(self, left: int, top: int) -> None:
        """Take another place; who calls tells the compositor."""
        self.rect = Rect.sized(left, top, self.rect.width, self.rect.height)

    def set_size(self, width: int, height: int) -> None:
        """Take another size and paint anew; who calls tells the compositor."""
        self.rect = Rect.sized(self.rect.left, self.rect.top, width, height)
        self.store = paint.raster(width, height)
        self.sized()
        self.paint()

    def sized(self) -> None:
        """The size has changed: lay out what is painted next."""

    def paint(self) -> None:
        """Paint all of the store."""

    def touch(self, local: Rect) -> None:
        """The store has changed in that rectangle."""
        if self.compositor is not None and not local.empty:
            inside = local.intersect(Rect(0, 0, self.rect.width, self.rect.height))
            self.compositor.damage(self, [inside.translate(self.rect.left, self.rect.top)])

    def put(self, local: Rect, pixels: Raster) -> None:
        """Take pixels into the store; only the smallest rectangle around what differs counts as changed."""
        view = paint.part(self.store, local)
        differs = (view.view(np.uint32) != np.ascontiguousarray(pixels).view(np.uint32))[:, :, 0]
        rows = np.flatnonzero(differs.any(axis=1))
        if not rows.size:
            return
        columns = np.flatnonzero(differs.any(axis=0))
        view[:] = pixels
        changed = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        self.touch(changed.translate(local.left, local.top))

    def scroll(self, local: Rect, dy: int) -> None:
        """Move the pixels of a rectangle by ``dy`` rows; rows that come free stay until painted."""
        view = paint.part(self.store, local)
        if abs(dy) < local.height:
            moved = view[max(0, -dy) : local.height - max(0, dy)].copy()
            view[max(0, dy) : local.height - max(0, -dy)] = moved
        if self.compositor is not None:
            area = local.translate(self.rect.left, self.rect.top)
            source = self.compositor.visible(self)
            source.intersect(area)
            stays = Region([area])
            stays.translate(0, dy)
            stays.intersect(area)
            stays.translate(0, -dy)
            source.intersect_region(stays)
            self.compositor.moved(self, source, 0, dy, [area])

    # What a person does to it; positions are the pane's own.

    def cursor_at(self, x: int, y: int) -> CursorShape:
        return CursorShape.ARROW

    def press(self, x: int, y: int) -> None:
        """The left button went down on it."""

    def wheel(self, steps: int) -> None:
        """The wheel turned over it; up is negative."""

    def key(self, event: KeyEvent) -> None:
        """A key went down while it had the focus."""

    # What happens by itself.

    def tick(self, now: float) -> None:
        """Do what is due."""

    def deadline(self) -> float:
        """When ``tick`` is wanted next, in seconds; infinity for never."""
        return inf
