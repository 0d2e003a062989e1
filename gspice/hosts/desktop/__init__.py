"""The embedded desktop: a small guest of windows, for showing GSpice without a virtual machine."""

from gspice.errors import ConfigError

try:
    import PIL  # noqa: F401
except ImportError as error:
    raise ConfigError("the embedded desktop needs Pillow: install gspice[desktop]") from error

from gspice.hosts.desktop.desktop import Desktop
from gspice.hosts.desktop.devices import DesktopKeyboard, DesktopMouse, DesktopTablet
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.screen import MemoryScreen, Screen

__all__ = [
    "Desktop",
    "DesktopKeyboard",
    "DesktopMouse",
    "DesktopTablet",
    "KeyEvent",
    "MemoryScreen",
    "Screen",
]
