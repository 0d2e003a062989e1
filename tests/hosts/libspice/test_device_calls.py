"""The host's inputs, pipes and the rest, called through their tables."""

import ctypes as c

import pytest

from gspice.hosts.libspice import device_calls as d
from gspice.vdi.char_device import PortEvent
from tests.hosts.libspice import c_host
from tests.hosts.libspice.c_host import BaseInstance, BaseInterface, Device, member


def test_keyboard() -> None:
    device = c_host.keyboard()
    calls = d.KeyboardCalls(device.address)
    device.answers["get_leds"] = 5
    calls.push_scan_freg(0xE0)
    assert calls.get_leds() == 5
    assert device.calls == [("push_scan_freg", 0xE0), ("get_leds",)]
    assert (calls.description, calls.major, calls.minor) == ("test", 1, 1)


def test_mouse() -> None:
    device = c_host.mouse()
    calls = d.MouseCalls(device.address)
    calls.motion(-3, 4, -1, 5)
    calls.buttons(2)
    assert device.calls == [("motion", -3, 4, -1, 5), ("buttons", 2)]


def test_tablet() -> None:
    device = c_host.tablet()
    calls = d.TabletCalls(device.address)
    calls.set_logical_size(640, 480)
    calls.position(1, 2, 3)
    calls.wheel(-1, 4)
    calls.buttons(5)
    assert device.calls == [
        ("set_logical_size", 640, 480),
        ("position", 1, 2, 3),
        ("wheel", -1, 4),
        ("buttons", 5),
    ]


def test_migration() -> None:
    device = c_host.migration()
    calls = d.MigrateCalls(device.address)
    calls.migrate_connect_complete()
    calls.migrate_end_complete()
    assert [name for name, *_ in device.calls] == ["migrate_connect_complete", "migrate_end_complete"]


def test_st_says_whether_it_is_attached() -> None:
    device = c_host.keyboard()
    calls = d.KeyboardCalls(device.address)
    assert not device.attached
    calls.attach()
    assert device.attached
    calls.detach()
    assert not device.attached
    calls.push_scan_freg(1)
    assert calls.get_leds() == 0 and not device.calls, "the host may have freed it"
    calls.detach()


def test_functions_that_are_null_are_passed_over() -> None:
    for kind in (d.KeyboardCalls, d.MouseCalls, d.TabletCalls, d.MigrateCalls):
        device = Device(b"x", (1, 1), {})
        calls = kind(device.address)
        for name in (n for n in dir(kind) if not n.startswith("_") and n not in dir(d.DeviceCalls)):
            arguments = {"push_scan_freg": 1, "buttons": 1, "set_logical_size": 2, "position": 3, "wheel": 2}
            getattr(calls, name)(*[1] * (4 if name == "motion" else arguments.get(name, 0)))


@pytest.mark.parametrize("null", ["instance", "interface", "type"])
def test_a_type_that_is_not_there(null: str) -> None:
    device = Device(None, (1, 1), {})
    if null == "interface":
        device.instance.base.sif = None
    assert d.interface_type(0 if null == "instance" else device.address) is None
    mouse = c_host.mouse()
    assert d.interface_type(mouse.address) == "mouse"


class CharInstance(c.Structure):
    _fields_ = (
        ("base", BaseInstance),
        ("subtype", c.c_char_p),
        ("st", c.c_void_p),
        ("portname", c.c_char_p),
    )


class CharInterface(c.Structure):
    _fields_ = (
        ("base", BaseInterface),
        ("state", c.CFUNCTYPE(None, c.c_void_p, c.c_int)),
        ("write", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(c.c_uint8), c.c_int)),
        ("read", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(c.c_uint8), c.c_int)),
        ("event", c.CFUNCTYPE(None, c.c_void_p, c.c_uint8)),
        ("flags", c.c_int),
    )


class Pipe:
    """A character device that gives back what it was sent."""

    def __init__(
        self, minor: int = 3, subtype: bytes | None = b"port", portname: bytes | None = None
    ) -> None:
        self.states: list[int] = []
        self.events: list[int] = []
        self.data = b""
        self.table = CharInterface(
            BaseInterface(b"char_device", b"test", 1, minor),
            member(CharInterface, "state")(lambda instance, connected: self.states.append(connected)),
            member(CharInterface, "write")(self._write),
            member(CharInterface, "read")(self._read),
            member(CharInterface, "event")(lambda instance, event: self.events.append(event)),
            1,
        )
        self.instance = CharInstance(BaseInstance(c.addressof(self.table)), subtype, None, portname)
        self.address = c.addressof(self.instance)

    def _write(self, instance: int, place: "c._Pointer[c.c_uint8]", size: int) -> int:
        self.data += bytes(place[: min(size, 8)])
        return min(size, 8)

    def _read(self, instance: int, place: "c._Pointer[c.c_uint8]", size: int) -> int:
        taken, self.data = self.data[:size], self.data[size:]
        c.memmove(place, taken, len(taken))
        return len(taken)


def test_bytes_go_through_a_character_device() -> None:
    pipe = Pipe(portname=b"org.test.0")
    calls = d.CharDeviceCalls(pipe.address)
    assert (calls.subtype, calls.portname, calls.flags) == ("port", "org.test.0", 1)
    calls.state(True)
    assert calls.write(b"0123456789") == 8 and calls.write(b"") == 0
    assert (calls.read(3), calls.read(100), calls.read(100), calls.read(0)) == (b"012", b"34567", b"", b"")
    calls.event(PortEvent.BREAK)
    assert pipe.states == [1] and pipe.events == [2]
    calls.attach()
    assert pipe.instance.st and pipe.instance.subtype == b"port"
    calls.detach()
    assert pipe.instance.st is None and calls.read(3) == b"" and calls.write(b"x") == 0


@pytest.mark.parametrize("answer", [-1, 1 << 30])
def test_what_read_answers_is_not_believed(answer: int) -> None:
    pipe = Pipe()
    pipe.table.read = member(CharInterface, "read")(lambda instance, place, size: answer)
    assert len(d.CharDeviceCalls(pipe.address).read(10)) in (0, 10)


def test_a_read_is_bounded() -> None:
    pipe = Pipe()
    asked: list[int] = []

    def read(instance: int, place: object, size: int) -> int:
        asked.append(size)
        return 0

    pipe.table.read = member(CharInterface, "read")(read)
    d.CharDeviceCalls(pipe.address).read(1 << 40)
    assert asked == [d.MAX_CHAR_DEVICE_READ]


def test_old_hosts_have_neither_events_nor_flags_nor_names() -> None:
    pipe = Pipe(minor=1, subtype=None)
    calls = d.CharDeviceCalls(pipe.address)
    calls.event(PortEvent.OPENED)
    assert not pipe.events and calls.flags == 0
    assert calls.subtype is None and calls.portname is None
