"""Which distances are found without a hint."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stream.frames import moves_to, noise, residue, text

PAGE = text(700, 900, 4)


@given(st.integers(-190, 190), st.integers(-240, 240), st.sampled_from((np.uint8, np.uint16, np.uint32)))
@settings(max_examples=60, deadline=None)
def test_pictures_are_found_over_any_distance(dx: int, dy: int, form: type[np.unsignedinteger[Any]]) -> None:
    picture = noise(800, 800, form=form)
    old, new = picture[250:550, 200:500], picture[250 - dy : 550 - dy, 200 - dx : 500 - dx]
    moves = moves_to(old.copy(), new.copy())
    assert [(move.dx, move.dy) for move in moves] == ([] if dx == dy == 0 else [(dx, dy)])


@given(st.integers(-200, 200).filter(bool))
@settings(max_examples=60, deadline=None)
def test_text_is_scrolled_by_any_number_of_rows(dy: int) -> None:
    old, new = PAGE[250:650].copy(), PAGE[250 - dy : 650 - dy].copy()
    moves = moves_to(old, new)
    assert (0, dy) in [(move.dx, move.dy) for move in moves]
    assert residue(old, new, moves) < 0.2 * (400 - abs(dy)) / 400 * residue(old, new, []) + 700 * abs(dy)


@given(st.integers(-60, 60), st.integers(-60, 60))
@settings(max_examples=40, deadline=None)
def test_text_is_dragged_both_ways(dx: int, dy: int) -> None:
    old, new = PAGE[250:650, 80:480].copy(), PAGE[250 - dy : 650 - dy, 80 - dx : 480 - dx].copy()
    moves = moves_to(old, new)
    assert ((dx, dy) in [(move.dx, move.dy) for move in moves]) == ((dx, dy) != (0, 0))


def test_the_votes_of_few_lines_among_many_repeated_ones_decide() -> None:
    line = text(600, 16, 9)[:8]
    page = np.vstack([line] * 60)
    for i in range(0, 60, 6):
        page[8 * i : 8 * i + 8] = text(600, 16, 20 + i)[:8]
    old, new = page[:400].copy(), page[56:456].copy()
    (move, *_) = moves_to(old, new)
    assert (move.dx, move.dy) == (0, -56)


@pytest.mark.parametrize("size", [(8, 400), (23, 300), (500, 5)])
def test_what_is_narrower_than_a_feature_is_left(size: tuple[int, int]) -> None:
    old = noise(*size)
    assert moves_to(old, np.roll(old, 7, 0 if size[1] > size[0] else 1)) == []


def test_more_features_than_are_counted_do_no_harm() -> None:
    picture = noise(64, 32000, form=np.uint8)
    (move,) = moves_to(picture[:31000].copy(), picture[77:31077].copy())
    assert (move.dx, move.dy) == (0, -77)
