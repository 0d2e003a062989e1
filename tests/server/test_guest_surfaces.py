"""Surfaces over guest memory, without a thread: what is written back, where, and what is left alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import Brush, Drawable, Fill, Mask, SurfaceCreate
from gspice.server.guest_surfaces import KEEP_DATA, GuestSurfaces
from gspice.vdi.qxl import DevSurfaceCreate, ReleaseInfo
from tests.qxl.guest_memory import GROUP, SLOT, GuestMemory

FORMATS = [*SurfaceFormat]
WIDTH, HEIGHT = 21, 9
SENTINEL = 0xA5


class Rig:
    """Guest memory filled with a sentinel, with a margin of it around one surface."""

    def __init__(self) -> None:
        self.guest = GuestMemory()
        self.canvas = CpuCanvas()
        self.released: list[ReleaseInfo] = []
        self.surfaces = GuestSurfaces(self.canvas, self.guest.slots, self.released.append)

    def reserve(self, stride: int, height: int = HEIGHT) -> int:
        """Room for a surface; its address."""
        self.stride, self.height = abs(stride), height
        self.address = self.guest.put(bytes([SENTINEL]) * (self.stride * height + 16)) + 8
        return self.address

    def create(self, format: SurfaceFormat, stride: int, *, surface_id: int = 0, flags: int = 0) -> None:
        address = self.reserve(stride)
        if surface_id:
            data = self.guest.read(address, self.stride * HEIGHT) if flags else None
            if data is not None and stride < 0:
                data = b"".join(data[y * self.stride :][: self.stride] for y in reversed(range(HEIGHT)))
            self.surfaces.create(
                SurfaceCreate(
                    surface_id=surface_id,
                    format=format,
                    width=WIDTH,
                    height=HEIGHT,
                    stride=stride,
                    address=address,
                    keep_data=bool(flags),
                    data=data,
                ),
                GROUP,
            )
        else:
            self.surfaces.create_primary(primary(address, format, stride, flags=flags))

    def fill(self, rect: Rect, color: int = 0xFFFFFFFF, surface_id: int = 0) -> None:
        drawable = Drawable(surface_id=surface_id, bbox=rect, op=Fill(Brush(1, color), 8, Mask()))
        (outcome,) = self.canvas.submit([drawable])
        assert outcome.drawn, outcome.reason
        self.surfaces.damaged(surface_id, outcome.rects)

    def memory(self) -> NDArray[np.uint8]:
        """The surface's rows as guest memory has them; the margin must be as it was."""
        size = self.stride * self.height
        data = self.guest.read(self.address - 8, size + 16)
        assert data[:8] == data[-8:] == bytes([SENTINEL]) * 8, "written outside the surface"
        return np.frombuffer(data[8:-8], np.uint8).reshape(self.height, self.stride)


def primary(
    address: int, format: int = SurfaceFormat.XRGB32, stride: int = 4 * WIDTH, **changes: int
) -> DevSurfaceCreate:
    values = {"width": WIDTH, "height": HEIGHT, "mem": address, "group_id": GROUP, "flags": 0}
    return DevSurfaceCreate(format=format, stride=stride, **(values | changes))


def bits(rows: NDArray[np.uint8], format: SurfaceFormat) -> NDArray[np.uint8]:
    """One element a bit, in the order in which pixels follow each other."""
    return np.unpackbits(rows, axis=1, bitorder="little")[:, : WIDTH * format.bits_per_pixel]


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("surface_id", [0, 3])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_the_area_is_written_and_nothing_else(
    rig: Rig, format: SurfaceFormat, sign: int, surface_id: int
) -> None:
    """Every format, first row first or last, rows with padding: inside the area ones, outside what was before."""
    depth = format.bits_per_pixel
    stride = row_bytes(WIDTH, depth) + 5
    rig.create(format, sign * stride, surface_id=surface_id, flags=KEEP_DATA)
    before = bits(rig.memory(), format)
    rig.fill(Rect(0, 0, WIDTH, HEIGHT), surface_id=surface_id)
    area = Rect(3, 2, 13, 5)
    rig.surfaces.update_area(surface_id, area, False)
    rows = rig.memory()[::sign]
    expected = before[::sign].copy()
    left, right = area.left * depth, area.right * depth
    if depth < 8:
        # Bytes are written whole; the pixels beside the area are as new as the canvas has them.
        left, right = left & ~7, (right + 7) & ~7
    expected[area.top : area.bottom, left:right] = 1
    assert np.array_equal(bits(rows, format), expected)
    used = row_bytes(WIDTH, depth)
    assert (rows[:, used:] == SENTINEL).all(), "the padding of rows belongs to nobody"
    rig.surfaces.update_area(surface_id, Rect(0, 0, WIDTH, HEIGHT), False)
    assert bits(rig.memory(), format).all()


@pytest.mark.parametrize("surface_id", [0, 3])
def test_a_surface_without_data_is_zero_on_both_sides(rig: Rig, surface_id: int) -> None:
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH, surface_id=surface_id)
    area = Rect(0, 0, WIDTH, HEIGHT)
    assert rig.surfaces.update_area(surface_id, area, True) == [], "nothing was drawn on it"
    assert not rig.memory().any()
    assert not any(rig.canvas.read(surface_id, area).data)


