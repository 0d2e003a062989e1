"""The VDI interfaces over a C host's structures."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from gspice.geometry import Rect
from gspice.hosts.libspice.channel_infos import ChannelInfo
from gspice.hosts.libspice.core_calls import CoreCalls, HostTimer, HostWatch
from gspice.hosts.libspice.device_calls import (
    CharDeviceCalls,
    DeviceCalls,
    KeyboardCalls,
    MigrateCalls,
    MouseCalls,
    TabletCalls,
)
from gspice.hosts.libspice.qxl_calls import QXLCalls
from gspice.server.dispatcher import MainDispatcher
from gspice.vdi import (
    ChannelEvent,
    ChannelEventInfo,
    CharDeviceFlags,
    CharDeviceInterface,
    ClientMonitor,
    CommandExt,
    CoreInterface,
    DevInitInfo,
    HostButtons,
    KeyboardInterface,
    Leds,
    MigrateInterface,
    MouseInterface,
    PlaybackInterface,
    PortEvent,
    QXLInterface,
    RecordInterface,
    ReleaseInfo,
    TabletInterface,
    WatchEvent,
)


class HostCore(CoreInterface):
    """The host's main loop; made on its thread. InterfaceError where its structure cannot be used."""

    def __init__(self, address: int) -> None:
        self._calls = CoreCalls(address)
        self.description = self._calls.description
        self.major, self.minor = self._calls.major, self._calls.minor
        self._infos: dict[int, tuple[ChannelEventInfo, ChannelInfo]] = {}
        self._thread = threading.get_ident()
        self._events: deque[tuple[ChannelEvent, ChannelEventInfo]] = deque()
        self._main = MainDispatcher(self)

    def timer_add(self, callback: Callable[[], None]) -> HostTimer:
        return self._calls.timer_add(callback)

    def timer_start(self, timer: object, milliseconds: int) -> None:
        assert isinstance(timer, HostTimer)
        self._calls.timer_start(timer, milliseconds)

    def timer_cancel(self, timer: object) -> None:
        assert isinstance(timer, HostTimer)
        self._calls.timer_cancel(timer)

    def timer_remove(self, timer: object) -> None:
        assert isinstance(timer, HostTimer)
        self._calls.timer_remove(timer)

    def watch_add(self, fd: int, events: WatchEvent, callback: Callable[[WatchEvent], None]) -> HostWatch:
        return self._calls.watch_add(fd, events, callback)

    def watch_update_mask(self, watch: object, events: WatchEvent) -> None:
        assert isinstance(watch, HostWatch)
        self._calls.watch_update_mask(watch, events)

    def watch_remove(self, watch: object) -> None:
        assert isinstance(watch, HostWatch)
        self._calls.watch_remove(watch)

    def channel_event(self, event: ChannelEvent, info: ChannelEventInfo) -> None:
        """In order, and on the main loop: hosts take their big lock in it, which another thread may be holding."""
        if not self._calls.has_channel_event:
            return
        self._events.append((event, info))
        if threading.get_ident() == self._thread:
            self._deliver_events()
        else:
            self._main.post(self._deliver_events)

    def _deliver_events(self) -> None:
        while self._events:
            event, info = self._events.popleft()
            # The host compares pointers: one structure goes with all events of a connection.
            _, c_info = self._infos.setdefault(id(info), (info, ChannelInfo()))
            c_info.update(info)
            self._calls.channel_event(event, c_info.address)
            if event == ChannelEvent.DISCONNECTED:
                del self._infos[id(info)]
                c_info.free()

    def close(self) -> None:
        """Events of other threads that have not come through are dropped."""
        self._main.close()


