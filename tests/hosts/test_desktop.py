"""The whole desktop on a screen in memory: whatever happens, the screen shows what the windows hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from math import inf

import numpy as np
import pytest

from gspice.geometry import Point, Rect
from gspice.hosts.desktop import Desktop, KeyEvent, MemoryScreen, Screen
from gspice.hosts.desktop.cursors import CursorShape, cursor_image
from gspice.hosts.desktop.screen import Raster
from gspice.hosts.desktop.wallpaper import landscape
from gspice.hosts.desktop.window import FramePart, Window
from gspice.qxl.driver import GuestDriver
from gspice.qxl.driver_memory import DeviceBusy, DoesNotFit
from gspice.vdi import HostButtons

NONE, LEFT = HostButtons(0), HostButtons.LEFT
START = datetime(2026, 5, 17, 10, 8, 37)


def driver_fits(driver: GuestDriver) -> Screen:
    """The type checker's word that the real driver is such a screen."""
    return driver


def wall(now: float) -> datetime:
    return START + timedelta(seconds=now)


class Recorder(MemoryScreen):
    """Keeps the commands, and refuses the next ``refusals`` of them."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, Rect | None]] = []
        self.refusals = 0
        self.largest = inf

    def _note(self, name: str, rect: Rect | None = None) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DeviceBusy("no room")
        self.log.append((name, rect))

    def names(self) -> set[str]:
        return {name for name, _ in self.log}

    def set_mode(self, width: int, height: int) -> None:
        if width * height > self.largest:
            raise DoesNotFit("too large")
        self._note("set_mode")
        super().set_mode(width, height)

    def fill(self, rect: Rect, color: int) -> None:
        self._note("fill", rect)
        super().fill(rect, color)

    def copy(self, rect: Rect, pixels: Raster) -> None:
        self._note("copy", rect)
        super().copy(rect, pixels)

    def copy_bits(self, rect: Rect, src_point: Point) -> None:
        self._note("copy_bits", rect)
        super().copy_bits(rect, src_point)

    def set_cursor(
        self,
        kind: int,
        width: int,
        height: int,
        hot: Point,
        data: bytes,
        x: int,
        y: int,
        visible: bool = True,
        unique: int = 0,
    ) -> None:
        self._note("set_cursor")
        super().set_cursor(kind, width, height, hot, data, x, y, visible, unique)

    def move_cursor(self, x: int, y: int) -> None:
        self._note("move_cursor")
        super().move_cursor(x, y)


class Person:
    """A desktop, its screen and the time."""

    def __init__(self, width: int = 800, height: int = 600) -> None:
        self.screen = Recorder()
        self.now = 100.0
        self.desktop = Desktop(self.screen, width, height, self.now, wall=wall)

    def run(self, seconds: float) -> None:
        """Tick whenever the desktop asks for it, for that long."""
        end = self.now + seconds
        while (due := self.desktop.next_deadline()) <= end:
            assert due != -inf
            self.now = max(self.now, due)
            self.desktop.tick(self.now)
        self.now = end

    def settle(self) -> None:
        """Let all that waits be drawn."""
        self.run(0.1)
        assert not self.desktop.compositor.stale

    def type(self, text: str) -> None:
        for character in text:
            enter = character == "\n"
            self.desktop.key(KeyEvent("Enter" if enter else character, "" if enter else character))

    def drag(self, window: Window, dx: int, dy: int) -> None:
        x, y = window.rect.left + 60, window.rect.top + 12
        self.desktop.pointer(x, y, LEFT)
        self.desktop.pointer(x + dx, y + dy, LEFT)
        self.run(0.05)
        self.desktop.pointer(x + dx, y + dy, NONE)

    def click(self, x: int, y: int) -> None:
        self.desktop.pointer(x, y, LEFT)
        self.desktop.pointer(x, y, NONE)

    def click_frame(self, window: Window, part: FramePart) -> None:
        rect = window.button_rects()[part]
        self.click(window.rect.left + rect.left + 5, window.rect.top + rect.top + 5)

    def wrong(self) -> Raster:
        """Where the screen differs from the windows, as a mask."""
        words = np.ascontiguousarray(self.screen.pixels).view(np.uint32)
        return np.asarray(words != self.desktop.picture().view(np.uint32))[:, :, 0].view(np.uint8)


@pytest.fixture(autouse=True, scope="module")
def painted_once() -> Iterator[None]:
    """Wallpapers are kept: painting them takes most of a small test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gspice.hosts.desktop.desktop.landscape", lru_cache(landscape))
        yield


