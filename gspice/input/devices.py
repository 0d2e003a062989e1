"""The input devices of one server: one slot each for keyboard, mouse and tablet."""

from math import inf

from gspice.errors import InterfaceError
from gspice.input.keyboard import Keyboard
from gspice.input.pointer import Pointer
from gspice.vdi import Interface, KeyboardInterface, Leds, MouseInterface, TabletInterface

InputInterface = KeyboardInterface | MouseInterface | TabletInterface


class InputDevices:
    """What inputs channels share. Everything is called on the host's main loop.

    Tell the mouse modes after ``add`` and ``remove`` whether there is a tablet now.
    """

    def __init__(self) -> None:
        self.keyboard = Keyboard()
        self.pointer = Pointer()
        self.acted_at = -inf
        """When a client last had a key or its pointer, on the steady clock. Workers' threads may read it."""

    @property
    def has_tablet(self) -> bool:
        return self.pointer.tablet is not None

    def add(self, interface: Interface) -> None:
        """Attach a device; InterfaceError when its slot is taken or it is no input device."""
        if isinstance(interface, KeyboardInterface):
            self._check_free(self.keyboard.device, interface)
            self.keyboard.device = interface
        elif isinstance(interface, MouseInterface):
            self._check_free(self.pointer.mouse, interface)
            self.pointer.mouse = interface
        elif isinstance(interface, TabletInterface):
            self._check_free(self.pointer.tablet, interface)
            self.pointer.tablet = interface
            if self.pointer.width and self.pointer.height:
                interface.set_logical_size(self.pointer.width, self.pointer.height)
        else:
            raise InterfaceError(f"{interface.TYPE} is no input device")

    def remove(self, interface: Interface) -> None:
        """Detach a device, its buttons released; InterfaceError when it is not attached."""
        pointer = self.pointer
        if interface is self.keyboard.device:
            self.keyboard.detach()
        elif interface is pointer.mouse:
            if not pointer.absolute:
                pointer.release()
            pointer.mouse = None
        elif interface is pointer.tablet:
            if pointer.absolute:
                pointer.release()
            pointer.tablet = None
        else:
            raise InterfaceError(f"this {interface.TYPE} is not attached")

    def set_logical_size(self, width: int, height: int) -> None:
        """The primary surface's size in pixels, for the tablet that is there and the one that may come."""
        self.pointer.set_logical_size(width, height)

    def leds_changed(self, leds: Leds, now: float) -> None:
        """The host says that the guest's keyboard lights changed: clients are told."""
        self.keyboard.leds_changed(leds, now)

    def _check_free(self, taken: InputInterface | None, interface: InputInterface) -> None:
        if taken is not None:
            raise InterfaceError(f"there is a {interface.TYPE} already: only one can be attached")
