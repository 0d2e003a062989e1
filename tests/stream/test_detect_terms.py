"""Which areas each mode takes for videos."""

import pytest

from gspice.geometry import Rect
from gspice.stream.detect.terms import SCALE, TERMS, VideoMode
from gspice.stream.detect.tile_history import SAMPLES, Sums

FILM = Sums(100, 100, 100, 8000, 500, 100 * SCALE * SAMPLES, 60, 0, 100)
RECT, BOX = Rect(0, 0, 160, 160), Rect(0, 0, 10, 10)
AUTO, FILTER, ALL = VideoMode.AUTO, VideoMode.FILTER, VideoMode.ALL


@pytest.mark.parametrize(
    ("sums", "modes"),
    [
        (FILM, {AUTO, FILTER, ALL}),
        (FILM._replace(contrast=6000), {FILTER, ALL}),
        (FILM._replace(contrast=9000), {ALL}),
        (FILM._replace(slight=0, contrast=900), {ALL}),
        (FILM._replace(wavering=0), {FILTER, ALL}),
        (FILM._replace(wavering=0, lasting=50), {AUTO, FILTER, ALL}),
        (FILM._replace(differing=500), {FILTER, ALL}),
        (FILM._replace(tiles=39, lively=39, fresh=39), set()),
        (FILM._replace(lively=30), set()),
        (FILM._replace(fresh=10), set()),
    ],
)
def test_what_is_a_video(sums: Sums, modes: set[VideoMode]) -> None:
    assert {mode for mode, terms in TERMS.items() if terms.is_video(RECT, BOX, sums)} == modes


def test_sizes() -> None:
    assert TERMS[AUTO].has_size(Rect.sized(3, 3, 96, 96)) and not TERMS[AUTO].has_size(
        Rect.sized(3, 3, 96, 95)
    )
    assert not TERMS[AUTO].has_size(Rect.sized(0, 0, 800, 47))
    assert TERMS[ALL].has_size(Rect.sized(0, 0, 800, 47))


def test_off_has_no_terms() -> None:
    assert set(TERMS) == set(VideoMode) - {VideoMode.OFF}
