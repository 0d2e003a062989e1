"""A C host for tests, made with ctypes: the interface structures, a core loop, devices, and the table of functions."""

import ctypes as c
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gspice.hosts.libspice import boot
from gspice.hosts.libspice.hosted import servers
from tests.hosts.libspice.c_programs import SYMBOLS

READ, WRITE = 1, 2


def member(structure: type[c.Structure], name: str) -> Any:
    """The type of a structure's member."""
    return {field[0]: field[1] for field in structure._fields_}[name]


class BaseInterface(c.Structure):
    _fields_ = (
        ("type", c.c_char_p),
        ("description", c.c_char_p),
        ("major", c.c_uint32),
        ("minor", c.c_uint32),
    )


class SockAddr(c.Structure):
    _fields_ = (("family", c.c_uint16), ("data", c.c_uint8 * 14))


class SockAddrStorage(c.Structure):
    _fields_ = (("family", c.c_uint16), ("data", c.c_uint8 * 118), ("align", c.c_ulong))


class ChannelEventInfo(c.Structure):
    _fields_ = (
        ("connection_id", c.c_int),
        ("type", c.c_int),
        ("id", c.c_int),
        ("flags", c.c_int),
        ("laddr", SockAddr),
        ("paddr", SockAddr),
        ("llen", c.c_uint32),
        ("plen", c.c_uint32),
        ("laddr_ext", SockAddrStorage),
        ("paddr_ext", SockAddrStorage),
        ("llen_ext", c.c_uint32),
        ("plen_ext", c.c_uint32),
    )


TimerFunc = c.CFUNCTYPE(None, c.c_void_p)
WatchFunc = c.CFUNCTYPE(None, c.c_int, c.c_int, c.c_void_p)


class CoreInterface(c.Structure):
    _fields_ = (
        ("base", BaseInterface),
        ("timer_add", c.CFUNCTYPE(c.c_void_p, TimerFunc, c.c_void_p)),
        ("timer_start", c.CFUNCTYPE(None, c.c_void_p, c.c_uint32)),
        ("timer_cancel", c.CFUNCTYPE(None, c.c_void_p)),
        ("timer_remove", c.CFUNCTYPE(None, c.c_void_p)),
        ("watch_add", c.CFUNCTYPE(c.c_void_p, c.c_int, c.c_int, WatchFunc, c.c_void_p)),
        ("watch_update_mask", c.CFUNCTYPE(None, c.c_void_p, c.c_int)),
        ("watch_remove", c.CFUNCTYPE(None, c.c_void_p)),
        ("channel_event", c.CFUNCTYPE(None, c.c_int, c.POINTER(ChannelEventInfo))),
    )


class Core:
    """A host's main loop, as C sees it; ``run`` drives it."""

    def __init__(self, minor: int = 3, *, named: bool = True) -> None:
        self.timers: dict[int, list[Any]] = {}
        self.watches: dict[int, list[Any]] = {}
        self.removed: list[tuple[Any, int]] = []
        """Functions and opaques of timers and watches that were removed."""
        self.events: list[tuple[int, int, int, int, int]] = []
        """Event, address of the info, connection id, type, flags."""
        self.infos: list[ChannelEventInfo] = []
        self.full = False
        """Makes no more timers and watches."""
        self._next = 0
        self.table = CoreInterface(
            BaseInterface(b"core" if named else None, b"test core", 1, minor),
            CoreInterface._fields_[1][1](self._timer_add),
            CoreInterface._fields_[2][1](self._timer_start),
            CoreInterface._fields_[3][1](self._timer_cancel),
            CoreInterface._fields_[4][1](self._timer_remove),
            CoreInterface._fields_[5][1](self._watch_add),
            CoreInterface._fields_[6][1](self._watch_update_mask),
            CoreInterface._fields_[7][1](self._watch_remove),
            CoreInterface._fields_[8][1](self._channel_event),
        )

    @property
    def address(self) -> int:
        return c.addressof(self.table)

    def _number(self) -> int:
        self._next += 16
        return self._next

    def _timer_add(self, function: Any, opaque: int) -> int:
        if self.full:
            return 0
        timer = self._number()
        self.timers[timer] = [function, opaque, None]
        return timer

    def _timer_start(self, timer: int, ms: int) -> None:
        self.timers[timer][2] = time.monotonic() + ms / 1000

    def _timer_cancel(self, timer: int) -> None:
        self.timers[timer][2] = None

    def _timer_remove(self, timer: int) -> None:
        function, opaque, _ = self.timers.pop(timer)
        self.removed.append((function, opaque))

    def _watch_add(self, fd: int, mask: int, function: Any, opaque: int) -> int:
        if self.full:
            return 0
        watch = self._number()
        self.watches[watch] = [fd, mask, function, opaque]
        return watch

    def _watch_update_mask(self, watch: int, mask: int) -> None:
        self.watches[watch][1] = mask

    def _watch_remove(self, watch: int) -> None:
        _, _, function, opaque = self.watches.pop(watch)
        self.removed.append((function, opaque))

    def _channel_event(self, event: int, info: Any) -> None:
        value = info.contents
        self.events.append((event, c.addressof(value), value.connection_id, value.type, value.flags))
        self.infos.append(ChannelEventInfo.from_buffer_copy(value))

    def run(self, until: Callable[[], object], timeout: float = 20.0) -> None:
        """Serve timers and watches until something is so."""
        end = time.monotonic() + timeout
        while not until():
            assert time.monotonic() < end, "it did not happen"
            self.turn(0.02)

    def turn(self, wait: float = 0.0) -> None:
        """One turn of the loop."""
        poll = select.poll()
        wanted: dict[int, int] = {}
        for fd, mask, _, _ in self.watches.values():
            wanted[fd] = wanted.get(fd, 0) | mask
        for fd, mask in wanted.items():
            poll.register(fd, (select.POLLIN if mask & READ else 0) | (select.POLLOUT if mask & WRITE else 0))
        for fd, bits in poll.poll(wait * 1000):
            ready = (READ if bits & ~select.POLLOUT else 0) | (WRITE if bits & ~select.POLLIN else 0)
            for watch in list(self.watches):
                if watch in self.watches and self.watches[watch][0] == fd:
                    _, mask, function, opaque = self.watches[watch]
                    if mask & ready:
                        function(fd, mask & ready, opaque)
        now = time.monotonic()
        for timer in list(self.timers):
            if timer in self.timers and (due := self.timers[timer][2]) is not None and due <= now:
                self.timers[timer][2] = None
                self.timers[timer][0](self.timers[timer][1])


