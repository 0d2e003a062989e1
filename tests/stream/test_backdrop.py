"""What was covered is kept, and known again when it comes to light."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.backdrop import LAYERS, STILL_S, Backdrop
from gspice.stream.reference_frame import ReferenceFrame

WIDTH, HEIGHT = 100, 70
ALL = Rect(0, 0, WIDTH, HEIGHT)
Picture = NDArray[np.uint32]


class Desk:
    """A screen and what its clients would have: the picture, and the layers of the backdrop."""

    def __init__(self) -> None:
        self.frame = ReferenceFrame(WIDTH, HEIGHT, 4)
        self.now = 100.0
        self.first = noise(0)
        self.frame.fill_from(self.first.tobytes(), WIDTH * 4, ALL)
        self.backdrop = Backdrop(self.frame)
        self.layers = [np.zeros((HEIGHT, WIDTH), np.uint32) for _ in range(LAYERS)]
        self.shown = self.first.copy()

    def show(self, picture: Picture, after: float = 1.0) -> Region:
        """The next look; what of it did not come from the backdrop."""
        self.now += after
        for kept in self.backdrop.cover(picture.tobytes(), WIDTH * 4, ALL, self.now):
            for rect in kept.fresh:
                part = np.s_[rect.top : rect.bottom, rect.left : rect.right]
                self.layers[kept.layer][part] = self.shown[part]
            for rect in kept.before:
                part = np.s_[rect.top : rect.bottom, rect.left : rect.right]
                assert np.array_equal(self.layers[kept.layer][part], self.shown[part])
        changed = self.frame.compare(picture.tobytes(), WIDTH * 4, ALL)
        left = Region(changed)
        self.shown[:] = picture  # what is not uncovered comes as an image
        for uncovered in self.backdrop.uncovered(changed, self.now):
            for rect in uncovered.rects:
                part = np.s_[rect.top : rect.bottom, rect.left : rect.right]
                assert np.array_equal(self.layers[uncovered.layer][part], picture[part])
                left.subtract(rect)
        return left


def noise(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 1 << 32, (HEIGHT, WIDTH), np.uint32)


def with_window(picture: Picture, rect: Rect, seed: int) -> Picture:
    """Something of its own over a part of a picture."""
    covered = picture.copy()
    covered[rect.top : rect.bottom, rect.left : rect.right] = noise(seed)[: rect.height, : rect.width]
    return covered


def test_what_a_window_covered_comes_back_for_nothing() -> None:
    desk = Desk()
    window = Rect(20, 10, 61, 47)
    assert desk.show(with_window(desk.first, window, 1)).area >= window.area
    assert not desk.show(desk.first)


def test_what_comes_to_light_by_less_than_a_tile_is_known_too() -> None:
    desk = Desk()
    desk.show(with_window(desk.first, Rect(10, 9, 60, 50), 1))
    for right in range(57, 20, -3):
        assert not desk.show(with_window(desk.first, Rect(10, 9, right, 50), 1), after=0.03)


def test_what_lay_there_for_long_outlives_what_came_and_went() -> None:
    desk = Desk()
    window = Rect(0, 0, 32, 32)
    desk.now += 60  # a wallpaper
    for seed in range(1, 3 * LAYERS):
        desk.show(with_window(desk.first, window, seed), after=2 * STILL_S)
    assert not desk.show(desk.first)


def test_what_alternates_is_all_kept() -> None:
    desk = Desk()
    pictures = [desk.first, *(with_window(desk.first, Rect(0, 0, 40, 40), seed) for seed in range(1, LAYERS))]
    for picture in pictures[1:]:
        desk.show(picture)
    for _ in range(5):
        for picture in pictures:
            left = desk.show(picture)
    assert not left


def test_a_film_is_not_kept_and_pushes_nothing_out() -> None:
    desk = Desk()
    window = Rect(0, 0, 64, 64)
    for seed in range(1, 40):
        desk.show(with_window(desk.first, window, seed), after=STILL_S / 3)
    assert not desk.show(desk.first), "what lay under the film is there"


def test_what_came_back_once_outlives_what_never_did() -> None:
    desk = Desk()
    window = Rect(0, 0, 32, 32)
    desk.show(with_window(desk.first, window, 1))
    desk.show(desk.first)
    for seed in range(2, 2 + 2 * LAYERS):
        desk.show(with_window(desk.first, window, seed))
    assert not desk.show(desk.first)


def test_any_story_ends_with_the_right_layers() -> None:
    rng = np.random.default_rng(5)
    desk = Desk()
    pictures = [desk.first]
    for seed in range(6):
        left, top = int(rng.integers(0, 80)), int(rng.integers(0, 50))
        window = Rect(
            left, top, left + int(rng.integers(1, WIDTH - left)), top + int(rng.integers(1, HEIGHT - top))
        )
        pictures.append(with_window(pictures[int(rng.integers(len(pictures)))], window, seed))
    for _ in range(200):
        desk.show(pictures[int(rng.integers(len(pictures)))], after=float(rng.choice([0.01, 0.2, 1.0])))


@pytest.mark.parametrize("layers", [0, LAYERS + 1, -1])
def test_there_are_only_so_many_layers(layers: int) -> None:
    with pytest.raises(ValueError, match=f"{layers} layers"):
        Backdrop(ReferenceFrame(WIDTH, HEIGHT, 4), layers)


def test_one_layer_keeps_one_picture() -> None:
    desk = Desk()
    desk.backdrop = Backdrop(desk.frame, 1)
    window = Rect(0, 0, 32, 32)
    desk.show(with_window(desk.first, window, 1))
    assert not desk.show(desk.first)
