"""What no shader draws: it is drawn by the CPU, and comes back."""

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from gspice.geometry import Point, Rect
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Composite, Drawable, Image, SurfaceImage
from tests.gpu.devices import open_device

MULTIPLY = 0x30
HAS_MASK = 1 << 19
HAS_SRC_TRANSFORM = 1 << 20
FAR = (2**31 - 1, 0, 0, 0, 65536, 0)
"""Numbers that go beyond what the shader reckons with."""
MASK = SurfaceImage(id=1, flags=0, width=30, height=30, surface_id=1)


@pytest.fixture
def canvas() -> Iterator[ComputeCanvas]:
    limits = EngineLimits(first_surfaces=1 << 16, first_data=1 << 14)
    with closing(ComputeCanvas(open_device("opengl"), limits)) as made:
        yield made


@pytest.mark.parametrize("form", [SurfaceFormat.ARGB32, SurfaceFormat.RGB565, SurfaceFormat.A8])
@pytest.mark.parametrize("source", ["bitmap", "surface"])
@pytest.mark.parametrize(
    ("flags", "transform", "mask"),
    [
        (MULTIPLY, None, None),
        (MULTIPLY | HAS_MASK, None, MASK),
        (3 | HAS_SRC_TRANSFORM, FAR, None),
        (3 | HAS_SRC_TRANSFORM | HAS_MASK, FAR, MASK),
    ],
)
def test_it_comes_back_as_the_cpu_canvas_draws_it(
    canvas: ComputeCanvas,
    form: SurfaceFormat,
    source: str,
    flags: int,
    transform: tuple[int, ...] | None,
    mask: Image | None,
) -> None:
    seen = []
    with closing(CpuCanvas()) as cpu:
        for one in (canvas, cpu):
            values = random.Random(3)
            one.create_surface(0, SurfaceSpec(20, 20, form), values.randbytes(1600))
            one.create_surface(1, SurfaceSpec(30, 30, SurfaceFormat.ARGB32), values.randbytes(3600))
            image: Image = SurfaceImage(id=1, flags=0, width=30, height=30, surface_id=1)
            if source == "bitmap":
                image = BitmapImage(
                    id=2, flags=0, width=20, height=20, format=BitmapFormat.ARGB32, top_down=False,
                    stride=80, data=values.randbytes(1600),
                )  # fmt: skip
            op = Composite(flags, image, mask, transform, None, Point(2, 1), Point(1, 2))
            clip = (Rect(4, 4, 9, 9), Rect(10, 3, 30, 12))
            (outcome,) = one.submit([Drawable(surface_id=0, bbox=Rect(3, 3, 17, 17), op=op, clip=clip)])
            assert outcome.drawn, outcome.reason
            seen.append(one.read(0, Rect(0, 0, 20, 20)).data)
    assert seen[0] == seen[1]
    assert canvas.detours == 1
