"""What changed, against a comparison of pixel with pixel; and every door."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.stream.reference_frame import MAX_HINTS, MAX_SIDE, ReferenceFrame
from tests.stream.frames import Frame, noise, part, reference, rows_of, whole

FORMS: tuple[type[np.unsignedinteger[Any]], ...] = (np.uint8, np.uint16, np.uint32)
BOX = Rect(0, 0, 40, 30)


@st.composite
def rects(draw: st.DrawFn, within: Rect) -> Rect:
    left = draw(st.integers(within.left, within.right - 1))
    top = draw(st.integers(within.top, within.bottom - 1))
    return Rect(
        left, top, draw(st.integers(left + 1, within.right)), draw(st.integers(top + 1, within.bottom))
    )


@st.composite
def changes(draw: st.DrawFn) -> tuple[Frame, Frame, Rect]:
    """A frame, what became of it, and a rectangle to look at."""
    old = noise(draw(st.integers(1, 90)), draw(st.integers(1, 90)), 1, draw(st.sampled_from(FORMS)))
    new = old.copy()
    for area in draw(st.lists(rects(whole(old)), max_size=5)):
        part(new, area)[:] ^= np.array(draw(st.sampled_from((1, 0x80))), new.dtype)
    for x, y in draw(st.lists(st.tuples(st.integers(0, 89), st.integers(0, 89)), max_size=5)):
        new[y % new.shape[0], x % new.shape[1]] ^= np.array(1, new.dtype)
    return old, new, draw(st.one_of(st.just(whole(old)), rects(whole(old))))


@given(changes(), st.integers(0, 5))
@settings(max_examples=300)
def test_what_differs_is_covered_once_and_closely(change: tuple[Frame, Frame, Rect], padding: int) -> None:
    old, new, rect = change
    frame = reference(old)
    covered = np.zeros(old.shape, int)
    differs = np.zeros(old.shape, bool)
    part(differs, rect)[:] = part(old, rect) != part(new, rect)
    for changed in frame.compare(*rows_of(new, rect, padding), rect):
        assert rect.contains(changed)
        part(covered, changed)[:] += 1
        inside = part(differs, changed)
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
    assert covered.max() <= 1
    assert (covered[differs] == 1).all()
    # Nothing farther from a change than its own tile, but what lies between tiles of one run.
    assert covered.sum() <= 256 * (differs.sum() + 1) * 8
    expected = old.copy()
    part(expected, rect)[:] = part(new, rect)
    assert frame.read(whole(old)) == expected.tobytes()
    assert frame.compare(*rows_of(new, rect), rect) == []


def test_tiles_of_one_change_are_joined() -> None:
    old = noise(200, 120)
    new = old.copy()
    part(new, Rect(20, 10, 100, 90))[:] += 1
    new[100, 150] += 1
    assert reference(old).compare(*rows_of(new, whole(new)), whole(new)) == [
        Rect(20, 10, 100, 90),
        Rect(150, 100, 151, 101),
    ]


def test_runs_of_other_tiles_are_not_joined() -> None:
    old = noise(200, 64)
    new = old.copy()
    for area in (Rect(0, 0, 32, 16), Rect(0, 16, 48, 32), Rect(64, 0, 80, 16), Rect(64, 48, 80, 64)):
        part(new, area)[:] += 1
    assert reference(old).compare(*rows_of(new, whole(new)), whole(new)) == [
        Rect(0, 0, 32, 16),
        Rect(64, 0, 80, 16),
        Rect(0, 16, 48, 32),
        Rect(64, 48, 80, 64),
    ]


def test_a_high_byte_can_be_ignored() -> None:
    old = noise(70, 40)
    new = old | np.uint32(0xAB000000)
    assert reference(old).compare(*rows_of(new, whole(new)), whole(new)) == [whole(new)]
    frame = reference(old, ignore_high=True)
    assert frame.compare(*rows_of(new, whole(new)), whole(new)) == []
    new[5, 66] ^= 0x8000
    assert frame.compare(*rows_of(new, whole(new)), whole(new)) == [Rect(66, 5, 67, 6)]
    assert frame.find_moves(*rows_of(old, whole(new)), whole(new)) == []


@given(st.data(), st.sampled_from(FORMS))
def test_a_move_is_a_copy_whatever_overlaps(data: st.DataObject, form: type[np.unsignedinteger[Any]]) -> None:
    old = noise(40, 30, 2, form)
    source, target = data.draw(rects(BOX)), data.draw(rects(BOX))
    width, height = min(source.width, target.width), min(source.height, target.height)
    rect = Rect.sized(target.left, target.top, width, height)
    dx, dy = target.left - source.left, target.top - source.top
    frame = reference(old)
    frame.move(rect, dx, dy)
    expected = old.copy()
    part(expected, rect)[:] = part(old, rect.translate(-dx, -dy))
    assert frame.read(BOX) == expected.tobytes()


def test_pixels_are_taken_over_and_read() -> None:
    frame = ReferenceFrame(40, 30, 4)
    assert frame.read(BOX) == bytes(40 * 30 * 4)
    new, rect = noise(40, 30), Rect(3, 4, 17, 29)
    frame.fill_from(*rows_of(new, rect, 3), rect)
    assert frame.read(rect) == rows_of(new, rect)[0]
    assert frame.read(Rect(0, 0, 40, 4)) == bytes(640)
    assert frame.compare(*rows_of(new, rect), rect) == []


def test_the_first_look_finds_what_is_not_black() -> None:
    new = np.zeros((30, 40), np.uint16)
    new[3, 4] = new[9, 11] = 1
    assert ReferenceFrame(40, 30, 2).compare(*rows_of(new, BOX), BOX) == [Rect(4, 3, 12, 10)]


@pytest.mark.parametrize(
    "rect",
    [
        Rect(-1, 0, 4, 4),
        Rect(0, -1, 4, 4),
        Rect(0, 0, 41, 4),
        Rect(0, 0, 4, 31),
        Rect(4, 4, 4, 8),
        Rect(4, 8, 8, 4),
        Rect(0, 0, 1 << 40, 4),
    ],
)
def test_rectangles_outside_are_refused(rect: Rect) -> None:
    frame, data = ReferenceFrame(40, 30, 4), bytes(1 << 16)
    for call in (frame.fill_from, frame.compare, frame.find_moves):
        with pytest.raises(ValueError, match="is not inside 40x30"):
            call(data, 4096, rect)
    with pytest.raises(ValueError, match="is not inside"):
        frame.read(rect)
    with pytest.raises(ValueError, match="is not inside"):
        frame.move(rect, 0, 0)


@pytest.mark.parametrize(
    ("size", "stride"),
    [(0, 160), (4799, 160), (4800, 159), (4800, 161), (4800, -160), (4800, 1 << 80), (4800, 0)],
)
def test_data_that_are_too_short_are_refused(size: int, stride: int) -> None:
    frame = reference(noise(40, 30))
    before = frame.read(BOX)
    for call in (frame.fill_from, frame.compare, frame.find_moves):
        with pytest.raises(ValueError, match="do not hold 30 rows of 160 bytes"):
            call(bytes(size), stride, BOX)
    assert frame.read(BOX) == before


def test_the_last_row_needs_no_padding_and_one_row_no_stride() -> None:
    frame = ReferenceFrame(40, 30, 4)
    assert frame.compare(bytes(29 * 200 + 160), 200, BOX) == []
    assert frame.compare(bytes(160), 1 << 80, Rect(0, 0, 40, 1)) == []


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (-33, 0), (0, 5), (0, -26), (1 << 70, 0)])
def test_sources_outside_are_refused(dx: int, dy: int) -> None:
    frame = reference(noise(40, 30))
    before = frame.read(BOX)
    with pytest.raises(ValueError, match="is not inside"):
        frame.move(Rect(0, 4, 8, 5), dx, dy)
    assert frame.read(BOX) == before


@pytest.mark.parametrize(
    ("width", "height", "pixel", "text"),
    [
        (0, 4, 4, "sides go"),
        (4, -1, 4, "sides go"),
        (MAX_SIDE + 1, 1, 1, "sides go"),
        (1 << 80, 1, 1, "sides go"),
        (4, 4, 3, "have 1, 2 or 4"),
        (MAX_SIDE, MAX_SIDE, 4, "takes over"),
    ],
)
def test_frames_that_are_refused(width: int, height: int, pixel: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ReferenceFrame(width, height, pixel)


def test_only_wide_pixels_have_a_high_byte() -> None:
    with pytest.raises(ValueError, match="no high byte"):
        ReferenceFrame(4, 4, 2, ignore_high=True)


def test_hints_beyond_any_surface_or_number_are_passed_over() -> None:
    old, new = noise(80, 60, 1), noise(80, 60, 2)
    hints = [(1 << 80, 0), (0, -MAX_SIDE), (-32766, 32766), (0, 0), *[(i, i) for i in range(2 * MAX_HINTS)]]
    assert reference(old).find_moves(*rows_of(new, whole(new)), whole(new), hints) == []
