"""Looks at a screen: the whole of what they say makes the frame before into the newest one."""

import random

import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Brush, CopyBits, Drawable, Fill, Mask
from gspice.stream.screen import MAX_HINTS, PixelSource, Screen

SPEC = SurfaceSpec(200, 120, SurfaceFormat.XRGB32)
ALL = Rect(0, 0, 200, 120)


class Reads:
    """A canvas whose memory nobody can look into."""

    def __init__(self, canvas: CpuCanvas) -> None:
        self.canvas = canvas

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        return self.canvas.read(surface_id, rect)

    def view(self, surface_id: int) -> None:
        return None


class Rig:
    def __init__(self, spec: SurfaceSpec = SPEC, *, reads: bool = False) -> None:
        self.canvas = CpuCanvas()
        self.canvas.create_surface(0, spec)
        source: PixelSource = Reads(self.canvas) if reads else self.canvas
        self.screen = Screen(spec, source)
        self.screen.look(0.0)

    def fill(self, rect: Rect, color: int) -> None:
        drawable = Drawable(surface_id=0, bbox=rect, op=Fill(Brush(1, color), 8, Mask()))
        (outcome,) = self.canvas.submit([drawable])
        self.screen.declare(outcome.rects)


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("surface_format", SurfaceFormat)
def test_a_look_finds_what_differs_and_nothing_else(surface_format: SurfaceFormat, reads: bool) -> None:
    rig = Rig(SPEC._replace(format=surface_format), reads=reads)
    assert not rig.screen.dirty
    rig.fill(Rect(10, 10, 50, 50), 0xFFFFFF)
    assert rig.screen.dirty
    (changed,) = rig.screen.look(1.0).changed
    assert changed == Rect(10, 10, 50, 50) and not rig.screen.dirty
    rig.fill(Rect(10, 10, 50, 50), 0xFFFFFF)
    rig.screen.declare([ALL])
    look = rig.screen.look(2.0)
    assert not (look.changed or look.moves or look.kept or look.uncovered)


def test_captures_are_of_the_last_look() -> None:
    rig = Rig()
    rig.fill(ALL, 0x112233)
    assert rig.screen.read(Rect(1, 2, 4, 6)).data == bytes(48)
    rig.screen.look(1.0)
    pixels = rig.screen.read(Rect(1, 2, 4, 6))
    assert pixels == Pixels(3, 4, 12, SurfaceFormat.XRGB32, b"\x33\x22\x11\0" * 12)


@pytest.mark.parametrize(
    ("surface", "sent"),
    [
        (SurfaceFormat.RGB565, SurfaceFormat.XRGB32),
        (SurfaceFormat.A1, SurfaceFormat.ARGB32),
        (SurfaceFormat.RGB555, SurfaceFormat.RGB555),
        (SurfaceFormat.A8, SurfaceFormat.A8),
    ],
)
def test_captures_are_in_formats_that_images_have(surface: SurfaceFormat, sent: SurfaceFormat) -> None:
    rig = Rig(SPEC._replace(format=surface))
    rig.fill(ALL, 0xFFFFFF)
    rig.screen.look(1.0)
    assert rig.screen.read(Rect(0, 0, 8, 8)).format is sent
    assert rig.screen.has_backdrop is (surface is sent), "clients must hold what is compared"


def test_the_guests_own_copies_are_hints() -> None:
    rig = Rig()
    rng = random.Random(1)
    for _ in range(600):
        left, top = rng.randrange(190), rng.randrange(110)
        rig.fill(Rect(left, top, left + 9, top + 7), rng.randrange(1 << 24))
    rig.screen.look(1.0)
    (outcome,) = rig.canvas.submit(
        [Drawable(surface_id=0, bbox=Rect(0, 0, 200, 90), op=CopyBits(Point(0, 30)))]
    )
    rig.screen.declare(outcome.rects)
    for number in range(MAX_HINTS):
        rig.screen.hint(0, -30 if number == 0 else 100 + number)
    look = rig.screen.look(2.0)
    assert sum(rect.area for rect in look.changed) < 200 * 90
    assert [(move.dx, move.dy) for move in look.moves][:1] == [(0, -30)]


def test_a_look_knows_how_old_its_damage_is() -> None:
    rig = Rig()
    rig.screen.declare([Rect(0, 0, 10, 10)], 3.0)
    rig.screen.declare([Rect(5, 0, 15, 10)], 4.0)
    assert rig.screen.declared_pixels == 150
    assert rig.screen.look(5.0).since == 3.0
    assert rig.screen.declared_pixels == 0
    rig.screen.declare([Rect(0, 0, 1, 1)])
    assert rig.screen.look(7.0).since == 7.0, "nobody said when"
