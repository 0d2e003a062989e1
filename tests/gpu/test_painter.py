"""The painter of main memory: what it adds to the kernels, which have tests of their own."""

import inspect

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.painter import CpuPainter
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import Painter, Picture
from gspice.gpu.plans.stroke_pen import Pen
from gspice.pixels import SurfaceFormat

ONE = 1 << 16
SRC, OVER = 1, 3
COPY = 2
ARGB, XRGB = SurfaceFormat.ARGB32, SurfaceFormat.XRGB32
PAINTER = CpuPainter()


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def surface_of(*values: int) -> Surface:
    """One row."""
    surface = Surface(len(values), 1, 32)
    surface.load(words(*values), 4 * len(values))
    return surface


def row(surface: Surface) -> bytes:
    return surface.read(Rect(0, 0, surface.width, 1))


def rgb24(width: int, height: int) -> Source:
    """A source that pixman cannot read as it lies."""
    data = bytes(i * 29 & 255 for i in range(3 * width * height))
    return PAINTER.source(data, width, height, 3 * width, fetch=Fetch.RGB24, pack=Pack.WORD32)


def test_it_takes_what_planners_give() -> None:
    for name, method in inspect.getmembers(Painter, inspect.isfunction):
        ours = inspect.signature(getattr(CpuPainter, name))
        assert list(ours.parameters.values()) == [
            parameter.replace(annotation=ours.parameters[parameter.name].annotation)
            for parameter in inspect.signature(method).parameters.values()
        ]


@pytest.mark.parametrize(
    "transform", [None, (ONE, 0, 2 * ONE, 0, ONE, ONE), (ONE // 2, 0, 3 * ONE, 0, ONE, ONE)]
)
@pytest.mark.parametrize("part", [Rect(2, 1, 8, 4), Rect(0, 0, 9, 5)])
def test_a_part_lies_where_it_lies_in_the_source(transform: tuple[int, ...] | None, part: Rect) -> None:
    source = rgb24(9, 5)
    whole = Surface(9, 5, 32)
    PAINTER.blit(whole, [Rect(0, 0, 9, 5)], source, 0, 0, COPY)
    made = []
    for pixels in (source, whole):
        target = Surface(4, 2, 32)
        at = (0, 0) if transform else (3, 2)
        PAINTER.composite(
            SRC, Picture(pixels, ARGB, part, transform), target, ARGB, [Rect(0, 0, 4, 2)],
            Rect(0, 0, 4, 2), src_x=at[0], src_y=at[1],
        )  # fmt: skip
        made.append(target.read(Rect(0, 0, 4, 2)))
    assert made[0] == made[1]
    assert any(made[0])


def test_masks_are_sampled_as_sources_are() -> None:
    target, cover = surface_of(0, 0, 0), surface_of(0, 0, 0xFF000000, 0x80000000)
    picture = Picture(surface_of(0xFFFFFFFF), ARGB, Rect(0, 0, 1, 1), repeat=1)
    mask = Picture(cover, ARGB, Rect(0, 0, 4, 1))
    area = Rect(0, 0, 3, 1)
    PAINTER.composite(OVER, picture, target, ARGB, [area], area, mask=mask, mask_x=1)
    assert row(target) == words(0, 0xFFFFFFFF, 0x80808080)
    by_channel = surface_of(0x00FF0000, 0x0000FF00, 0)
    mask = Picture(by_channel, ARGB, Rect(0, 0, 3, 1), component_alpha=True)
    PAINTER.composite(SRC, picture, target, ARGB, [area], area, mask=mask)
    assert row(target) == words(0x00FF0000, 0x0000FF00, 0)


@pytest.mark.parametrize(("high", "want"), [(0, 0x00445566), (0x80, 0x80555D66)])
def test_high_bytes_count_if_one_is_set(high: int, want: int) -> None:
    target, own = surface_of(0x00221100), surface_of(high << 24 | 0x00445566, 0)
    counts = PAINTER.any_high_byte(own, Rect(0, 0, 2, 1))
    assert counts == bool(high)
    assert not PAINTER.any_high_byte(own, Rect(1, 0, 2, 1))
    picture = Picture(own, XRGB, Rect(0, 0, 2, 1), alpha_if=counts)
    PAINTER.composite(OVER, picture, target, ARGB, [Rect(0, 0, 1, 1)], Rect(0, 0, 1, 1))
    assert int.from_bytes(row(target), "little") & 0xFFFFFF == want & 0xFFFFFF


def test_a_snapshot_stays_and_a_source_of_a_surface_does_not() -> None:
    surface, target = surface_of(1, 2, 3), surface_of(0, 0)
    live = PAINTER.surface_source(surface, fetch=Fetch.RAW, pack=Pack.WORD32)
    taken = PAINTER.snapshot(surface, Rect(1, 0, 3, 1), fetch=Fetch.RAW, pack=Pack.WORD32)
    PAINTER.fill(surface, [Rect(0, 0, 3, 1)], 9, COPY)
    PAINTER.blit(target, [Rect(0, 0, 2, 1)], live, 0, 0, COPY)
    assert row(target) == words(9, 9)
    PAINTER.blit(target, [Rect(0, 0, 2, 1)], taken, 0, 0, COPY)
    assert row(target) == words(2, 3)


def test_scratch_surfaces_are_zeros() -> None:
    scratch = PAINTER.scratch(3, 2, 16)
    assert (scratch.width, scratch.height, scratch.bits) == (3, 2, 16)
    assert not any(scratch.read(Rect(0, 0, 3, 2)))


def test_nothing_is_drawn_by_a_pen_that_is_not_used() -> None:
    surface = surface_of(0, 0)

    def refuse(pen: Pen) -> None:
        raise GuestError("too long")

    with pytest.raises(GuestError, match="too long"):
        PAINTER.strokes(surface, [Rect(0, 0, 2, 1)], COPY, refuse, 5)
    assert row(surface) == words(0, 0)
    PAINTER.strokes(surface, [Rect(1, 0, 2, 1)], COPY, Pen.fill, 5)
    assert row(surface) == words(0, 5)
