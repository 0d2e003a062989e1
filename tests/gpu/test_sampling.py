"""What the shader is told, worked out in Python, against the real pixman."""

import random

import pytest

from gspice.geometry import Rect
from gspice.gpu.compute.sampling import Sampling, sampling
from gspice.gpu.plans.painter import Picture
from gspice.pixels import SurfaceFormat
from tests.gpu import pixman
from tests.gpu.devices import numbers, words

SIZE = 12
ARGB = SurfaceFormat.ARGB32
BILINEAR = 4
WHOLE = Rect(0, 0, SIZE, SIZE)


def picture(transform: tuple[int, ...] | None, filtering: int) -> Picture:
    return Picture(None, ARGB, WHOLE, transform, pixman.REPEAT_NONE, filtering)


def signed(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


def tap(pixels: list[int], x: int, y: int) -> int:
    return pixels[y * SIZE + x] if 0 <= x < SIZE and 0 <= y < SIZE else 0


def as_the_shader(how: Sampling, pixels: list[int], x: int, y: int) -> int:
    if how.transform is None:
        return tap(pixels, x, y)
    t = how.transform
    fx, fy = signed(t[0] * x + t[1] * y + t[2]), signed(t[3] * x + t[4] * y + t[5])
    if not how.bilinear:
        return tap(pixels, (fx - 1) >> 16, (fy - 1) >> 16)
    fx, fy = fx - 0x8000, fy - 0x8000
    across, down = (fx >> 9 & 127) << 1, (fy >> 9 & 127) << 1
    made = 0
    for shift in (0, 8, 16, 24):
        total = 0
        for k in range(4):
            weight = (across if k & 1 else 256 - across) * (down if k & 2 else 256 - down)
            total += (tap(pixels, (fx >> 16) + (k & 1), (fy >> 16) + (k >> 1)) >> shift & 255) * weight
        made |= total >> 16 << shift
    return made


@pytest.mark.parametrize("filtering", [pixman.FILTER_NEAREST, BILINEAR])
@pytest.mark.parametrize("seed", range(12))
def test_samples_are_pixmans(filtering: int, seed: int) -> None:
    values = random.Random(seed)
    pixels = [values.getrandbits(32) for _ in range(SIZE * SIZE)]
    turn = values.choice((0, 0x8000))
    transform = (
        values.randint(0x4000, 0x20000), values.randint(-turn, turn), values.randint(-0x40000, 0x40000),
        values.randint(-turn, turn), values.randint(-0x20000, 0x20000), values.randint(-0x40000, 0xC0000),
    )  # fmt: skip
    source, dest = pixman.Image(ARGB, SIZE, SIZE, words(*pixels)), pixman.Image(ARGB, SIZE, SIZE)
    source.transform(transform)
    source.sample(pixman.REPEAT_NONE, filtering)
    x, y = values.randint(-3, 5), values.randint(-3, 5)
    pixman.composite(pixman.OP_SRC, source, None, dest, (x, y), (0, 0), (0, 0), (SIZE, SIZE))
    how = sampling(picture(transform, filtering), x, y, SIZE, SIZE)
    assert how is not None
    made = [as_the_shader(how, pixels, x + i, y + j) for j in range(SIZE) for i in range(SIZE)]
    most = 0 if filtering == pixman.FILTER_NEAREST else 1
    for ours, theirs in zip(made, numbers(dest.data), strict=True):
        for shift in (0, 8, 16, 24):
            assert abs((ours >> shift & 255) - (theirs >> shift & 255)) <= most


@pytest.mark.parametrize("transform", [None, (65536, 0, 0, 0, 65536, 0)])
@pytest.mark.parametrize("filtering", [1, 2, 3, 4])
def test_pixels_that_are_not_moved_are_taken_alone(transform: tuple[int, ...] | None, filtering: int) -> None:
    assert sampling(picture(transform, filtering), 0, 0, 9, 9) == Sampling(False, None)


@pytest.mark.parametrize(
    "transform",
    [
        (2**31 - 1, 0, 0, 0, 65536, 0),
        (65536, 0, 2**31 - 1, 0, 65536, 0),
        (65536, 0, 0, 65536, -65536 * 20000, 0),
    ],
)
def test_what_would_not_fit_into_32_bits_is_not_for_the_shader(transform: tuple[int, ...]) -> None:
    assert sampling(picture(transform, BILINEAR), 0, 0, 100, 100) is None
    assert sampling(picture((65536, 0, 0, 0, 131072, 0), BILINEAR), 0, 0, 100, 100) is not None