@pytest.fixture
def person() -> Person:
    someone = Person()
    someone.settle()
    someone.screen.log.clear()
    return someone


def test_first_ticks_draw_everything(person: Person) -> None:
    assert person.screen.pixels.shape == (600, 800, 4)
    assert not person.wrong().any()
    # A desktop is not one colour: wallpaper, text and frames are there.
    assert len(np.unique(person.screen.pixels.view(np.uint32))) > 2000


def test_typed_text_appears_in_the_terminal(person: Person) -> None:
    person.type("echo one two")
    person.settle()
    assert person.desktop.terminal.grid.screen_text()[3].endswith("$ echo one two")
    person.type("\n")
    person.run(0.2)
    assert "one two" in person.desktop.terminal.grid.screen_text()


def test_typing_redraws_a_few_cells_only(person: Person) -> None:
    person.click_frame(person.desktop.video, FramePart.MINIMISE)
    person.click_frame(person.desktop.clock, FramePart.CLOSE)
    person.click(*person.desktop.terminal.rect[:2])
    person.click(person.desktop.terminal.rect.left + 50, person.desktop.terminal.rect.top + 90)
    person.settle()
    person.screen.log.clear()
    person.type("x")
    person.run(0.1)
    drawn = [rect for _, rect in person.screen.log if rect is not None]
    assert drawn
    assert sum(rect.area for rect in drawn) <= 4 * 8 * 17


def test_drag_moves_pixels_instead_of_sending_them(person: Person) -> None:
    before = person.desktop.terminal.rect
    person.drag(person.desktop.terminal, 9, -14)
    assert person.desktop.terminal.rect == before.translate(9, -14)
    moved = sum(rect.area for name, rect in person.screen.log if name == "copy_bits" and rect)
    assert moved > before.area * 0.95
    person.settle()
    assert not person.wrong().any()


def test_scrolling_output_moves_pixels(person: Person) -> None:
    person.type("seq 200\n")
    person.run(1.5)
    assert any(name == "copy_bits" for name, _ in person.screen.log)
    assert person.desktop.terminal.grid.screen_text()[-2] == "200"
    person.settle()
    assert not person.wrong().any()


def test_clock_changes_only_itself_and_the_panel(person: Person) -> None:
    person.click_frame(person.desktop.video, FramePart.CLOSE)
    person.desktop.stack.focus(person.desktop.clock)  # the terminal's cursor blinks only with the focus
    person.run(0.3)
    person.settle()
    before = person.screen.pixels.copy()
    person.run(70)
    changed = (before.view(np.uint32) != person.screen.pixels.view(np.uint32))[:, :, 0]
    panel, clock = person.desktop.panel.rect, person.desktop.clock.rect
    for rect in (panel, clock):
        inside = changed[rect.top : rect.bottom, rect.left : rect.right]
        assert inside.any()
        inside[:] = False
    assert not changed.any()


def test_frozen_desktop_draws_nothing(person: Person) -> None:
    person.desktop.freeze()
    before = person.screen.pixels.copy()
    person.drag(person.desktop.terminal, 40, 10)
    person.type("echo\n")
    person.desktop.resize(640, 480)
    assert person.desktop.next_deadline() == inf
    for step in range(5):
        person.desktop.tick(person.now + step)
    assert person.screen.log == []
    assert (person.screen.pixels == before).all()
    person.desktop.thaw()
    person.settle()
    assert person.screen.pixels.shape == (480, 640, 4)
    assert not person.wrong().any()


def test_cursor_follows_what_lies_under_it(person: Person) -> None:
    desktop = person.desktop
    terminal, notes = desktop.terminal.rect, desktop.notes.rect
    close = desktop.terminal.button_rects()[FramePart.CLOSE].translate(terminal.left, terminal.top)
    for x, y, shape in (
        (terminal.left + 40, terminal.top + 80, CursorShape.TEXT),
        (notes.left + 30, notes.top + 60, CursorShape.TEXT),
        (terminal.left + 60, terminal.top + 10, CursorShape.MOVE),
        (close.left + 4, close.top + 4, CursorShape.HAND),
        (desktop.panel.rect.left + 120, desktop.panel.rect.top + 20, CursorShape.HAND),
        (1, 1, CursorShape.ARROW),
    ):
        desktop.pointer(x, y, NONE)
        person.settle()
        assert person.screen.cursor == (cursor_image(shape).unique, x, y)


