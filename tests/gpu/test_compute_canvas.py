"""What the GPU canvases do beyond what tests/conformance asks of all: gathering, and memory."""

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from gspice.errors import GpuMemoryError, GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import (
    BitmapImage,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Mask,
    Op,
    SurfaceImage,
)
from tests.gpu.devices import open_device
from tests.gpu.small_device import SmallDevice

XRGB, PUT = SurfaceFormat.XRGB32, 8
SMALL = EngineLimits(first_surfaces=1 << 16, first_data=1 << 14)
OP_OVER, OP_MULTIPLY = 3, 0x30


@pytest.fixture(scope="module")
def device() -> Iterator[ComputeDevice]:
    with open_device("opengl") as made:
        yield made


@pytest.fixture
def canvas(device: ComputeDevice) -> Iterator[ComputeCanvas]:
    with closing(ComputeCanvas(device, SMALL, owns_device=False)) as made:
        yield made


def draw(canvas: Canvas, op: Op, bbox: Rect, surface_id: int = 0) -> None:
    (outcome,) = canvas.submit([Drawable(surface_id=surface_id, bbox=bbox, op=op)])
    assert outcome.drawn, outcome.reason


def fill(color: int) -> Fill:
    return Fill(Brush(1, color), PUT, Mask())


def copy_of(surface_id: int, area: Rect) -> Copy:
    image = SurfaceImage(id=1, flags=0, width=area.width, height=area.height, surface_id=surface_id)
    return Copy(image, area, PUT, 0, Mask())


def bitmap(values: random.Random, width: int, height: int, number: int) -> BitmapImage:
    return BitmapImage(
        id=number, flags=number & 1, width=width, height=height, format=BitmapFormat.ARGB32, top_down=True,
        stride=width * 4, data=values.randbytes(width * height * 4),
    )  # fmt: skip


def session(canvas: Canvas, seed: int, steps: int) -> list[bytes]:
    """Surfaces come and go, and draw on each other; what is read in between and in the end."""
    values = random.Random(seed)
    seen: list[bytes] = []
    canvas.create_surface(0, SurfaceSpec(80, 70, XRGB))
    alive = {0}
    for number in range(steps):
        what = values.randrange(12)
        surface_id = values.choice(sorted(alive))
        left, top = values.randrange(40), values.randrange(40)
        box = Rect(left, top, left + values.randint(1, 30), top + values.randint(1, 30))
        if what == 0 and len(alive) < 5:
            fresh = min(set(range(9)) - alive)
            canvas.create_surface(fresh, SurfaceSpec(80, 70, XRGB), values.randbytes(80 * 70 * 4))
            alive.add(fresh)
        elif what == 1 and surface_id:
            canvas.destroy_surface(surface_id)
            alive.remove(surface_id)
        elif what == 2 and number % 4 == 0:
            seen.append(canvas.read(surface_id, box).data)
        elif what < 5:
            draw(canvas, fill(values.getrandbits(24)), box, surface_id)
        elif what < 7:
            draw(canvas, CopyBits(Point(values.randrange(40), values.randrange(40))), box, surface_id)
        elif what < 9:
            source = values.choice(sorted(alive))
            area = Rect.sized(values.randrange(40), values.randrange(40), box.width, box.height)
            draw(canvas, copy_of(source, area), box, surface_id)
        elif what < 11:
            image = bitmap(values, box.width, box.height, number % 6)
            draw(canvas, Copy(image, Rect(0, 0, box.width, box.height), PUT, 0, Mask()), box, surface_id)
        else:
            image = bitmap(values, box.width, box.height, number % 6)
            operator = values.choice((OP_OVER, OP_MULTIPLY))
            draw(
                canvas,
                Composite(operator, image, None, None, None, Point(0, 0), Point(0, 0)),
                box,
                surface_id,
            )
    for surface_id in sorted(alive):
        seen.append(canvas.read(surface_id, Rect(0, 0, 80, 70)).data)
    return seen


@pytest.mark.parametrize("seed", range(6))
def test_sessions_give_what_the_cpu_gives(canvas: ComputeCanvas, seed: int) -> None:
    with closing(CpuCanvas()) as cpu:
        assert session(canvas, seed, 150) == session(cpu, seed, 150)


@pytest.mark.parametrize("seed", range(3))
def test_so_they_do_with_memory_for_two_surfaces(device: ComputeDevice, seed: int) -> None:
    small = SmallDevice(device, 3 * 80 * 70 * 4)
    limits = EngineLimits(first_surfaces=1 << 12, first_data=1 << 12, image_cache=1 << 13)
    with closing(ComputeCanvas(small, limits, owns_device=False)) as canvas, closing(CpuCanvas()) as cpu:
        assert session(canvas, seed, 150) == session(cpu, seed, 150)


def test_reads_that_were_started_hold_what_was_there_then(canvas: ComputeCanvas) -> None:
    canvas.create_surface(0, SurfaceSpec(8, 8, SurfaceFormat.A8))
    draw(canvas, fill(7), Rect(0, 0, 8, 8))
    first = canvas.start_read(0, Rect(0, 0, 3, 1))
    draw(canvas, fill(9), Rect(0, 0, 8, 8))
    second = canvas.start_read(0, Rect(0, 0, 3, 1))
    canvas.destroy_surface(0)
    assert second.take() == bytes([9] * 3)
    assert first.take() == bytes([7] * 3)


def test_an_id_is_free_again_at_once(canvas: ComputeCanvas) -> None:
    for number in range(4):
        canvas.create_surface(0, SurfaceSpec(16, 16, XRGB))
        draw(canvas, fill(number), Rect(0, 0, 16, 8))
        if number < 3:
            canvas.destroy_surface(0)
    assert canvas.read(0, Rect(0, 7, 1, 9)).data == b"\3\0\0\0\0\0\0\0"
    with pytest.raises(GuestError):
        canvas.create_surface(0, SurfaceSpec(16, 16, XRGB))


def test_a_surface_that_there_is_no_room_for_is_not_there(device: ComputeDevice) -> None:
    small = SmallDevice(device, 1 << 16)
    with closing(ComputeCanvas(small, SMALL, owns_device=False)) as canvas:
        canvas.create_surface(0, SurfaceSpec(64, 64, XRGB))
        draw(canvas, fill(5), Rect(0, 0, 64, 64))
        with pytest.raises(GpuMemoryError):
            canvas.create_surface(1, SurfaceSpec(512, 512, XRGB))
        with pytest.raises(GpuMemoryError):
            canvas.create_surface(1, SurfaceSpec(512, 512, XRGB), bytes(512 * 512 * 4))
        assert set(canvas.surfaces()) == {0}
        assert canvas.read(0, Rect(0, 0, 1, 1)).data == b"\5\0\0\0"


def test_a_device_of_its_own_is_closed_with_it() -> None:
    device = open_device("opengl")
    canvas = ComputeCanvas.on(device)
    assert canvas.caps.name == "opengl"
    assert device.live_objects
    canvas.close()
    assert not device.live_objects
