"""A browser under Xorg plays a film: it is streamed to spice-gtk, and shown byte for byte once it is paused."""

from collections.abc import Callable

import numpy as np
import pytest

from gspice.geometry import Rect
from tests.peers.film import make_film
from tests.peers.peers import SpiceGtk
from tests.peers.xorg import (
    LIBRARIES,
    Picture,
    Screen,
    Xspice,
    assert_shown,
    chromium,
    connect,
    desktop,
    gtk,
    wait_until,
)

pytestmark = pytest.mark.peer
pytest_plugins = ["tests.peers.xorg_fixtures"]

PAGE = """<!doctype html><meta charset=utf-8><title>A film</title>
<style>body{font:18px "DejaVu Sans";margin:20px;background:#eef}</style>
<p>Text above the film, which is none.</p><video src=film.mp4 muted autoplay loop></video><p>And below.</p>
<script>if (PAUSE) setTimeout(() => document.querySelector("video").pause(), PAUSE)</script>"""


@pytest.fixture(params=["gspice"])
def spice_library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    assert name in LIBRARIES
    return name


def browser(screen: Screen, pause_ms: int = 0) -> None:
    make_film(screen.directory / "film.mp4")
    page = screen.directory / "page.html"
    page.write_text(PAGE.replace("PAUSE", str(pause_ms)))
    screen.start(*chromium(page, screen.directory / "profile"))
    screen.wait_window("--name", "A film")


def streams(xspice: Xspice) -> list[str]:
    return [line for line in xspice.log().splitlines() if "video of " in line]


def test_a_film_in_a_browser(start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    browser(xspice, 8000)
    wait_until(lambda: streams(xspice), "no stream began")
    first = spice_gtk.do("status")["invalidated"]
    spice_gtk.do("wait", seconds=1.0)
    assert spice_gtk.do("status")["invalidated"] - first > 10 * 480 * 270, "ten frames a second at least"
    assert_shown(spice_gtk, xspice)
    # The page that is drawn first may make it seem a little larger for a moment.
    assert len(streams(xspice)) <= 2, streams(xspice)


def test_a_window_over_a_film_is_exact_while_it_plays(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    browser(xspice)
    wait_until(lambda: streams(xspice), "no stream began")
    gtk(xspice)
    window = xspice.ask("xdotool", "search", "--onlyvisible", "--class", "zenity").split()[-1]
    xspice.ask("xdotool", "windowmove", window, "150", "160")
    inside = Rect(176, 192, 432, 336)  # of the dialog, and of the film behind it

    def part(picture: Picture) -> Picture:
        return picture[inside.top : inside.bottom, inside.left : inside.right]

    assert len(np.unique(part(xspice.root()).reshape(-1, 4), axis=0)) > 10, "the dialog has text"
    wait_until(
        lambda: np.array_equal(part(spice_gtk.grab()), part(xspice.root())),
        f"{inside} is not exact",
        timeout=10,
    )
    before = spice_gtk.do("status")["invalidated"]
    spice_gtk.do("wait", seconds=1.0)
    assert spice_gtk.do("status")["invalidated"] - before > 5 * 480 * 270, "the film has stopped"
    assert np.array_equal(part(spice_gtk.grab()), part(xspice.root()))
