"""From layers to the screen: what is visible, what is stale, and the few commands that make it right.

One law holds at all times: outside the damage, the screen shows exactly what ``compose`` gives. Whoever
changes a layer's pixels or place says so at once, by ``damage`` or ``moved``.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from gspice.geometry import Point, Rect
from gspice.hosts.desktop.damage import join_rects, solid_runs
from gspice.hosts.desktop.screen import Raster, Screen
from gspice.qxl.driver_memory import DeviceBusy
from gspice.region import Region

_COPY_PIXELS = 256 * 1024
"""Pixels of one copy command: a full screen then fits a small device memory piece by piece."""

_SMALLEST_MOVE = 512
"""Pixels below which painting again is as cheap as a command that moves them."""

_MOST_MOVES = 16
"""Commands that one move may take; further pieces, the smaller ones, are painted again instead."""


class Layer(Protocol):
    """Something on the desktop that covers part of it."""

    store: Raster
    """Its own pixels, the size of ``rect``."""

    @property
    def rect(self) -> Rect: ...

    @property
    def bounds(self) -> Rect:
        """All that it touches, soft edges and shadow included."""

    def opaque(self) -> Region:
        """Where nothing below shows through."""

    def draw(self, target: Raster, area: Rect) -> None:
        """Lay it over ``target``, which holds what is below for the part ``area`` of the desktop."""


class Compositor:
    """Keeps the screen equal to ``layers``, from the lowest to the highest, over a wallpaper."""

    def __init__(self, screen: Screen, wallpaper: Raster) -> None:
        self.screen = screen
        self.frozen = False
        self.layers: list[Layer] = []
        self.stale = Region()
        self.reset(wallpaper)

    def reset(self, wallpaper: Raster) -> None:
        """The screen is new and of the wallpaper's size: all of it must be drawn."""
        self.wallpaper = wallpaper
        self.area = Rect(0, 0, wallpaper.shape[1], wallpaper.shape[0])
        self.stale = Region([self.area])

    def visible(self, layer: Layer) -> Region:
        """Where the screen shows this layer alone, neither covered nor shaded by those above."""
        region = layer.opaque()
        region.intersect(self.area)
        for above in self.layers[self.layers.index(layer) + 1 :]:
            region.subtract(above.bounds)
        return region

    def damage(self, layer: Layer, rects: Iterable[Rect]) -> None:
        """The layer looks different in these rectangles of the desktop; what others hide is left out."""
        region = Region(rects)
        region.intersect(self.area)
        for above in self.layers[self.layers.index(layer) + 1 :]:
            if region.overlaps(above.bounds):
                region.subtract_region(above.opaque())
        self.stale.add_region(region)

    def _shift(self, layer: Layer, source: Region, dx: int, dy: int) -> Region:
        """Move what the screen shows of a layer in ``source``; the region that it now shows right."""
        kept = source.copy()
        kept.subtract_region(self.stale)
        kept.translate(dx, dy)
        kept.intersect_region(self.visible(layer))
        done = Region()
        if self.frozen or (dx, dy) == (0, 0):
            return done
        rects = sorted(kept.rects(), key=lambda rect: -rect.area)[:_MOST_MOVES]
        # Later sources must not lie under earlier targets: go against the move, bands first.
        rects.sort(key=lambda rect: (-rect.top if dy > 0 else rect.top, -rect.left if dx > 0 else rect.left))
        for rect in rects:
            if rect.area < _SMALLEST_MOVE:
                continue
            if not self._sent(self.screen.copy_bits, rect, Point(rect.left - dx, rect.top - dy)):
                break
            done.add(rect)
        return done

    def moved(self, layer: Layer, source: Region, dx: int, dy: int, changed: Iterable[Rect]) -> None:
        """A layer, or a part of one, has moved: show it by moving pixels, damage the rest of ``changed``.

        ``source`` is what was visible of the layer before, as far as it moved.
        """
        done = self._shift(layer, source, dx, dy)
        self.damage(layer, changed)
        self.stale.subtract_region(done)

    def compose(self, area: Rect) -> Raster:
        """How that part of the desktop should look; may be a view, so read it at once and do not write."""
        base, origin, first = self.wallpaper, self.area, 0
        for index in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[index]
            if layer.rect.contains(area) and layer.opaque().covers(area):
                base, origin, first = layer.store, layer.rect, index + 1
                break
        local = area.translate(-origin.left, -origin.top)
        picture = base[local.top : local.bottom, local.left : local.right]
        over = [layer for layer in self.layers[first:] if not layer.bounds.intersect(area).empty]
        if over:
            picture = picture.copy()
            for layer in over:
                layer.draw(picture, area)
        return picture

    def flush(self) -> bool:
        """Draw what is stale. False: the device is full (or frozen), and what is left stays stale."""
        if self.frozen:
            return not self.stale
        for rect in join_rects(self.stale.rects()):
            rows = max(1, _COPY_PIXELS // rect.width)
            for top in range(rect.top, rect.bottom, rows):
                piece = Rect(rect.left, top, rect.right, min(rect.bottom, top + rows))
                if not self._show(piece):
                    return False
        return True

    def _show(self, piece: Rect) -> bool:
        picture = self.compose(piece)
        for top, bottom, color in solid_runs(picture):
            rect = Rect(piece.left, piece.top + top, piece.right, piece.top + bottom)
            if color is not None:
                sent = self._sent(self.screen.fill, rect, color)
            else:
                sent = self._sent(self.screen.copy, rect, picture[top:bottom])
            if not sent:
                return False
            self.stale.subtract(rect)
        return True

    def _sent(self, command: Callable[..., None], *args: object) -> bool:
        """Draw; False: the device has no room now."""
        try:
            command(*args)
        except DeviceBusy:
            return False
        return True

    def picture(self) -> Raster:
        """The whole desktop composed from scratch: what the screen shows once nothing is stale."""
        return np.ascontiguousarray(self.compose(self.area))
