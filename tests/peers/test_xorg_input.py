"""Keys and mouse reach the programs on Xorg's screen, from spice-gtk and through remote-viewer's window."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.peers.peers import SpiceGtk, need_program
from tests.peers.xorg import PlainXvfb, Program, Screen, Xspice, connect, desktop, wait_until

pytestmark = pytest.mark.peer
pytest_plugins = ["tests.peers.xorg_fixtures"]

LEFT, TOP, WIDTH, HEIGHT = 200, 150, 300, 200
"""Of the window that tells what reaches it."""
SERVER_MOUSE, CLIENT_MOUSE = 1, 2
VIEWER_WIDTH, VIEWER_HEIGHT = 1400, 1000
CODES = {"a": 0x1E, "Z": 0x2C, "shift": 0x2A, "Return": 0x1C, "Up": 0x148, "F5": 0x3F}
"""Set 1 scancodes; 0x100 marks those that follow E0."""


def watcher(xspice: Xspice) -> Program:
    """A program that writes down each key and click that its window gets; the keys are its own."""
    need_program("xev", "x11-utils")
    xspice.ask("xdotool", "mousemove", str(LEFT + 10), str(TOP + 10))
    place = f"{WIDTH}x{HEIGHT}+{LEFT}+{TOP}"
    program = xspice.start(
        "stdbuf", "-oL", "xev", "-geometry", place, "-event", "keyboard", "-event", "button"
    )
    window = xspice.wait_window("--name", "Event Tester")
    xspice.ask("xdotool", "windowmove", window, str(LEFT), str(TOP), "windowactivate", "--sync", window)
    return program


def events(program: Program, kind: str) -> list[str]:
    """What the window got, in order: names of keys, or numbers of buttons."""
    detail = r"keysym 0x[0-9a-f]+, (\w+)" if kind.startswith("Key") else r"button (\d+)"
    blocks = program.output().split("\n\n")
    return [found[1] for b in blocks if b.lstrip().startswith(kind) and (found := re.search(detail, b))]


def wait_events(program: Program, kind: str, expected: list[str]) -> None:
    wait_until(
        lambda: len(events(program, kind)) >= len(expected), f"no {kind} for {expected}: {program.output()}"
    )
    assert events(program, kind) == expected


def pointer(screen: Screen) -> tuple[int, int]:
    found = re.search(r"x:(\d+) y:(\d+)", screen.ask("xdotool", "getmouselocation"))
    assert found is not None
    return int(found[1]), int(found[2])


def wait_pointer(screen: Screen, x: int, y: int) -> None:
    wait_until(lambda: pointer(screen) == (x, y), f"the pointer is not at {x},{y}: {pointer(screen)}", 5)


def test_keys_come_through_in_order(start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    program = watcher(xspice)
    wanted = ["a", "Up", "F5", "Return"]
    for name in wanted:
        spice_gtk.do("keys", scancodes=[CODES[name]])
    wait_events(program, "KeyPress", wanted)
    wait_events(program, "KeyRelease", wanted)
    spice_gtk.do("key", code=CODES["shift"], down=True)
    spice_gtk.do("keys", scancodes=[CODES["Z"]])
    spice_gtk.do("key", code=CODES["shift"], down=False)
    wait_events(program, "KeyPress", [*wanted, "Shift_L", "Z"])


def test_a_typed_line_reaches_the_shell(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    said = tmp_path / "said"
    xspice.start("xterm", "-geometry", "60x20+20+40", "-e", "sh", "-c", f'read line; echo "$line" >{said}')
    window = xspice.wait_window("--class", "xterm")
    xspice.ask("xdotool", "windowactivate", "--sync", window)
    spice_gtk.do("keys", scancodes=[0x22, 0x1F, 0x19, 0x17, 0x2E, 0x12, 0x1C])
    wait_until(lambda: said.exists() and said.read_text() == "gspice\n", "the line did not arrive")


def test_the_pointer_goes_where_the_client_puts_it(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    assert spice_gtk.do("mouse_mode", mode=CLIENT_MOUSE)["mode"] == CLIENT_MOUSE
    for x, y in ((10, 10), (400, 300), (799, 599), (0, 0), (123, 456)):
        spice_gtk.do("position", x=x, y=y)
        wait_pointer(xspice, x, y)


def test_clicks_and_the_wheel_reach_the_window_under_the_pointer(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    desktop(xspice)
    program = watcher(xspice)
    spice_gtk.do("position", x=LEFT + 80, y=TOP + 90)
    wait_pointer(xspice, LEFT + 80, TOP + 90)
    buttons = [1, 2, 3, 4, 5]
    for button in buttons:
        spice_gtk.do("button", button=button, down=True, state=0)
        spice_gtk.do("button", button=button, down=False, state=1 << (button - 1))
    wait_events(program, "ButtonPress", [str(b) for b in buttons])
    wait_events(program, "ButtonRelease", [str(b) for b in buttons])


def test_the_pointer_works_again_after_server_mouse_mode(
    start_xspice: Callable[..., Xspice], spice_gtk: SpiceGtk
) -> None:
    xspice = start_xspice()
    connect(spice_gtk, xspice)
    assert spice_gtk.do("mouse_mode", mode=SERVER_MOUSE)["mode"] == SERVER_MOUSE
    # The driver takes a relative mouse but has no use for what it says.
    spice_gtk.do("motion", dx=30, dy=20)
    assert spice_gtk.do("mouse_mode", mode=CLIENT_MOUSE)["mode"] == CLIENT_MOUSE
    spice_gtk.do("position", x=222, y=333)
    wait_pointer(xspice, 222, 333)


@pytest.fixture
def viewer_screen(tmp_path: Path) -> Iterator[PlainXvfb]:
    """A screen for remote-viewer, with a window manager to give it the focus."""
    directory = tmp_path / "viewer"
    directory.mkdir()
    screen = PlainXvfb(directory, (VIEWER_WIDTH, VIEWER_HEIGHT))
    desktop(screen)
    yield screen
    screen.close()


def shown_at(screen: Screen, xspice: Xspice) -> tuple[int, int] | None:
    """Where on the screen the X server's picture begins; None where it is not shown in full."""
    whole, part = screen.root(), xspice.root()
    height, width = part.shape[:2]
    # The row with the most colours in it is the rarest to be met by chance.
    probe = max(range(0, height, 7), key=lambda y: len(np.unique(part[y], axis=0)))
    for y in range(probe, whole.shape[0] - height + probe + 1):
        for x in range(whole.shape[1] - width + 1):
            if np.array_equal(whole[y, x : x + width], part[probe]):
                return x, y - probe
    return None


