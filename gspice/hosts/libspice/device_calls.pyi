from gspice.vdi.char_device import PortEvent

MAX_CHAR_DEVICE_READ: int
"""Bytes that one ``read`` asks the host for."""

def interface_type(address: int) -> str | None:
    """The type string of the instance at an address; None where the instance, its interface or the string is NULL."""

class DeviceCalls:
    """An instance of the host's: its version, and its ``st``. Audio devices have no more than that.

    After ``detach`` no function of a device does anything; functions that are NULL never do.
    """

    description: str
    major: int
    minor: int

    def __init__(self, address: int) -> None: ...
    def attach(self) -> None:
        """Set ``st``: the host may call from now on."""
    def detach(self) -> None:
        """Clear ``st``; the host may free the instance."""

class KeyboardCalls(DeviceCalls):
    """SpiceKbdInterface, as KeyboardInterface has it."""

    def push_scan_freg(self, fragment: int) -> None: ...
    def get_leds(self) -> int: ...

class MouseCalls(DeviceCalls):
    """SpiceMouseInterface, as MouseInterface has it."""

    def motion(self, dx: int, dy: int, dz: int, buttons: int) -> None: ...
    def buttons(self, buttons: int) -> None: ...

class TabletCalls(DeviceCalls):
    """SpiceTabletInterface, as TabletInterface has it."""

    def set_logical_size(self, width: int, height: int) -> None: ...
    def position(self, x: int, y: int, buttons: int) -> None: ...
    def wheel(self, dz: int, buttons: int) -> None: ...
    def buttons(self, buttons: int) -> None: ...

class CharDeviceCalls(DeviceCalls):
    """SpiceCharDeviceInterface, as CharDeviceInterface has it."""

    subtype: str | None
    portname: str | None
    @property
    def flags(self) -> int: ...
    def state(self, connected: bool) -> None: ...
    def write(self, data: bytes) -> int: ...
    def read(self, size: int) -> bytes: ...
    def event(self, event: PortEvent) -> None: ...

class MigrateCalls(DeviceCalls):
    """SpiceMigrateInterface, as MigrateInterface has it."""

    def migrate_connect_complete(self) -> None: ...
    def migrate_end_complete(self) -> None: ...