class BaseInstance(c.Structure):
    _fields_ = (("sif", c.c_void_p),)


class PlainInstance(c.Structure):
    _fields_ = (("base", BaseInstance), ("st", c.c_void_p))


class PlainInterface(c.Structure):
    """Up to four functions behind the base."""

    _fields_ = (("base", BaseInterface), ("functions", c.c_void_p * 4))


class Device:
    """An instance whose functions write their name and arguments into ``calls``."""

    def __init__(
        self, kind: bytes | None, version: tuple[int, int], functions: dict[str, tuple[Any, ...]]
    ) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers: dict[str, Any] = {}
        self._kept = [
            c.CFUNCTYPE(result, c.c_void_p, *arguments)(self._record(name, result))
            for name, (result, *arguments) in functions.items()
        ]
        pointers = (c.c_void_p * 4)(*(c.cast(function, c.c_void_p).value for function in self._kept))
        self.table = PlainInterface(BaseInterface(kind, b"test", *version), pointers)
        self.instance = PlainInstance(BaseInstance(c.addressof(self.table)), None)

    def _record(self, name: str, result: Any) -> Callable[..., Any]:
        def function(instance: int, *arguments: Any) -> Any:
            assert instance == self.address
            self.calls.append((name, *arguments))
            return None if result is None else self.answers.get(name, 0)

        return function

    @property
    def address(self) -> int:
        return c.addressof(self.instance)

    @property
    def attached(self) -> bool:
        return self.instance.st is not None


def keyboard() -> Device:
    return Device(b"keyboard", (1, 1), {"push_scan_freg": (None, c.c_uint8), "get_leds": (c.c_uint8,)})


def mouse() -> Device:
    i, u = c.c_int, c.c_uint32
    return Device(b"mouse", (1, 1), {"motion": (None, i, i, i, u), "buttons": (None, u)})


def tablet() -> Device:
    i, u = c.c_int, c.c_uint32
    functions = {
        "set_logical_size": (None, i, i),
        "position": (None, i, i, u),
        "wheel": (None, i, u),
        "buttons": (None, u),
    }
    return Device(b"tablet", (1, 1), functions)


def migration() -> Device:
    functions: dict[str, tuple[Any, ...]] = {
        "migrate_connect_complete": (None,),
        "migrate_end_complete": (None,),
    }
    return Device(b"migration", (1, 1), functions)


# The functions

Table = c.c_void_p * (len(SYMBOLS) + 1)
_NAMES = [name for _, name in SYMBOLS]


class Library:
    """The functions of libspice-server, called as a C host calls them: ``library(name, result, *arguments)``."""

    def __init__(self) -> None:
        self.table = Table()
        boot.fill(c.addressof(self.table))

    def __call__(self, name: str, *arguments: Any, result: Any = c.c_int) -> Any:
        """Arguments are ctypes values, or ints that go as pointers or 64-bit numbers."""
        pointer = self.table[_NAMES.index(name)]
        assert pointer is not None
        values = [c.c_uint64(a) if isinstance(a, int) else a for a in arguments]
        return c.CFUNCTYPE(result, *(type(value) for value in values))(pointer)(*values)

    def server(self, core: Core) -> int:
        """A server that is initialised and lets everybody in, without a listener."""
        handle: int = self("spice_server_new", result=c.c_uint64)
        assert handle
        assert self("spice_server_set_noauth", handle) == 0
        assert self("spice_server_init", handle, core.address) == 0
        return handle

    def destroy(self, handle: int) -> None:
        self("spice_server_destroy", handle, result=None)
        assert handle not in servers


@contextmanager
def hosted(minor: int = 3) -> Iterator[tuple[Library, Core, int]]:
    """The library, a core and a server on it."""
    functions, core = Library(), Core(minor)
    handle = functions.server(core)
    try:
        yield functions, core, handle
    finally:
        functions.destroy(handle)
        assert not core.watches and not core.timers


def in_thread(call: Callable[[], Any]) -> Any:
    """Run a call on another thread of the host's, as a vCPU would."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(20)
    assert results, "the call did not return"
    return results[0]


def pipe() -> tuple[int, int]:
    """A pipe that is not blocking."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    return reader, writer
