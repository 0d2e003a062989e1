"""What Xorg shows over SPICE is what is on its screen: a window manager, a terminal, GTK and a browser."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.peers.peers import SpiceGtk, need_program
from tests.peers.xorg import (
    PlainXvfb,
    Screen,
    Xspice,
    assert_shown,
    chromium,
    connect,
    desktop,
    differing,
    gtk,
    terminal,
)

pytestmark = pytest.mark.peer
pytest_plugins = ["tests.peers.xorg_fixtures"]

PAGE = """<!doctype html><meta charset=utf-8><title>A page</title>
<style>body{font:18px "DejaVu Sans";margin:20px;background:linear-gradient(45deg,#036,#9cf);color:#fff}
div{width:160px;height:90px;display:inline-block;margin:8px;border-radius:12px;background:rgba(255,80,0,.6)}
</style><h1>A still page</h1><p>Text over a gradient, then boxes one can see through.</p><div></div><div></div>
<svg width=120 height=120><circle cx=60 cy=60 r=50 fill="#fc0" stroke="#000" stroke-width=3 /></svg>"""


def browser(screen: Screen) -> None:
    page = screen.directory / "page.html"
    page.write_text(PAGE)
    screen.start(*chromium(page, screen.directory / "profile"))
    screen.wait_window("--name", "A page")


def everything(screen: Screen) -> None:
    terminal(screen)
    gtk(screen)
    browser(screen)


def shows_much(screen: Screen) -> bool:
    """There is more on the screen than its background."""
    picture = screen.root()
    return bool((picture != picture[0, 0]).any(axis=2).mean() > 0.05)


@pytest.mark.parametrize("program", [terminal, gtk, browser, everything])
def test_the_client_shows_the_x_servers_picture(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk, program: Callable[[Screen], None]
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    program(xspice)
    assert_shown(spice_gtk, xspice)
    assert shows_much(xspice)


@pytest.mark.parametrize("program", [terminal, gtk, browser])
def test_a_client_that_comes_later_sees_the_same(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk, program: Callable[[Screen], None]
) -> None:
    xspice = start_xspice()
    desktop(xspice)
    program(xspice)
    xspice.settled()
    connect(spice_gtk, xspice)
    assert_shown(spice_gtk, xspice)
    assert shows_much(xspice)


@pytest.mark.parametrize("program", [terminal, gtk, browser])
def test_the_picture_is_the_one_that_any_x_server_draws(
    start_xspice: Callable[..., Xspice],
    spice_gtk: SpiceGtk,
    plain: PlainXvfb,
    program: Callable[[Screen], None],
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    for screen in (xspice, plain):
        desktop(screen)
        program(screen)
    expected = plain.settled()
    found = spice_gtk.grab_settled(expected)
    assert not differing(found, expected), f"SPICE and Xvfb differ: {differing(found, expected)}"


def test_windows_that_move_leave_nothing_behind(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    terminal(xspice)
    gtk(xspice)
    before = assert_shown(spice_gtk, xspice)
    window = xspice.wait_window("--class", "xterm")
    for x, y in ((200, 100), (50, 300), (-100, 20), (400, 350), (21, 60)):
        xspice.ask("xdotool", "windowmove", window, str(x), str(y))
    after = assert_shown(spice_gtk, xspice)
    assert not np.array_equal(before, after)


def test_another_size_of_the_screen_reaches_the_client(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    need_program("xrandr", "x11-xserver-utils")
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    for mode in ("1024x768", "640x480", "1280x1024"):
        width, height = map(int, mode.split("x"))
        xspice.ask("xrandr", "--output", "qxl-0", "--mode", mode)
        assert spice_gtk.do("wait_primary", width=width, height=height)["ok"], spice_gtk.do("primary")
        terminal(xspice)
        assert assert_shown(spice_gtk, xspice).shape == (height, width, 4)


@pytest.mark.parametrize("size", [(320, 200), (1001, 777), (1920, 1080)])
def test_any_size_is_there_from_the_start(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk, size: tuple[int, int]
) -> None:
    xspice = start_xspice(size=size)
    connect(spice_gtk, xspice)
    desktop(xspice)
    assert assert_shown(spice_gtk, xspice).shape == (size[1], size[0], 4)
