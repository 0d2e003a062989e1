"""The input devices of a host: keyboard, relative mouse, absolute tablet."""

from abc import abstractmethod
from enum import IntFlag

from gspice.vdi.base import Interface


class Leds(IntFlag):
    """Keyboard lights, and lock keys on the wire (SPICE_KEYBOARD_MODIFIER_FLAGS_*)."""

    SCROLL = 1
    NUM = 2
    CAPS = 4


class HostButtons(IntFlag):
    """Buttons as host devices number them: on the wire middle and right are swapped, side and extra lie lower."""

    LEFT = 1
    RIGHT = 2
    MIDDLE = 4
    SIDE = 0x40
    EXTRA = 0x80


class KeyboardInterface(Interface):
    """A PC keyboard that takes set 1 scancodes. Called on the host's main loop."""

    TYPE = "keyboard"
    MAJOR = 1
    MINOR = 1

    @abstractmethod
    def push_scan_freg(self, fragment: int) -> None:
        """One byte of a scancode; 0xE0 prefixes and release bits come as the client sent them."""

    @abstractmethod
    def get_leds(self) -> Leds: ...


class MouseInterface(Interface):
    """A mouse that moves by differences, in pixels; ``dz`` counts wheel steps, up is negative."""

    TYPE = "mouse"
    MAJOR = 1
    MINOR = 1

    @abstractmethod
    def motion(self, dx: int, dy: int, dz: int, buttons: HostButtons) -> None: ...

    @abstractmethod
    def buttons(self, buttons: HostButtons) -> None: ...


class TabletInterface(Interface):
    """A pointer at absolute positions, in pixels of the logical size last set."""

    TYPE = "tablet"
    MAJOR = 1
    MINOR = 1

    @abstractmethod
    def set_logical_size(self, width: int, height: int) -> None: ...

    @abstractmethod
    def position(self, x: int, y: int, buttons: HostButtons) -> None: ...

    @abstractmethod
    def wheel(self, dz: int, buttons: HostButtons) -> None:
        """Wheel steps; up is negative."""

    @abstractmethod
    def buttons(self, buttons: HostButtons) -> None: ...
