"""spice-html5 in a browser: it takes fewer kinds of images than other clients, and shows the same pixels."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from gspice.geometry import Point, Rect
from gspice.hosts.desktop import theme
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.layout import default_place
from gspice.stream.compression import COMPRESSIONS
from tests.peers.chromium import Chromium
from tests.peers.compressions import LOSSY, START_SIZE, coders_sent, display_of, start, wait_sent
from tests.peers.peers import Serve
from tests.peers.pictures import Picture, find_all, terminal_text
from tests.peers.spice_html5 import SpiceHtml5, Websockify
from tests.peers.xorg import differing, wait_until

pytestmark = pytest.mark.peer

SENT = {
    "auto": {"lz", "quic"},
    "off": set(),
    "auto_glz": {"lz", "quic"},
    "auto_lz": {"lz", "quic"},
    "quic": {"quic"},
    "glz": {"lz"},
    "lz": {"lz"},
    "lz4": {"lz"},
    LOSSY: {"lz", "quic"},
}
"""As what it gets pictures in each mode, and nothing else: it has no GLZ window and does not announce LZ4; and though
it unpacks JPEG, it does so on the side, and paints it over what came later."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with contextlib.closing(Chromium(tmp_path_factory.mktemp("browser"))) as browser:
        yield browser


@pytest.fixture(scope="module")
def websockify(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Websockify]:
    with contextlib.closing(Websockify(tmp_path_factory.mktemp("websockify"))) as websockify:
        yield websockify


def assert_shown(client: SpiceHtml5, serve: Serve) -> None:
    """It holds what the server, which is frozen by this, holds."""
    canvas = serve.freeze()
    picture = client.grab_settled(canvas)
    assert picture is not None, client.complaints()
    assert not differing(picture, canvas), client.complaints()


def test_every_mode_is_here() -> None:
    assert SENT.keys() == {*COMPRESSIONS, LOSSY}


@pytest.mark.parametrize("mode", SENT)
def test_its_canvas_holds_the_server_s_pixels(
    start_serve: Callable[..., Serve], browser: Chromium, websockify: Websockify, mode: str
) -> None:
    serve = start(start_serve, mode)
    with contextlib.closing(SpiceHtml5(browser, websockify.url(serve.port))) as client:
        client.wait_resized(START_SIZE)
        wait_sent(serve, SENT[mode] or {"raw"})
        assert_shown(client, serve)
        assert coders_sent(serve) == SENT[mode]
        assert client.complaints() == []


def test_what_moved_is_copied_within_it_and_what_was_covered_comes_back(
    start_serve: Callable[..., Serve], browser: Chromium, websockify: Websockify
) -> None:
    serve = start(start_serve, "auto")
    with contextlib.closing(SpiceHtml5(browser, websockify.url(serve.port))) as client:
        client.wait_resized(START_SIZE)
        height, width, _ = _seen(client).shape
        terminal = default_place(Icon.TERMINAL, Rect(0, 0, width, height - theme.PANEL_HEIGHT))
        title = Point(terminal.left + 120, terminal.top + theme.TITLE_HEIGHT // 2)
        over_the_others, aside = Point(title.x - 40, title.y - 190), Point(title.x + 100, title.y)
        client.drag(title, over_the_others)
        client.drag(over_the_others, aside)
        client.page.type("help")
        wait_until(lambda: find_all(_seen(client), terminal_text("help")), "what was typed is not seen")
        assert_shown(client, serve)
        display = display_of(serve)
        assert display["moves"] and display["backdrop_copies"]
        assert client.complaints() == []


def _seen(client: SpiceHtml5) -> Picture:
    picture = client.grab()
    assert picture is not None
    return picture