def test_remote_viewer_shows_and_steers(
    start_xspice: Callable[..., Xspice], viewer_screen: PlainXvfb
) -> None:
    need_program("remote-viewer", "virt-viewer")
    xspice = start_xspice()
    desktop(xspice)
    program = watcher(xspice)
    viewer_screen.start("remote-viewer", "--zoom=100", f"spice://127.0.0.1:{xspice.port}")
    window = viewer_screen.wait_window("--class", "remote-viewer")
    viewer_screen.ask("xdotool", "windowactivate", "--sync", window)
    places: list[tuple[int, int] | None] = []

    def shown() -> bool:
        places.append(shown_at(viewer_screen, xspice))
        return places[-1] is not None

    wait_until(shown, "remote-viewer does not show the X server's picture", 30)
    assert places[-1] is not None
    left, top = places[-1]
    for x, y in ((LEFT + 30, TOP + 40), (LEFT + 90, TOP + 70)):
        viewer_screen.ask("xdotool", "mousemove", str(left + x), str(top + y))
        wait_pointer(xspice, x, y)
    viewer_screen.ask("xdotool", "click", "1", "click", "3")
    wait_events(program, "ButtonPress", ["1", "3"])
    viewer_screen.ask("xdotool", "type", "--delay", "30", "hi")
    wait_events(program, "KeyPress", ["h", "i"])