def test_same_shape_only_moves(person: Person) -> None:
    person.desktop.pointer(1, 1, NONE)
    person.settle()
    person.screen.log.clear()
    person.desktop.motion(3, 2, NONE)
    person.settle()
    assert person.screen.cursor is not None
    assert person.screen.cursor[1:] == (4, 3)
    assert "set_cursor" not in person.screen.names()


def test_raise_on_click(person: Person) -> None:
    notes = person.desktop.notes
    person.click(notes.rect.left + 20, notes.rect.top + 60)
    assert person.desktop.stack.windows[-1] is notes
    assert person.desktop.stack.focused is notes
    person.settle()
    assert not person.wrong().any()


@pytest.mark.parametrize("part", [FramePart.MINIMISE, FramePart.CLOSE])
def test_put_away_and_brought_back_by_the_panel(person: Person, part: FramePart) -> None:
    terminal = person.desktop.terminal
    person.click_frame(terminal, part)
    person.settle()
    assert terminal not in person.desktop.stack.windows
    assert not person.wrong().any()
    person.click(120, 580)
    person.settle()
    assert person.desktop.stack.focused is terminal
    assert not person.wrong().any()
    person.click(120, 580)
    assert terminal not in person.desktop.stack.windows


def test_windows_stay_reachable(person: Person) -> None:
    for dx, dy in ((-5000, -5000), (5000, 5000)):
        person.drag(person.desktop.terminal, dx, dy)
        rect = person.desktop.terminal.rect
        title = Rect.sized(rect.left, rect.top, rect.width, 32)
        seen = title.intersect(person.desktop.stack.area)
        assert seen.width >= 50
        assert seen.height == 32


def test_keyboard_window_switching(person: Person) -> None:
    first = person.desktop.stack.windows[0]
    person.desktop.key(KeyEvent("Tab", alt=True))
    assert person.desktop.stack.focused is first
    person.desktop.key(KeyEvent("F4", alt=True))
    assert first not in person.desktop.stack.windows


def test_size_that_the_device_lacks_is_given_up(person: Person) -> None:
    person.screen.largest = 800 * 600
    person.desktop.resize(1024, 768)
    person.settle()
    assert person.desktop.size == (800, 600)
    assert not person.wrong().any()


def test_notes_scroll_by_moving_pixels(person: Person) -> None:
    notes = person.desktop.notes
    person.click(notes.rect.left + 40, notes.rect.top + 100)
    person.settle()
    person.screen.log.clear()
    person.desktop.wheel(1, NONE)
    person.run(0.02)
    moved = sum(rect.area for name, rect in person.screen.log if name == "copy_bits" and rect)
    assert moved > notes.content.area // 2
    person.settle()
    assert not person.wrong().any()


def test_rests_when_nothing_moves(person: Person) -> None:
    person.click_frame(person.desktop.video, FramePart.CLOSE)
    person.click_frame(person.desktop.clock, FramePart.CLOSE)
    person.desktop.stack.focus(None)
    person.settle()
    assert person.desktop.next_deadline() > person.now + 5


def test_bursts_cost_one_drawing_a_frame_but_keys_do_not_wait(person: Person) -> None:
    person.click_frame(person.desktop.video, FramePart.CLOSE)
    person.settle()
    person.desktop.pointer(5, 5, NONE)
    start = person.desktop.next_deadline()
    person.desktop.tick(start)
    person.screen.log.clear()
    for step in range(10):
        person.desktop.pointer(10 + step, 5, NONE)
        person.desktop.tick(start + step * 0.001)
    assert person.screen.log == []
    assert start + 0.01 < person.desktop.next_deadline() < start + 0.02
    person.type("x")
    assert person.desktop.next_deadline() <= start + 0.01
    person.desktop.tick(start + 0.01)
    assert person.screen.cursor is not None
    assert person.screen.cursor[1:] == (19, 5)
