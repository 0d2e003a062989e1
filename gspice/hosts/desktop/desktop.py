"""The desktop as a whole: applications, input and time in, drawing commands out; for one thread."""

from math import inf
from pathlib import Path

from gspice.geometry import Rect
from gspice.hosts.desktop import theme
from gspice.hosts.desktop.clock import Clock
from gspice.hosts.desktop.compositor import Compositor
from gspice.hosts.desktop.cursors import CURSOR_TYPE_ALPHA, CursorShape, cursor_image
from gspice.hosts.desktop.film import Film
from gspice.hosts.desktop.footage import Footage, Landscape
from gspice.hosts.desktop.hands import Hands
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.layout import default_place
from gspice.hosts.desktop.notes import Notes
from gspice.hosts.desktop.panel import Panel, PanelEntry
from gspice.hosts.desktop.screen import Raster, Screen
from gspice.hosts.desktop.stack import WindowStack
from gspice.hosts.desktop.terminal import Terminal
from gspice.hosts.desktop.video import Video
from gspice.hosts.desktop.wall_clock import WallClock, system_wall_clock
from gspice.hosts.desktop.wallpaper import landscape
from gspice.hosts.desktop.window import FramePart, Window
from gspice.qxl.driver_memory import DeviceBusy, DoesNotFit
from gspice.vdi import HostButtons

_FRAME = 1 / 60
"""Seconds between two drawings, so that bursts of input cost one."""

_RETRY = 0.010
"""Seconds after which a full device is tried again."""

SMALLEST_SCREEN = (320, 240)
LARGEST_SCREEN = (8192, 8192)


