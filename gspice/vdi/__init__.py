"""The VDI interfaces: what a host offers to the server, as abstract classes."""

from gspice.vdi.audio import PlaybackInterface, RecordInterface
from gspice.vdi.base import Interface, check_version
from gspice.vdi.char_device import CharDeviceFlags, CharDeviceInterface, PortEvent
from gspice.vdi.core import ChannelEvent, ChannelEventInfo, CoreInterface, WatchEvent
from gspice.vdi.input import HostButtons, KeyboardInterface, Leds, MouseInterface, TabletInterface
from gspice.vdi.migrate import MigrateInterface
from gspice.vdi.qxl import (
    ClientMonitor,
    CommandExt,
    DevInitInfo,
    DevSurfaceCreate,
    Head,
    MemSlot,
    MonitorsConfig,
    QXLInterface,
    ReleaseInfo,
)

__all__ = [
    "ChannelEvent",
    "ChannelEventInfo",
    "CharDeviceFlags",
    "CharDeviceInterface",
    "ClientMonitor",
    "CommandExt",
    "CoreInterface",
    "DevInitInfo",
    "DevSurfaceCreate",
    "Head",
    "HostButtons",
    "Interface",
    "KeyboardInterface",
    "Leds",
    "MemSlot",
    "MigrateInterface",
    "MonitorsConfig",
    "MouseInterface",
    "PlaybackInterface",
    "PortEvent",
    "QXLInterface",
    "RecordInterface",
    "ReleaseInfo",
    "TabletInterface",
    "WatchEvent",
    "check_version",
]
