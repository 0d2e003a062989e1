"""A browser under Xorg plays a film: it is streamed to spice-gtk, and shown byte for byte once it is paused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.film import make_film
from tests.peers.peers import SpiceGtk
from tests.peers.xorg import LIBRARIES, Screen, Xspice, assert_shown, chromium, connect, desktop, wait_until

pytestmark = pytest.mark.peer
pytest_plugins = ["tests.peers.xorg_fixtures"]

PAGE = """<!doctype html><meta charset=utf-8><title>A film</title>
<style>body{font:18px "DejaVu Sans";margin:20px;background:#eef}</style>
<p>Text above the film, which is none.</p><video src=film.mp4 muted autoplay loop></video><p>And below.</p>
<script>setTimeout(() => document.querySelector("video").pause(), 8000)</script>"""


@pytest.fixture(params=["gspice"])
def spice_library(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    assert name in LIBRARIES
    return name


def browser(screen: Screen) -> None:
    make_film(screen.directory / "film.mp4")
    page = screen.directory / "page.html"
    page.write_text(PAGE)
    screen.start(*chromium(page, screen.directory / "profile"))
    screen.wait_window("--name", "A film")


def test_a_film_in_a_browser(
    start_xspice: Callable[..., Xspice],
    spice_gtk: SpiceGtk,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    browser(xspice)
    wait_until(lambda: "video of " in xspice.log(), "no stream began")
    first = spice_gtk.do("status")["invalidated"]
    spice_gtk.do("wait", seconds=1.0)
    assert spice_gtk.do("status")["invalidated"] - first > 10 * 480 * 270, "ten frames a second at least"
    assert_shown(spice_gtk, xspice)
    assert xspice.log().count("video of ") == 1, [line for line in xspice.log().splitlines() if "video of" in line]
