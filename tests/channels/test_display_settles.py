"""Whatever is drawn and however slow and late everything is: at rest, every client shows the canvas."""

import pytest

from gspice.pixels import SurfaceFormat
from tests.channels.settling import play


@pytest.mark.parametrize("seed", range(60))
def test_at_rest_every_client_shows_the_canvas(seed: int) -> None:
    play(seed, 250)


@pytest.mark.parametrize("surface_format", [f for f in SurfaceFormat if f is not SurfaceFormat.XRGB32])
@pytest.mark.parametrize("seed", range(6))
def test_so_it_is_on_surfaces_of_every_format(seed: int, surface_format: SurfaceFormat) -> None:
    play(seed, 150, surface_format=surface_format)
