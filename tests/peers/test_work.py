"""A person works on the desktop: types, drags, resizes, changes lock keys."""

from collections.abc import Callable

import numpy as np
import pytest

from gspice.geometry import Rect
from gspice.hosts.desktop import theme
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.layout import default_place
from tests.peers.peers import Serve, SpiceGtk
from tests.peers.pictures import Picture, find_all, terminal_text

pytestmark = pytest.mark.peer

_ROWS = {0x10: "qwertyuiop", 0x1E: "asdfghjkl", 0x2C: "zxcvbnm", 0x39: " ", 0x1C: "\n", 0x02: "1234567890"}
SCANCODES = {letter: first + i for first, letters in _ROWS.items() for i, letter in enumerate(letters)}

WIDTH, HEIGHT = 800, 600
TERMINAL = default_place(Icon.TERMINAL, Rect(0, 0, WIDTH, HEIGHT - theme.PANEL_HEIGHT))


def typed(text: str) -> list[int]:
    return [SCANCODES[letter] for letter in text]


def wait_for(client: SpiceGtk, condition: Callable[[Picture], bool], timeout: float = 8.0) -> Picture:
    """The first picture that spice-gtk holds for which the condition is true, or the last one it held."""
    for _ in range(int(timeout / 0.1)):
        picture = client.grab()
        if condition(picture):
            return picture
        client.do("wait", seconds=0.1)
    return client.grab()


def test_typed_text_appears_in_the_terminal_window(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    word = terminal_text("gspice works")
    assert not find_all(spice_gtk.grab(), word)
    spice_gtk.do("keys", scancodes=typed("echo gspice works"))
    picture = wait_for(spice_gtk, lambda p: len(find_all(p, word)) == 1)
    assert len(find_all(picture, word)) == 1, "the typed text is not echoed"
    spice_gtk.do("keys", scancodes=typed("\n"))
    picture = wait_for(spice_gtk, lambda p: len(find_all(p, word)) == 2)
    places = find_all(picture, word)
    assert len(places) == 2, "the command's output is not there"
    assert all(TERMINAL.contains_point(x, y) for x, y in places)


def test_a_flood_of_output_scrolls_and_stays_exact(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("keys", scancodes=typed("seq 200\n"))
    picture = wait_for(spice_gtk, lambda p: bool(find_all(p, terminal_text("200 "))))
    assert find_all(picture, terminal_text("199 "))
    assert not find_all(picture, terminal_text("17  ")), "the beginning has scrolled away"
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)


def test_a_drag_moves_a_window(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("keys", scancodes=typed("echo marker\n"))
    word = terminal_text("marker")
    before = find_all(wait_for(spice_gtk, lambda p: len(find_all(p, word)) == 2), word)
    assert len(before) == 2
    x, y = TERMINAL.left + 120, TERMINAL.top + theme.TITLE_HEIGHT // 2
    spice_gtk.do("position", x=x, y=y)
    spice_gtk.do("button", button=1, down=True)
    for step in range(1, 11):
        spice_gtk.do("position", x=x - 6 * step, y=y - 9 * step, buttons=1)
    spice_gtk.do("button", button=1, down=False, state=1)
    expected = [(left - 60, top - 90) for left, top in before]
    after = find_all(wait_for(spice_gtk, lambda p: find_all(p, word) == expected), word)
    assert after == expected
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)


def test_a_drag_in_server_mouse_mode(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    assert spice_gtk.do("mouse_mode", mode=1)["mode"] == 1
    cursors = len(spice_gtk.do("status")["cursors"])
    # To the top left corner, which is a known place, and from there onto the terminal's text.
    for _ in range(20):
        spice_gtk.do("motion", dx=-100, dy=-100)
    for _ in range(10):
        spice_gtk.do("motion", dx=(TERMINAL.left + 60) // 10, dy=(TERMINAL.top + 100) // 10)
    spice_gtk.do("wait", seconds=0.3)
    shapes = spice_gtk.do("status")["cursors"][cursors:]
    assert shapes, "the cursor's shape does not follow what is under it"
    assert spice_gtk.do("mouse_mode", mode=2)["mode"] == 2


def test_the_wheel_scrolls_the_terminal_back(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("keys", scancodes=typed("seq 99\n"))
    last = terminal_text("99 ")
    assert find_all(wait_for(spice_gtk, lambda p: bool(find_all(p, last))), last)
    spice_gtk.do("position", x=TERMINAL.left + 200, y=TERMINAL.top + 150)
    for _ in range(8):
        spice_gtk.do("button", button=4, down=True)
        spice_gtk.do("button", button=4, down=False)
    picture = wait_for(spice_gtk, lambda p: not find_all(p, last))
    assert not find_all(picture, last), "the wheel does not scroll back"
    assert find_all(picture, terminal_text("70 ")), "nor to where it should"


def test_resize_follows_the_client(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    for width, height in [(1024, 700), (640, 480), (1280, 800)]:
        assert spice_gtk.do("resize", width=width, height=height)["ok"]
        primary = spice_gtk.do("wait_primary", width=width, height=height)
        assert primary["ok"], f"still {primary}\n{serve.log()[-3000:]}"
        canvas = serve.freeze()
        assert canvas.shape == (height, width, 4)
        assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
        serve.thaw()


def test_lock_keys_are_followed_both_ways(serve: Serve, spice_gtk: SpiceGtk) -> None:
    spice_gtk.connect(serve)
    spice_gtk.do("locks", mask=4)
    spice_gtk.do("keys", scancodes=typed("echo loud\n"))
    loud = terminal_text("LOUD")
    assert find_all(wait_for(spice_gtk, lambda p: bool(find_all(p, loud))), loud), (
        "caps lock was not taken over"
    )
    spice_gtk.do("locks", mask=0)
    spice_gtk.do("keys", scancodes=typed("echo soft\n"))
    soft = terminal_text("soft")
    assert find_all(wait_for(spice_gtk, lambda p: bool(find_all(p, soft))), soft)


def test_the_second_client_replaces_the_first_which_learns_why(
    start_serve: Callable[..., Serve], start_spice_gtk: Callable[..., SpiceGtk]
) -> None:
    serve = start_serve("--size=800x600", "--max-clients=1")
    first, second = start_spice_gtk(debug=True), start_spice_gtk()
    first.connect(serve)
    second.connect(serve)
    assert first.do("wait_closed")["ok"]
    assert "another client has connected" in first.log_text()
    canvas = serve.freeze()
    assert np.array_equal(second.grab_settled(canvas), canvas)


def test_clients_work_together(serve: Serve, start_spice_gtk: Callable[..., SpiceGtk]) -> None:
    clients = [start_spice_gtk() for _ in range(3)]
    for client in clients:
        client.connect(serve)
    for client, word in zip(clients, ("anna", "berta", "clara"), strict=True):
        client.do("keys", scancodes=typed(f"echo {word}\n"))
        for each in clients:
            wait_for(each, lambda p, word=word: bool(find_all(p, terminal_text(word))))  # type: ignore[misc]
    canvas = serve.freeze()
    for client in clients:
        assert np.array_equal(client.grab_settled(canvas), canvas)