class HostQXL(QXLInterface):
    """A display device of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = calls = QXLCalls(address)
        self.id = calls.id
        self.description = calls.description
        self.major, self.minor = calls.major, calls.minor
        # Once for each batch of commands: no way through methods, and the GIL dropped once.
        self.get_commands = calls.get_commands  # type: ignore[method-assign]
        self.get_cursor_commands = calls.get_cursor_commands  # type: ignore[method-assign]
        self.release_resources = calls.release_resources  # type: ignore[method-assign]

    def attached_worker(self) -> None:
        # Of the worker's, so that a call may ring without waiting for Python.
        self.calls.set_bell(self.worker.bell)
        self.calls.attached_worker()

    def set_compression_level(self, level: int) -> None:
        self.calls.set_compression_level(level)

    def get_init_info(self) -> DevInitInfo:
        return self.calls.get_init_info()

    def get_command(self) -> CommandExt | None:
        return next(iter(self.calls.get_commands(1)), None)

    def req_cmd_notification(self) -> bool:
        return self.calls.req_cmd_notification()

    def release_resource(self, release: ReleaseInfo) -> None:
        self.calls.release_resource(release)

    def get_cursor_command(self) -> CommandExt | None:
        return next(iter(self.calls.get_cursor_commands(1)), None)

    def req_cursor_notification(self) -> bool:
        return self.calls.req_cursor_notification()

    def notify_update(self, update_id: int) -> None:
        self.calls.notify_update(update_id)

    def flush_resources(self) -> int:
        return self.calls.flush_resources()

    def async_complete(self, cookie: int) -> None:
        self.calls.async_complete(cookie)

    def update_area_complete(self, surface_id: int, rects: Sequence[Rect]) -> None:
        self.calls.update_area_complete(surface_id, rects)

    def set_client_capabilities(self, present: bool, caps: bytes) -> None:
        self.calls.set_client_capabilities(present, caps)

    def client_monitors_config(self, monitors: Sequence[ClientMonitor] | None) -> bool:
        return self.calls.client_monitors_config(monitors)


class HostKeyboard(KeyboardInterface):
    """A keyboard of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = KeyboardCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor

    def push_scan_freg(self, fragment: int) -> None:
        self.calls.push_scan_freg(fragment)

    def get_leds(self) -> Leds:
        return Leds(self.calls.get_leds())


class HostMouse(MouseInterface):
    """A relative mouse of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = MouseCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor

    def motion(self, dx: int, dy: int, dz: int, buttons: HostButtons) -> None:
        self.calls.motion(dx, dy, dz, buttons)

    def buttons(self, buttons: HostButtons) -> None:
        self.calls.buttons(buttons)


class HostTablet(TabletInterface):
    """A tablet of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = TabletCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor

    def set_logical_size(self, width: int, height: int) -> None:
        self.calls.set_logical_size(width, height)

    def position(self, x: int, y: int, buttons: HostButtons) -> None:
        self.calls.position(x, y, buttons)

    def wheel(self, dz: int, buttons: HostButtons) -> None:
        self.calls.wheel(dz, buttons)

    def buttons(self, buttons: HostButtons) -> None:
        self.calls.buttons(buttons)


class HostCharDevice(CharDeviceInterface):
    """A character device of the host's; one without a subtype has the empty one."""

    def __init__(self, address: int) -> None:
        self.calls = CharDeviceCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor
        self.subtype = self.calls.subtype or ""
        self.portname = self.calls.portname
        self.flags = CharDeviceFlags(self.calls.flags & CharDeviceFlags.NOTIFY_WRITABLE)

    def state(self, connected: bool) -> None:
        self.calls.state(connected)

    def write(self, data: bytes) -> int:
        return self.calls.write(data)

    def read(self, size: int) -> bytes:
        return self.calls.read(size)

    def event(self, event: PortEvent) -> None:
        self.calls.event(event)


class HostPlayback(PlaybackInterface):
    """A sound output of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = DeviceCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor


class HostRecord(RecordInterface):
    """A sound input of the host's."""

    def __init__(self, address: int) -> None:
        self.calls = DeviceCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor


class HostMigrate(MigrateInterface):
    """The host's migration."""

    def __init__(self, address: int) -> None:
        self.calls = MigrateCalls(address)
        self.major, self.minor = self.calls.major, self.calls.minor

    def migrate_connect_complete(self) -> None:
        self.calls.migrate_connect_complete()

    def migrate_end_complete(self) -> None:
        self.calls.migrate_end_complete()


Device = (
    HostQXL | HostKeyboard | HostMouse | HostTablet | HostCharDevice | HostPlayback | HostRecord | HostMigrate
)
DEVICES: dict[str, Callable[[int], Device]] = {
    HostQXL.TYPE: HostQXL,
    HostKeyboard.TYPE: HostKeyboard,
    HostMouse.TYPE: HostMouse,
    HostTablet.TYPE: HostTablet,
    HostCharDevice.TYPE: HostCharDevice,
    HostPlayback.TYPE: HostPlayback,
    HostRecord.TYPE: HostRecord,
    HostMigrate.TYPE: HostMigrate,
}
"""What an instance with this type string becomes; each takes the instance's address."""
