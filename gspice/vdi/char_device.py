"""Character devices: the guest ends of the agent, USB redirection, smartcards and ports."""

from abc import abstractmethod
from enum import IntEnum, IntFlag
from typing import Any

from gspice.vdi.base import Interface


class PortEvent(IntEnum):
    """SPICE_PORT_EVENT_*."""

    OPENED = 0
    CLOSED = 1
    BREAK = 2


class CharDeviceFlags(IntFlag):
    NOTIFY_WRITABLE = 1
    """The host calls ``char_device_wakeup`` when it can be written again; else the server tries on a timer."""


class CharDeviceInterface(Interface):
    """A byte pipe to the guest. Called on the host's main loop; no call blocks."""

    TYPE = "char_device"
    MAJOR = 1
    MINOR = 3

    subtype: str = ""
    """vdagent, smartcard, usbredir or port."""
    portname: str | None = None
    flags: CharDeviceFlags = CharDeviceFlags(0)
    """Minor 3."""
    state_object: Any = None
    """The server's own; not None while attached."""

    @abstractmethod
    def state(self, connected: bool) -> None: ...

    @abstractmethod
    def write(self, data: bytes) -> int:
        """Bytes taken, 0 when it is full, negative on errors."""

    @abstractmethod
    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; empty when there are none."""

    def event(self, event: PortEvent) -> None:
        """Minor 2: the client's end of the port opened, closed or sent a break."""
        return None
