"""The values that recordings are made of."""

from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    DESTROYS_PRIMARY,
    DESTROYS_SURFACES,
    RecordedPrimary,
    RecordingError,
    flipped,
)


def test_rows_in_the_opposite_order() -> None:
    assert flipped(b"aabbcc", 2) == b"ccbbaa"
    assert flipped(b"", 2) == b""


def test_a_primary_shows_its_rows_top_down() -> None:
    up = RecordedPrimary(width=1, height=2, stride=-4, format=32, data=b"row1row0")
    down = RecordedPrimary(width=1, height=2, stride=4, format=32, data=b"row0row1")
    assert up.rows() == down.rows() == b"row0row1"
    assert RecordedPrimary(width=1, height=2, stride=-4, format=32).rows() == b""


def test_an_error_says_where() -> None:
    error = RecordingError(77, "no digits")
    assert str(error) == "recording damaged at byte 77: no digits"
    assert (error.position, error.reason) == (77, "no digits")


def test_messages_that_matter_have_the_numbers_of_the_format() -> None:
    kinds = CREATES_PRIMARY, DESTROYS_PRIMARY, DESTROYS_SURFACES
    assert [sorted(map(int, kind)) for kind in kinds] == [[20, 29], [21, 30], [19, 28]]
