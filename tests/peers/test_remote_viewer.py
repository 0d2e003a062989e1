"""remote-viewer's window shows the server's pixels, however they were packed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.stream.compression import COMPRESSIONS
from tests.peers.compressions import LOSSY, coders_sent, start, wait_sent
from tests.peers.peers import Serve, need_program
from tests.peers.xorg import Picture, PlainXvfb, desktop, differing, wait_until

pytestmark = pytest.mark.peer

WIDTH, HEIGHT = 1024, 768
SENT = {
    "auto": {"zlib_glz"},
    "off": {"raw"},
    "auto_glz": {"zlib_glz", "quic"},
    "auto_lz": {"lz", "quic"},
    "quic": {"quic"},
    "glz": {"zlib_glz"},
    "lz": {"lz"},
    "lz4": {"lz4"},
    LOSSY: {"zlib_glz", "jpeg"},
}
"""What it must have had, of each mode, before its window is looked at."""
OTHERS = {
    "auto": {"glz", "quic", "jpeg"},
    "auto_glz": {"glz", "lz", "jpeg"},
    "auto_lz": {"jpeg"},
    "glz": {"glz"},
    LOSSY: {"glz", "quic"},
}
"""What may come besides: JPEG where the machine is so busy that its link looks slow."""


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainXvfb]:
    """With a window manager, without which there are no full-screen windows."""
    need_program("openbox", "openbox")
    need_program("xdotool", "xdotool")
    screen = PlainXvfb(tmp_path_factory.mktemp("screen"), (WIDTH, HEIGHT))
    try:
        desktop(screen)
        yield screen
    finally:
        screen.close()


def test_every_mode_is_here() -> None:
    assert SENT.keys() == {*COMPRESSIONS, LOSSY}


@pytest.mark.parametrize("mode", SENT)
def test_its_window_shows_the_canvas_byte_for_byte(
    screen: PlainXvfb, start_serve: Callable[..., Serve], tmp_path: Path, mode: str
) -> None:
    serve = start(start_serve, mode)
    program = need_program("remote-viewer", "virt-viewer")
    viewer = screen.start(program, "--kiosk", f"spice://127.0.0.1:{serve.port}")
    try:
        serve.wait_log(f"primary surface {WIDTH}x{HEIGHT}", timeout=30)
        wait_sent(serve, SENT[mode])
        canvas = serve.freeze()
        shown: list[Picture] = []

        def equal() -> bool:
            shown[:] = [screen.root()]
            return not differing(shown[0], canvas)

        try:
            wait_until(equal, "the window does not show it")
        except AssertionError:
            pytest.fail(f"{differing(shown[0], canvas)}\n{viewer.output()}\n{serve.log()[-3000:]}")
        assert coders_sent(serve) - SENT[mode] <= OTHERS.get(mode, set())
        assert "CRITICAL" not in viewer.output() and "GSpice" not in viewer.output(), viewer.output()
    finally:
        viewer.end()