class Desktop:
    """Call ``tick`` when ``next_deadline`` has come, and ask for that anew after every input.

    Only the constructor and ``tick`` use the screen. ``now`` is in seconds of a monotonic clock; ``wall``
    gives the local time that goes with it. ``video`` is a file to play (ConfigError where that cannot be);
    without one a landscape is computed.
    """

    def __init__(
        self,
        screen: Screen,
        width: int,
        height: int,
        now: float,
        *,
        wall: WallClock = system_wall_clock,
        video: Path | None = None,
    ) -> None:
        self._screen = screen
        self._now = now
        """Of the last tick."""
        self._next_draw = now
        """Not before this is drawn next, whatever waits."""
        self._waiting = True
        """Something is to be drawn."""
        self._frozen = False
        self._cursor_shown: tuple[CursorShape, int, int] | None = None
        size = _screen_size(width, height)
        area = Rect(0, 0, *size)
        self.compositor = Compositor(screen, landscape(*size))
        self.panel = Panel(area.width, wall, self._chosen)
        self.panel.place(0, area.bottom - theme.PANEL_HEIGHT)
        self.stack = WindowStack(self.compositor, self.panel)
        self.hands = Hands(self.stack, self._put_away)
        footage: Footage = Landscape() if video is None else Film(video)
        title = "Landscape" if video is None else video.name
        self.terminal = Terminal(*self._default_size(Icon.TERMINAL), wall, now)
        self.notes = Notes(*self._default_size(Icon.NOTES))
        self.clock = Clock(*self._default_size(Icon.CLOCK), wall, now)
        self.video = Video(*self._default_size(Icon.VIDEO), title, footage)
        self.applications: tuple[Window, ...] = (self.terminal, self.notes, self.clock, self.video)
        for window in (self.notes, self.video, self.clock, self.terminal):
            self.stack.arrange(window, default_place(window.icon, self.stack.area))
            self.stack.open(window)
        self.hands.pointer(area.width // 2, area.height // 3, HostButtons(0), area)
        self._mode_wanted: tuple[int, int] | None = size
        self._enter_mode()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen as it is now."""
        return self.compositor.area.right, self.compositor.area.bottom

    # Input: all of it takes effect on the screen at the next tick.

    def key(self, event: KeyEvent) -> None:
        """A key went down."""
        self._waiting = True
        # Whoever types waits for the letter: it does not wait for the next frame.
        self._next_draw = self._now
        if event.alt and event.key == "Tab":
            self.stack.cycle()
        elif event.alt and event.key == "F4":
            if self.stack.focused is not None:
                self._put_away(self.stack.focused, FramePart.CLOSE)
        elif self.stack.focused is not None:
            self.stack.focused.key(event)

    def pointer(self, x: int, y: int, buttons: HostButtons) -> None:
        """The pointer is at that place of the screen, with these buttons down."""
        self._waiting = True
        self.hands.pointer(x, y, buttons, self.compositor.area)

    def motion(self, dx: int, dy: int, buttons: HostButtons) -> None:
        """The pointer has moved by that much."""
        x, y = self.hands.position
        self.pointer(x + dx, y + dy, buttons)

    def buttons(self, buttons: HostButtons) -> None:
        """These buttons are down, where the pointer is."""
        self.pointer(*self.hands.position, buttons)

    def wheel(self, dz: int, buttons: HostButtons) -> None:
        """The wheel turned; up is negative."""
        self.buttons(buttons)
        self.hands.wheel(dz)

    def resize(self, width: int, height: int) -> None:
        """Take another screen size (pulled into what is possible) at the next tick."""
        self._waiting = True
        self._mode_wanted = _screen_size(width, height)

    def freeze(self) -> None:
        """Draw nothing and let no time go by until ``thaw``; input is still taken in."""
        self._frozen = self.compositor.frozen = True

    def thaw(self) -> None:
        """Go on; what has changed is drawn at the next tick."""
        self._frozen = self.compositor.frozen = False
        self._waiting = True

    # Time.

    def tick(self, now: float) -> None:
        """Do what is due at ``now`` and draw it; a call before ``next_deadline`` does nothing."""
        if self._frozen or now < self._next_draw:
            return
        self._now = now
        try:
            done = self._enter_mode()
        except DoesNotFit:
            # A wish that the device cannot grant: the screen stays as it is.
            self._mode_wanted, done = None, True
        self.hands.settle()
        for window in self.stack.windows:
            window.tick(now)
        self.panel.show(tuple(self._entry(window) for window in self.applications))
        self.panel.tick(now)
        done = done and self.compositor.flush() and self._show_cursor()
        self._waiting = not done
        self._next_draw = now + (_FRAME if done else _RETRY)

    def next_deadline(self) -> float:
        """When ``tick`` is wanted next, in seconds; infinity while frozen."""
        if self._frozen:
            return inf
        if self._waiting:
            return self._next_draw
        due = min(window.deadline() for window in (*self.stack.windows, self.panel))
        return max(due, self._next_draw)

    def picture(self) -> Raster:
        """The whole desktop without pointer, as the screen shows it when nothing waits to be drawn."""
        return self.compositor.picture()

    # Inside.

    def _enter_mode(self) -> bool:
        """Carry out a wanted screen size; False: the device has no room for it yet."""
        if self._mode_wanted is None:
            return True
        width, height = self._mode_wanted
        try:
            self._screen.set_mode(width, height)
        except DeviceBusy:
            return False
        self._mode_wanted = None
        self._cursor_shown = None
        if self.size != (width, height):
            self.compositor.reset(landscape(width, height))
            self.panel.set_size(width, theme.PANEL_HEIGHT)
            self.panel.place(0, height - theme.PANEL_HEIGHT)
            self.hands.pull_onto(self.compositor.area)
        else:
            self.compositor.reset(self.compositor.wallpaper)
        for window in self.applications:
            self._fit(window)
        return True

    def _default_size(self, icon: Icon) -> tuple[int, int]:
        place = default_place(icon, self.stack.area)
        return place.width, place.height

    def _fit(self, window: Window) -> None:
        """Place a window for the present screen: where the layout has it, or where a person has put it."""
        area = self.stack.area
        if window.moved_by_hand:
            width, height = min(window.rect.width, area.width), min(window.rect.height, area.height)
            self.stack.arrange(window, Rect.sized(window.rect.left, window.rect.top, width, height))
        else:
            self.stack.arrange(window, default_place(window.icon, area))

    def _entry(self, window: Window) -> PanelEntry:
        opened = window in self.stack.windows
        return PanelEntry(window.title, window.icon, opened, window is self.stack.focused)

    def _chosen(self, index: int) -> None:
        """A button of the panel was pressed: bring its window up, or put it away where it is in front."""
        window = self.applications[index]
        if window is self.stack.focused:
            self._put_away(window, FramePart.MINIMISE)
        else:
            self.stack.open(window)

    def _put_away(self, window: Window, part: FramePart) -> None:
        self.hands.drop()
        self.stack.hide(window)
        if part is FramePart.CLOSE:
            # What was closed comes back where it first was, what was minimised where it is.
            window.moved_by_hand = False
            self._fit(window)

    def _show_cursor(self) -> bool:
        shape, (x, y) = self.hands.cursor(), self.hands.position
        if (shape, x, y) == self._cursor_shown:
            return True
        image = cursor_image(shape)
        try:
            if self._cursor_shown is not None and self._cursor_shown[0] is shape:
                self._screen.move_cursor(x, y)
            else:
                self._screen.set_cursor(
                    CURSOR_TYPE_ALPHA,
                    image.width,
                    image.height,
                    image.hot,
                    image.data,
                    x,
                    y,
                    visible=True,
                    unique=image.unique,
                )
        except DeviceBusy:
            return False
        self._cursor_shown = (shape, x, y)
        return True


def _screen_size(width: int, height: int) -> tuple[int, int]:
    return (
        min(max(width, SMALLEST_SCREEN[0]), LARGEST_SCREEN[0]),
        min(max(height, SMALLEST_SCREEN[1]), LARGEST_SCREEN[1]),
    )
