"""Moves that are proposed: whatever they are, what comes out is the newer frame, and what they spare is much."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from tests.stream.frames import BLUE, WHITE, Frame, apply, moves_to, noise, part, residue, text, whole

DESK = noise(400, 300, 7) & 0x0F0F0F


def window(frame: Frame, left: int, top: int, seed: int = 3) -> Frame:
    """The frame with a window of text on it, 160x120, and a bar along its top."""
    shown = frame.copy()
    page = text(160, 120, seed)
    page[:10] = BLUE
    part(shown, Rect.sized(left, top, 160, 120))[:] = page
    return shown


def pane(frame: Frame, rect: Rect, dx: int, dy: int, seed: int) -> Frame:
    """The frame with what one rectangle shows moved, and something new where that came from."""
    shown = frame.copy()
    inner = part(shown, rect)
    fresh = text(rect.width, rect.height, seed)
    for name, distance in ((0, dy), (1, dx)):
        inner[:] = np.roll(inner, distance, name)
        edge = slice(None, distance) if distance >= 0 else slice(distance, None)
        if distance:
            place = (edge, slice(None)) if name == 0 else (slice(None), edge)
            inner[place] = fresh[place]
    return shown


def test_nothing_is_proposed_where_nothing_changed() -> None:
    page = text(400, 300)
    assert moves_to(page, page) == []


def test_a_dragged_window_is_one_move() -> None:
    old, new = window(DESK, 100, 80), window(DESK, 117, 69)
    (move,) = moves_to(old, new)
    assert (move.dx, move.dy) == (17, -11)
    # All of it, give or take desktop that comes along rightly.
    assert move.rect.intersect(Rect.sized(117, 69, 160, 120)).area >= 0.97 * 160 * 120
    assert residue(old, new, [move]) < 17 * 120 + 11 * 160 + 400


def test_a_window_may_come_from_outside_of_what_is_looked_at() -> None:
    old, new = window(DESK, 30, 40), window(DESK, 210, 40)
    rect = Rect(205, 35, 380, 170)
    (move,) = moves_to(old, new, rect)
    assert (move.dx, move.dy) == (180, 0) or residue(old, new, [move]) < residue(old, new, [])


def test_two_panes_and_a_blinking_cursor() -> None:
    old = text(400, 300)
    new = pane(pane(old, Rect(8, 40, 190, 290), 0, -24, 5), Rect(210, 40, 392, 290), 0, 16, 6)
    part(new, Rect(80, 100, 88, 108))[:] = 0
    moves = moves_to(old, new)
    assert sorted(move.dy for move in moves) == [-24, 16]
    assert residue(old, new, moves) < residue(old, new, []) / 5


@pytest.mark.parametrize("distance", [(0, 37), (0, -37), (29, 0), (-29, 0), (13, 21), (0, 200), (-150, 3)])
def test_what_is_hinted_at_is_found(distance: tuple[int, int]) -> None:
    old = noise(400, 300)
    new = pane(old, Rect(10, 10, 390, 290), *distance, 2)
    (move,) = moves_to(old, new, hints=[(3, 3), distance])
    assert (move.dx, move.dy) == distance


def test_hints_find_what_looks_the_same_everywhere() -> None:
    # Stripes: no piece of them is there only once, so that nothing votes.
    old = np.full((300, 400), WHITE, np.uint32)
    part(old, Rect(40, 60, 200, 220))[:, ::2] = 0
    new = np.full_like(old, WHITE)
    apply_to = Rect(40, 120, 200, 280)
    part(new, apply_to)[:] = part(old, Rect(40, 60, 200, 220))
    (move,) = moves_to(old, new, hints=[(0, 60)])
    assert (move.dx, move.dy) == (0, 60)


def test_wrong_hints_do_no_harm() -> None:
    old, new = window(DESK, 100, 80), window(DESK, 117, 69)
    assert moves_to(old, new, hints=[(5, 5), (0, -40), (300, 250), (-399, -299)]) == moves_to(old, new)


def test_nothing_is_proposed_for_noise() -> None:
    assert moves_to(noise(400, 300, 1), noise(400, 300, 2)) == []


def test_nothing_is_proposed_for_little() -> None:
    old = text(400, 300)
    assert moves_to(old, pane(old, Rect(100, 100, 140, 140), 0, -8, 4)) == []


def test_no_more_than_four_are_proposed() -> None:
    old = noise(600, 600)
    new = old.copy()
    for i in range(9):
        rect = Rect.sized(200 * (i % 3), 200 * (i // 3), 190, 190)
        new = pane(new, rect, 0, 5 + 3 * i, 8)
    moves = moves_to(old, new)
    assert len(moves) == 4
    assert len({move.dy for move in moves}) == 4


def test_a_move_never_reads_what_an_earlier_one_wrote() -> None:
    # What was above goes below, and what was below farther down: only one order is right.
    old = noise(300, 400)
    new = old.copy()
    part(new, Rect(0, 120, 300, 220))[:] = part(old, Rect(0, 0, 300, 100))
    part(new, Rect(0, 250, 300, 350))[:] = part(old, Rect(0, 120, 300, 220))
    moves = moves_to(old, new)
    assert [move.dy for move in moves] == [130, 120]
    assert residue(old, new, moves) == 0


def test_moves_that_would_need_each_other_are_not_both_made() -> None:
    old = noise(300, 300)
    new = old.copy()
    part(new, Rect(0, 0, 300, 140))[:] = part(old, Rect(0, 150, 300, 290))
    part(new, Rect(0, 150, 300, 290))[:] = part(old, Rect(0, 0, 300, 140))
    (move,) = moves_to(old, new)
    assert abs(move.dy) == 150


@given(
    st.integers(40, 300),
    st.integers(40, 300),
    st.sampled_from((np.uint8, np.uint16, np.uint32)),
    st.lists(st.tuples(*[st.integers(0, 299)] * 4, st.integers(-80, 80), st.integers(-80, 80)), max_size=4),
    st.integers(1, 3),
)
@settings(max_examples=120, deadline=None)
def test_every_proposal_pays_and_is_made_right(
    width: int,
    height: int,
    form: type[np.unsignedinteger[Any]],
    steps: list[tuple[int, int, int, int, int, int]],
    seed: int,
) -> None:
    old = noise(width, height, seed, form)
    new = old.copy()
    for x1, y1, x2, y2, dx, dy in steps:
        rect = Rect(min(x1, x2), min(y1, y2), max(x1, x2) + 1, max(y1, y2) + 1).intersect(whole(new))
        if not rect.empty:
            part(new, rect)[:] = np.roll(part(new, rect), (dy, dx), (0, 1))
    moves = moves_to(old, new)
    copy, differ = old.copy(), residue(old, new, [])
    for move in moves:
        assert whole(new).contains(move.rect)
        apply(copy, move)
        left = int((copy != new).sum())
        assert left <= differ - 1900
        differ = left
