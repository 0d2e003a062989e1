"""The desktop's input devices, as the server knows a host's."""

from collections.abc import Callable

from gspice.hosts.desktop.desktop import Desktop
from gspice.hosts.desktop.keyboard import Keyboard
from gspice.vdi import HostButtons, KeyboardInterface, Leds, MouseInterface, TabletInterface


def _nothing() -> None:
    """Nobody wants to be told."""


class DesktopKeyboard(KeyboardInterface):
    """Feeds scancodes to a desktop. ``changed`` is called after each key: its deadline may be new."""

    description = "embedded desktop keyboard"

    def __init__(self, desktop: Desktop, changed: Callable[[], None] = _nothing) -> None:
        self._desktop = desktop
        self._changed = changed
        self._keyboard = Keyboard()

    def push_scan_freg(self, fragment: int) -> None:
        event = self._keyboard.push(fragment)
        if event is not None:
            self._desktop.key(event)
            self._changed()

    def get_leds(self) -> Leds:
        return self._keyboard.leds


class DesktopMouse(MouseInterface):
    """The relative mouse of server mouse mode."""

    description = "embedded desktop mouse"

    def __init__(self, desktop: Desktop, changed: Callable[[], None] = _nothing) -> None:
        self._desktop = desktop
        self._changed = changed

    def motion(self, dx: int, dy: int, dz: int, buttons: HostButtons) -> None:
        self._desktop.motion(dx, dy, buttons)
        if dz:
            self._desktop.wheel(dz, buttons)
        self._changed()

    def buttons(self, buttons: HostButtons) -> None:
        self._desktop.buttons(buttons)
        self._changed()


class DesktopTablet(TabletInterface):
    """The absolute pointer of client mouse mode."""

    description = "embedded desktop tablet"

    def __init__(self, desktop: Desktop, changed: Callable[[], None] = _nothing) -> None:
        self._desktop = desktop
        self._changed = changed
        self._logical: tuple[int, int] | None = None

    def set_logical_size(self, width: int, height: int) -> None:
        self._logical = (width, height) if width > 0 and height > 0 else None

    def position(self, x: int, y: int, buttons: HostButtons) -> None:
        # The logical size lags behind while the screen changes its own: then positions are shares of it.
        if self._logical is not None:
            width, height = self._desktop.size
            x, y = x * width // self._logical[0], y * height // self._logical[1]
        self._desktop.pointer(x, y, buttons)
        self._changed()

    def wheel(self, dz: int, buttons: HostButtons) -> None:
        self._desktop.wheel(dz, buttons)
        self._changed()

    def buttons(self, buttons: HostButtons) -> None:
        self._desktop.buttons(buttons)
        self._changed()
