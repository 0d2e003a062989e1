"""Windows over a film are told from what stands still in it."""

import numpy as np
import numpy.typing as npt
import pytest

from gspice.geometry import Rect
from gspice.stream.detect.covering import LEAST_TILES, STILL_SLOTS, covered
from gspice.stream.detect.tile_history import TileHistory
from gspice.stream.reference_frame import ReferenceFrame

WIDTH, HEIGHT = 400, 300
WHOLE = Rect(0, 0, WIDTH, HEIGHT)
FILM = Rect(20, 10, 380, 290)
DIALOG = Rect(96, 64, 256, 160)
"""Of whole tiles."""

Picture = npt.NDArray[np.uint8]


class Screen:
    """A film plays for as many slots as it is told."""

    def __init__(self) -> None:
        self.frame = ReferenceFrame(WIDTH, HEIGHT, 4, ignore_high=True)
        self.history = TileHistory(self.frame)
        self.random = np.random.default_rng(1)
        self.slot = 1

    def picture(self) -> Picture:
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
        smooth = 100 + 60 * np.sin((x + 9 * self.slot) / 37) + 40 * np.cos((y + 5 * self.slot) / 23)
        return np.repeat(
            (smooth + self.random.integers(0, 6, smooth.shape)).astype(np.uint8)[..., None], 4, axis=2
        )

    def play(self, slots: int, over: dict[Rect, Picture]) -> None:
        for _ in range(slots):
            self.slot += 1
            picture = self.picture()
            for rect, pixels in over.items():
                picture[rect.top : rect.bottom, rect.left : rect.right] = pixels
            rows = np.ascontiguousarray(picture[FILM.top : FILM.bottom, FILM.left : FILM.right])
            changed = self.frame.compare(rows.tobytes(), 4 * FILM.width, FILM)
            self.history.note(changed, self.slot)


def dialog(rect: Rect, colour: int = 240) -> Picture:
    """Lines of text on one colour."""
    pixels = np.full((rect.height, rect.width, 4), colour, np.uint8)
    letters = np.random.default_rng(5).random((rect.height // 2, rect.width // 2)) < 0.4
    for top in range(8, rect.height - 8, 16):
        line = letters[top // 2 : top // 2 + 4].repeat(2, axis=0).repeat(2, axis=1)
        pixels[top : top + line.shape[0], : line.shape[1]][line] = 20
    return pixels


def test_a_window_is_found_once_it_has_stood_still() -> None:
    screen = Screen()
    screen.play(10, {})
    assert covered(screen.history, FILM, screen.slot) == []
    over = {DIALOG: dialog(DIALOG)}
    screen.play(STILL_SLOTS - 5, over)
    assert covered(screen.history, FILM, screen.slot) == []
    screen.play(10, over)
    assert covered(screen.history, FILM, screen.slot) == [DIALOG]


def test_it_is_over_at_once_where_the_film_goes_on() -> None:
    screen = Screen()
    screen.play(STILL_SLOTS + 10, {DIALOG: dialog(DIALOG)})
    screen.play(1, {})
    assert covered(screen.history, FILM, screen.slot) == []


def test_only_whole_tiles_are_taken() -> None:
    screen, odd = Screen(), Rect(90, 60, 260, 165)
    screen.play(STILL_SLOTS + 10, {odd: dialog(odd)})
    assert covered(screen.history, FILM, screen.slot) == [DIALOG]


@pytest.mark.parametrize(
    "still",
    [
        np.full((96, 160, 4), 8, np.uint8),
        np.add.outer(np.arange(96), np.arange(160)).astype(np.uint8)[..., None].repeat(4, axis=2) // 2 + 60,
    ],
    ids=["black", "scenery"],
)
def test_what_stands_still_in_a_scene_is_part_of_it(still: Picture) -> None:
    screen = Screen()
    screen.play(STILL_SLOTS + 20, {DIALOG: still})
    assert covered(screen.history, FILM, screen.slot) == []


def test_flat_and_odd_shapes_are_drawn_films() -> None:
    screen = Screen()
    flat = np.full((96, 160, 4), 200, np.uint8)
    screen.play(STILL_SLOTS + 20, {DIALOG: flat})
    assert covered(screen.history, FILM, screen.slot) == []
    corner = Rect(DIALOG.right, DIALOG.bottom - 48, DIALOG.right + 96, DIALOG.bottom)
    screen.play(STILL_SLOTS + 20, {DIALOG: dialog(DIALOG), corner: dialog(corner)})
    assert covered(screen.history, FILM, screen.slot) == []


def test_small_things_are_part_of_it() -> None:
    screen, logo = Screen(), Rect(320, 32, 368, 64)
    assert (logo.width // 16) * (logo.height // 16) < LEAST_TILES
    screen.play(STILL_SLOTS + 20, {logo: dialog(logo)})
    assert covered(screen.history, FILM, screen.slot) == []


def test_two_windows_side_by_side() -> None:
    screen, other = Screen(), Rect(288, 176, 368, 256)
    screen.play(STILL_SLOTS + 20, {DIALOG: dialog(DIALOG), other: dialog(other, 200)})
    assert covered(screen.history, FILM, screen.slot) == [DIALOG, other]


def test_what_has_no_shape_of_a_window_is_none() -> None:
    screen = Screen()
    steps = {
        Rect(32 + 32 * n, 32 + 16 * n, 64 + 32 * n, 48 + 16 * n): dialog(Rect(0, 0, 32, 16))
        for n in range(10)
    }
    steps |= {
        Rect(48 + 32 * n, 48 + 16 * n, 64 + 32 * n, 64 + 16 * n): dialog(Rect(0, 0, 16, 16)) for n in range(9)
    }
    screen.play(STILL_SLOTS + 20, steps)
    assert covered(screen.history, FILM, screen.slot) == []


def test_what_lies_over_a_side_is_taken_to_the_side() -> None:
    screen, side = Screen(), Rect(304, 64, 384, 160)
    screen.play(STILL_SLOTS + 20, {side: dialog(side)})
    assert covered(screen.history, FILM, screen.slot) == [Rect(304, 64, FILM.right, 160)]


def test_rectangles_outside() -> None:
    screen = Screen()
    with pytest.raises(ValueError, match="inside"):
        covered(screen.history, Rect(0, 0, WIDTH + 1, 10), 50)
