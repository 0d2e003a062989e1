"""Sound and character devices, called as C calls them."""

import ctypes as c

import pytest

from gspice.hosts.libspice.hosted import devices
from tests.hosts.libspice.c_host import Device, Library, hosted
from tests.hosts.libspice.test_device_calls import Pipe


def test_sound_devices_find_no_client() -> None:
    with hosted() as (functions, _core, handle):
        playback, record = Device(b"playback", (1, 3), {}), Device(b"record", (2, 3), {})
        for device in (playback, record):
            assert functions("spice_server_add_interface", handle, device.address) == 0 and device.attached
        samples, count = c.c_void_p(1), c.c_uint32(7)
        functions("spice_server_playback_start", playback.address, result=None)
        functions("spice_server_playback_get_buffer", playback.address, c.addressof(samples), c.addressof(count), result=None)  # fmt: skip # noqa: E501
        assert samples.value is None and count.value == 0
        functions("spice_server_playback_put_samples", playback.address, 0, result=None)
        volumes = (c.c_uint16 * 2)(1, 2)
        for kind, device in (("playback", playback), ("record", record)):
            best = functions(f"spice_server_get_best_{kind}_rate", device.address, result=c.c_uint32)
            assert best == 48000
            functions(f"spice_server_set_{kind}_rate", device.address, c.c_uint32(best), result=None)
            functions(f"spice_server_{kind}_set_volume", device.address, c.c_uint8(2), volumes, result=None)
            functions(f"spice_server_{kind}_set_mute", device.address, c.c_uint8(1), result=None)
        functions("spice_server_record_start", record.address, result=None)
        buffer = (c.c_uint32 * 16)()
        assert functions("spice_server_record_get_samples", record.address, buffer, c.c_uint32(16)) == 0
        for kind, device in (("playback", playback), ("record", record)):
            functions(f"spice_server_{kind}_stop", device.address, result=None)
            assert functions("spice_server_remove_interface", device.address) == 0 and not device.attached


def test_subtypes_end_with_null_and_port_is_not_among_them() -> None:
    place = Library()("spice_server_char_device_recognized_subtypes", result=c.POINTER(c.c_char_p))
    names: list[bytes] = []
    while place[len(names)] is not None:
        names.append(place[len(names)])
    assert names == [b"vdagent", b"usbredir", b"smartcard"]


class State:
    """What a server keeps behind a character device."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def wakeup(self) -> None:
        self.seen.append("wakeup")

    def port_event(self, event: int) -> None:
        self.seen.append(event)


@pytest.mark.parametrize("subtype", [b"port", b"vdagent", b"usbredir", b"smartcard", None])
def test_character_devices_come_and_go(subtype: bytes | None) -> None:
    with hosted() as (functions, _core, handle):
        pipe = Pipe(subtype=subtype)
        functions("spice_server_port_event", pipe.address, c.c_uint8(0), result=None)
        assert functions("spice_server_add_interface", handle, pipe.address) == 0
        assert pipe.instance.st
        functions("spice_server_char_device_wakeup", pipe.address, result=None)
        _, device = devices[pipe.address]
        state = device.state_object = State()  # type: ignore[union-attr]
        functions("spice_server_char_device_wakeup", pipe.address, result=None)
        functions("spice_server_port_event", pipe.address, c.c_uint8(2), result=None)
        functions("spice_server_port_event", pipe.address, c.c_uint8(200), result=None)
        assert state.seen == ["wakeup", 2], "an event of no known number goes no further"
        assert functions("spice_server_remove_interface", pipe.address) == 0
        assert pipe.instance.st is None
        functions("spice_server_char_device_wakeup", pipe.address, result=None)
        functions("spice_server_char_device_wakeup", 0, result=None)
        assert len(state.seen) == 2


def test_a_character_device_that_is_refused_is_no_failure() -> None:
    with hosted() as (functions, _core, handle):
        pipe = Pipe(minor=9)
        assert functions("spice_server_add_interface", handle, pipe.address) == 0
        assert pipe.instance.st is None
