"""Frames that say their number, and how alike pictures are."""

import io

import numpy as np
import pytest
from PIL import Image

from bench.video_quality_film import (
    BLOCK,
    HEIGHT,
    MARK,
    WIDTH,
    frame,
    luma,
    mark,
    number_of,
    ssim,
    windows,
)
from tests.stream.video_scenes import Picture, texture


@pytest.fixture(scope="module")
def picture() -> Picture:
    return texture(1, 32)[:240, :800]


def as_jpeg(picture: Picture, quality: int) -> Picture:
    """As a codec leaves it."""
    file = io.BytesIO()
    Image.fromarray(picture[:, :, :3]).save(file, "JPEG", quality=quality)
    colours = np.asarray(Image.open(file))
    return np.dstack([colours, np.zeros(colours.shape[:2], np.uint8)])


@pytest.mark.parametrize("number", [0, 1, 239, 682, 1023])
def test_a_number_survives_a_bad_codec(picture: Picture, number: int) -> None:
    marked = picture.copy()
    mark(marked, number)
    assert number_of(marked) == number
    assert number_of(as_jpeg(marked, 5)) == number


def test_a_picture_of_two_frames_has_no_number(picture: Picture) -> None:
    one, other = picture.copy(), picture.copy()
    mark(one, 5)
    mark(other, 6)
    one[:, : 3 * BLOCK] = other[:, : 3 * BLOCK]
    assert number_of(one) is None
    assert number_of(picture) is None
    assert number_of(picture[: MARK.height - 1]) is None


def test_frames_are_full_screen_differ_and_can_be_made_again() -> None:
    one, next_one = frame(30), frame(31)
    assert one.shape == (HEIGHT, WIDTH, 4)
    assert (number_of(one), number_of(next_one)) == (30, 31)
    assert 0.05 < ssim(one, next_one) < 0.95
    assert np.array_equal(one, frame(30))


def test_what_is_alike_is_1_and_worse_codecs_are_less(picture: Picture) -> None:
    good, bad = (ssim(picture, as_jpeg(picture, quality)) for quality in (90, 5))
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert 1 > good > 0.9 > bad > 0.2


def test_one_window_is_what_the_formula_says() -> None:
    random = np.random.default_rng(3)
    one, other = (random.integers(0, 256, (8, 8, 4), np.uint8) for _ in range(2))
    a, b = luma(one).astype(float).ravel(), luma(other).astype(float).ravel()
    c1, c2 = 6.5025, 58.5225
    covariance = np.mean((a - a.mean()) * (b - b.mean()))
    expected = (2 * a.mean() * b.mean() + c1) * (2 * covariance + c2)
    expected /= (a.mean() ** 2 + b.mean() ** 2 + c1) * (a.var() + b.var() + c2)
    assert ssim(one, other) == pytest.approx(expected, abs=1e-6)


def test_windows_are_squares_of_the_picture() -> None:
    plane = np.arange(16 * 24).reshape(16, 24)
    assert np.array_equal(windows(plane)[1, :, 2, :], plane[8:16, 16:24])
