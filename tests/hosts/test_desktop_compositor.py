"""Exposure: layers of noise with shaded margins, moved and scrolled, on a screen that may be full."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.hosts.desktop import paint
from gspice.hosts.desktop.compositor import Compositor
from gspice.hosts.desktop.pane import Pane
from gspice.hosts.desktop.screen import MemoryScreen, Raster
from gspice.qxl.driver_memory import DeviceBusy

WIDTH, HEIGHT, MARGIN = 200, 160, 6


class ShadedPane(Pane):
    """Noise, with a margin around it that darkens what is below."""

    def __init__(self, rect: Rect, seed: int) -> None:
        super().__init__(rect.width, rect.height)
        self.place(rect.left, rect.top)
        self.store[:, :, :3] = np.random.default_rng(seed).integers(0, 256, (rect.height, rect.width, 3))

    @property
    def bounds(self) -> Rect:
        return Rect(
            self.rect.left - MARGIN,
            self.rect.top - MARGIN,
            self.rect.right + MARGIN,
            self.rect.bottom + MARGIN,
        )

    def draw(self, target: Raster, area: Rect) -> None:
        seen = self.bounds.intersect(area)
        if not seen.empty:
            paint.part(target, seen.translate(-area.left, -area.top))[:] //= 2
        super().draw(target, area)


class Full(MemoryScreen):
    """Refuses every command while ``busy``, and counts those that it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = False
        self.moved = 0
        self.sent: list[str] = []

    def _check(self, name: str) -> None:
        if self.busy:
            raise DeviceBusy("full")
        self.sent.append(name)

    def fill(self, rect: Rect, color: int) -> None:
        self._check("fill")
        super().fill(rect, color)

    def copy(self, rect: Rect, pixels: Raster) -> None:
        self._check("copy")
        super().copy(rect, pixels)

    def copy_bits(self, rect: Rect, src_point: Point) -> None:
        self._check("copy_bits")
        self.moved += rect.area
        super().copy_bits(rect, src_point)


def desk(*rects: Rect) -> tuple[Full, Compositor, list[ShadedPane]]:
    """A screen on which these rectangles lie, the last on top, all drawn."""
    screen = Full()
    screen.set_mode(WIDTH, HEIGHT)
    wallpaper = paint.raster(WIDTH, HEIGHT)
    wallpaper[:, :, :3] = np.random.default_rng(99).integers(0, 256, (HEIGHT, WIDTH, 3))
    compositor = Compositor(screen, wallpaper)
    panes = [ShadedPane(rect, seed) for seed, rect in enumerate(rects)]
    compositor.layers = [*panes]
    for pane in panes:
        pane.compositor = compositor
    assert compositor.flush()
    screen.sent.clear()
    return screen, compositor, panes


def move(compositor: Compositor, pane: Pane, dx: int, dy: int) -> None:
    source, before = compositor.visible(pane), pane.bounds
    pane.place(pane.rect.left + dx, pane.rect.top + dy)
    compositor.moved(pane, source, dx, dy, [before, pane.bounds])


def check(screen: Full, compositor: Compositor) -> None:
    """Outside the stale region the screen is right."""
    differs = (screen.pixels.view(np.uint32) != compositor.picture().view(np.uint32))[:, :, 0]
    for rect in compositor.stale.rects():
        differs[rect.top : rect.bottom, rect.left : rect.right] = False
    assert not differs.any()


@pytest.mark.parametrize("dx", [-48, -9, 0, 9, 48])
@pytest.mark.parametrize("dy", [-7, 0, 7])
def test_pane_moves_under_others(dx: int, dy: int) -> None:
    # Panes lie in the middle of it: what is visible comes in many pieces that move over one another.
    screen, compositor, panes = desk(
        Rect(20, 20, 180, 140), Rect(60, 45, 85, 75), Rect(115, 60, 140, 110), Rect(70, 95, 90, 115)
    )
    move(compositor, panes[0], dx, dy)
    check(screen, compositor)
    assert screen.moved > 4000 or (dx, dy) == (0, 0)
    assert compositor.flush()
    assert not compositor.stale
    check(screen, compositor)


def test_shade_does_not_move_along() -> None:
    screen, compositor, panes = desk(Rect(20, 20, 180, 140), Rect(60, 60, 120, 100))
    panes[0].scroll(Rect(0, 0, 160, 120), -16)
    check(screen, compositor)
    assert "copy_bits" in screen.sent


def test_full_device_leaves_it_stale() -> None:
    screen, compositor, panes = desk(Rect(20, 20, 120, 120))
    screen.busy = True
    move(compositor, panes[0], 12, 5)
    assert not compositor.flush()
    check(screen, compositor)
    screen.busy = False
    assert compositor.flush()
    check(screen, compositor)
    assert not compositor.stale


def test_hidden_damage_is_left_out() -> None:
    screen, compositor, panes = desk(Rect(20, 20, 60, 60), Rect(10, 10, 90, 90))
    panes[0].touch(Rect(5, 5, 30, 30))
    assert not compositor.stale
    assert compositor.flush()
    assert screen.sent == []


def test_frozen_screen_is_left_alone() -> None:
    screen, compositor, panes = desk(Rect(20, 20, 120, 120))
    compositor.frozen = True
    move(compositor, panes[0], 3, 3)
    assert not compositor.flush()
    assert screen.sent == []


def test_put_counts_only_what_differs() -> None:
    _, compositor, panes = desk(Rect(20, 20, 120, 120))
    changed = panes[0].store.copy()
    changed[30:33, 40:44] ^= 1
    changed[:, :, 3] = 0
    panes[0].put(Rect(0, 0, 100, 100), changed)
    assert compositor.stale.rects() == [Rect(60, 50, 64, 53)]


def test_plain_areas_are_filled() -> None:
    screen, compositor, panes = desk(Rect(20, 20, 180, 140))
    panes[0].store[:] = paint.bgrx(0x123456)
    panes[0].touch(Rect(0, 0, 160, 120))
    assert compositor.flush()
    assert screen.sent == ["fill"]
    check(screen, compositor)


_step = st.tuples(
    st.sampled_from(["move", "scroll", "touch", "busy", "free", "flush"]),
    st.integers(0, 3),
    st.integers(-40, 40),
    st.integers(-40, 40),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(_step, max_size=12))
def test_screen_is_right_outside_the_stale_region(steps: list[tuple[str, int, int, int]]) -> None:
    screen, compositor, panes = desk(
        Rect(10, 10, 110, 100), Rect(60, 50, 170, 140), Rect(40, 30, 75, 75), Rect(100, 70, 130, 95)
    )
    for what, index, dx, dy in steps:
        pane = panes[index]
        if what == "move":
            move(compositor, pane, dx, dy)
        elif what == "scroll":
            pane.scroll(Rect(2, 3, pane.rect.width - 4, pane.rect.height - 3), dy)
        elif what == "touch":
            pane.store[5:20, 5:25, 0] ^= 255
            pane.touch(Rect(5, 5, 25, 20))
        elif what == "flush":
            compositor.flush()
        else:
            screen.busy = what == "busy"
        check(screen, compositor)
    screen.busy = False
    assert compositor.flush()
    assert not compositor.stale
    check(screen, compositor)
