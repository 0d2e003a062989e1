"""Which rectangle is proposed: what moved, not what stood still beside it."""

import numpy as np
import pytest

from gspice.geometry import Rect
from tests.stream.frames import WHITE, moves_to, noise, part, residue, text, whole


@pytest.mark.parametrize(
    "rect",
    [
        Rect(0, 48, 400, 300),
        Rect(64, 0, 400, 300),
        Rect(33, 21, 383, 277),
        Rect(5, 150, 160, 300),
        Rect(161, 7, 290, 106),
    ],
)
def test_what_stands_still_beside_it_stays(rect: Rect) -> None:
    old = noise(400, 300)
    new = old.copy()
    part(new, rect)[:-20] = part(old, rect)[20:]
    part(new, rect)[-20:] ^= 1
    (move,) = moves_to(old, new)
    assert move == (Rect(rect.left, rect.top, rect.right, rect.bottom - 20), 0, -20)
    assert residue(old, new, [move]) == rect.width * 20


def test_tiles_begin_at_the_surfaces_origin_wherever_it_is_looked() -> None:
    old = noise(400, 300)
    new = old.copy()
    rect = Rect(37, 45, 301, 250)
    part(new, rect)[:-9] = part(old, rect)[9:]
    assert moves_to(old, new, Rect(30, 41, 333, 299)) == [(Rect(37, 45, 301, 241), 0, -9)]
    assert moves_to(old, new, Rect(101, 103, 203, 207)) == [(Rect(101, 103, 203, 207), 0, -9)]


def test_a_scrolled_page_with_white_margins_is_one_move() -> None:
    page = text(400, 600)
    part(page, Rect(300, 0, 400, 600))[:] = WHITE
    old, new = page[:300].copy(), page[40:340].copy()
    (move,) = moves_to(old, new)
    assert (move.dx, move.dy) == (0, -40)
    assert residue(old, new, [move]) <= (old[-40:] != WHITE).sum() + (new[-40:] != WHITE).sum()


def test_one_color_in_place_of_another_is_no_move() -> None:
    old = np.full((300, 400), WHITE, np.uint32)
    old[:, 200:] = 0
    assert moves_to(old, old[:, ::-1].copy()) == []


def test_pages_too_large_to_try_every_rectangle_are_scrolled_too() -> None:
    # More than 80 tiles high, so that tiles are put together in groups.
    old = noise(160, 3000, form=np.uint8)
    new = np.roll(old, -100, 0)
    part(new, Rect(0, 0, 160, 64))[:] = part(old, Rect(0, 0, 160, 64))
    (move,) = moves_to(old, new)
    assert (move.dx, move.dy) == (0, -100)
    assert residue(old, new, [move]) <= 160 * 100


def test_parts_that_are_lower_than_a_tile_are_looked_at() -> None:
    old = noise(2000, 20)
    new = np.roll(old, 31, 1)
    rect = Rect(0, 3, 2000, 13)
    (move,) = moves_to(old, new, rect)
    assert move == (Rect(31, 3, 2000, 13), 31, 0)
    assert whole(new).contains(move.rect)