@pytest.mark.parametrize("stride", [4 * WIDTH, -4 * WIDTH])
def test_kept_data_is_on_the_canvas_and_not_written_again(rig: Rig, stride: int) -> None:
    address = rig.reserve(stride)
    rows = np.arange(HEIGHT, dtype=np.uint8).repeat(4 * WIDTH).tobytes()
    rig.guest.write(address, rows)
    rig.surfaces.create_primary(primary(address, stride=stride, flags=KEEP_DATA))
    top = rig.canvas.read(0, Rect(0, 0, 1, 1)).data
    assert top == bytes([0 if stride > 0 else HEIGHT - 1]) * 4
    rig.guest.write(address, bytes(len(rows)))
    rig.surfaces.flush()
    assert not rig.memory().any(), "what the guest wrote itself was overwritten"


def test_written_pixels_are_written_once(rig: Rig) -> None:
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH)
    rig.fill(Rect(0, 0, 4, 4))
    rig.surfaces.flush()
    rig.guest.write(rig.address, bytes([7]) * 4)
    rig.surfaces.flush()
    rig.surfaces.update_area(0, Rect(0, 0, WIDTH, HEIGHT), True)
    assert (rig.memory()[0, :4] == 7).all()
    rig.fill(Rect(0, 0, 1, 1))
    rig.surfaces.flush()
    assert (rig.memory()[0, :4] == 255).all()


def test_dirty_is_what_was_drawn_since_the_last_clear(rig: Rig) -> None:
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH)
    whole = Rect(0, 0, WIDTH, HEIGHT)
    rig.fill(Rect(0, 0, 4, 4))
    rig.fill(Rect(2, 2, 6, 6))
    assert sum(rect.area for rect in rig.surfaces.update_area(0, whole, False)) == 16 + 16 - 4
    assert sum(rect.area for rect in rig.surfaces.update_area(0, Rect(-9, -9, 4, 99), True)) == 16 + 4
    assert rig.surfaces.update_area(0, whole, True) == [Rect(4, 2, 6, 6)]
    assert rig.surfaces.update_area(0, whole, True) == []
    assert rig.surfaces.update_area(0, Rect(50, 50, 60, 60), True) == []
    rig.surfaces.damaged(17, (whole,))  # of a surface that has gone: nobody's


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "format 2 is not known"),
        ({"width": 0}, "0x9 pixels"),
        ({"height": 1 << 20}, "sides must be"),
        ({"stride": 4 * WIDTH - 1}, "less than a row"),
        ({"stride": -4 * WIDTH + 1}, "less than a row"),
        ({"height": 20000}, "not all inside"),
        ({"group_id": 0}, "not mapped"),
        ({"group_id": 9}, "cannot be"),
        ({"mem": 1 << 64}, "cannot be"),
        ({"mem": (SLOT << 56) + 1}, "generation"),
    ],
)
def test_primary_surfaces_that_cannot_be(rig: Rig, changes: dict[str, int], reason: str) -> None:
    asked = primary(rig.reserve(4 * WIDTH), **changes)
    with pytest.raises(GuestError, match=reason):
        rig.surfaces.create_primary(asked)
    assert rig.surfaces.primary is None and rig.canvas.surfaces() == {}
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH)
    assert rig.surfaces.primary == SurfaceSpec(WIDTH, HEIGHT, SurfaceFormat.XRGB32)


def test_ids_are_taken_once_and_freed_once(rig: Rig) -> None:
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH)
    rig.create(SurfaceFormat.A8, 24, surface_id=3)
    for format, stride, surface_id in ((SurfaceFormat.XRGB32, 84, 0), (SurfaceFormat.A8, 24, 3)):
        with pytest.raises(GuestError, match="exists already"):
            rig.create(format, stride, surface_id=surface_id)
    rig.surfaces.destroy(3)
    assert 3 not in rig.surfaces and 0 in rig.surfaces
    with pytest.raises(GuestError, match="surface 3 does not exist"):
        rig.surfaces.destroy(3)
    with pytest.raises(GuestError, match="surface 3, which does not exist"):
        rig.surfaces.update_area(3, Rect(0, 0, 1, 1), False)
    rig.surfaces.destroy_all()
    assert rig.canvas.surfaces() == {} and rig.surfaces.primary is None


def test_memory_that_has_gone_is_an_error_and_a_flush_goes_on(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH, surface_id=3)
    rig.create(SurfaceFormat.XRGB32, 4 * WIDTH)
    rig.fill(Rect(0, 0, 2, 2))
    rig.guest.slots.remove(GROUP, SLOT)
    with pytest.raises(GuestError, match="not mapped"):
        rig.surfaces.update_area(0, Rect(0, 0, WIDTH, HEIGHT), True)
    rig.surfaces.flush()
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert (rig.memory() == SENTINEL).all()
