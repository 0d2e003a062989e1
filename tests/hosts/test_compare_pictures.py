"""Pictures of differences: the right area, the right colours, and no pixel lost where they are scaled down."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts import compare_pixels
from gspice.hosts.compare_pictures import LEAST, MARGIN, MAX_SIDE, take
from gspice.pixels import SurfaceFormat, SurfaceSpec
from tests.hosts.compared import fill


def pair(
    width: int, height: int, spoiled: Rect, form: SurfaceFormat = SurfaceFormat.XRGB32
) -> tuple[CpuCanvas, CpuCanvas]:
    """Grey canvases; the first is red in a rectangle."""
    made = CpuCanvas(), CpuCanvas()
    for canvas in made:
        canvas.create_surface(0, SurfaceSpec(width, height, form))
        canvas.submit([fill(0x808080, Rect(0, 0, width, height))])
    made[0].submit([fill(0xFF0000, spoiled)])
    return made


def rgb(png: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def test_the_crop_is_the_box_and_a_margin() -> None:
    spoiled = Rect(300, 200, 400, 210)
    crop = take(*pair(800, 600, spoiled), 0, spoiled).crop
    assert (
        crop.area == Rect(300 - MARGIN, 205 - LEAST // 2, 400 + MARGIN, 205 + LEAST // 2) and crop.scale == 1
    )
    other, reference, apart = rgb(crop.other), rgb(crop.reference), rgb(crop.difference)
    inside = (slice(27, 37), slice(MARGIN, MARGIN + 100))
    assert (other[inside] == (255, 0, 0)).all() and (reference == 128).all()
    differs = (apart[:, :, 0] != apart[:, :, 1]) | (apart[:, :, 1] != apart[:, :, 2])
    assert differs[inside].all() and differs.sum() == 1000


@pytest.mark.parametrize("corner", [Rect(0, 0, 1, 1), Rect(39, 29, 40, 30)])
def test_small_surfaces_are_shown_whole(corner: Rect) -> None:
    pictures = take(*pair(40, 30, corner), 0, corner)
    assert pictures.crop.area == pictures.whole.area == Rect(0, 0, 40, 30)
    assert rgb(pictures.crop.other)[corner.top, corner.left].tolist() == [255, 0, 0]


def test_one_pixel_shows_on_a_large_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_pixels, "STRIP_BYTES", 1 << 16)
    spot = Rect(1501, 1003, 1502, 1004)
    pictures = take(*pair(1999, 1501, spot), 0, spot)
    whole = pictures.whole
    assert whole.scale == 4 and rgb(whole.reference).shape == (376, 500, 3)
    assert max(rgb(whole.other).shape) <= MAX_SIDE
    red = rgb(whole.difference)[1003 // 4, 1501 // 4].astype(int)
    assert red[0] - red[1] > 100, "the one pixel, though fifteen others lie in the same place"
    frame = rgb(whole.reference)
    assert (frame != 128).any() and (frame[:240] == 128).all(), "it is marked, and nothing else"


def test_how_much_is_told_by_colour() -> None:
    canvas, reference = pair(64, 64, Rect(0, 0, 1, 1))
    canvas.submit([fill(0x808081, Rect(10, 10, 11, 11)), fill(0xFF8080, Rect(20, 20, 21, 21))])
    apart = rgb(take(canvas, reference, 0, Rect(0, 0, 21, 21)).crop.difference).astype(int)
    assert apart[10, 10, 1] > 200, "yellow"
    assert apart[20, 20, 1] < 50 < apart[20, 20, 0], "red"


@pytest.mark.parametrize("form", SurfaceFormat)
def test_every_format(form: SurfaceFormat) -> None:
    made = CpuCanvas(), CpuCanvas()
    for canvas, byte in zip(made, (0x00, 0xFF), strict=True):
        canvas.create_surface(0, SurfaceSpec(33, 9, form), bytes([byte]) * (33 * 4 * 9))
    crop = take(*made, 0, Rect(0, 0, 33, 9)).crop
    assert rgb(crop.reference).shape == (9, 33, 3)
    assert (rgb(crop.reference) == 255).all() and not rgb(crop.other).any()
