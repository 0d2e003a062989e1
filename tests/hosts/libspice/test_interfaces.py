"""The VDI interfaces over C structures: versions, and events on the right thread."""

import gc
from typing import Any

import pytest

from gspice.errors import InterfaceError
from gspice.hosts.libspice import interfaces as i
from gspice.vdi import ChannelEvent, ChannelEventInfo, CharDeviceFlags, HostButtons, Leds, check_version
from tests.hosts.libspice import c_host
from tests.hosts.libspice.c_host import Core, Device, in_thread
from tests.hosts.libspice.test_device_calls import Pipe

LOCAL, PEER = ("127.0.0.1", 1), ("127.0.0.1", 2)


def test_every_kind_of_device_has_its_class() -> None:
    assert {kind: made.TYPE for kind, made in i.DEVICES.items()} == {  # type: ignore[attr-defined]
        kind: kind
        for kind in ("qxl", "keyboard", "mouse", "tablet", "char_device", "playback", "record", "migration")
    }


@pytest.mark.parametrize("kind", ["keyboard", "mouse", "tablet", "playback", "record", "migration"])
def test_the_host_s_version_is_what_is_checked(kind: str) -> None:
    make = i.DEVICES[kind]
    known = (make.MAJOR, make.MINOR)  # type: ignore[attr-defined]
    device = Device(kind.encode(), (known[0], 0), {})
    old = make(device.address)
    check_version(old)
    assert not old.since(1)
    for device.table.base.major, device.table.base.minor in ((known[0], known[1] + 1), (known[0] + 1, 0)):
        with pytest.raises(InterfaceError, match=kind):
            check_version(make(device.address))


def test_inputs() -> None:
    keyboard, mouse, tablet = c_host.keyboard(), c_host.mouse(), c_host.tablet()
    keyboard.answers["get_leds"] = 6
    host_keyboard = i.HostKeyboard(keyboard.address)
    host_keyboard.push_scan_freg(0x1E)
    assert host_keyboard.get_leds() == Leds.NUM | Leds.CAPS
    host_mouse, host_tablet = i.HostMouse(mouse.address), i.HostTablet(tablet.address)
    host_mouse.motion(1, 2, 0, HostButtons.LEFT)
    host_mouse.buttons(HostButtons.EXTRA)
    host_tablet.position(5, 6, HostButtons.MIDDLE)
    host_tablet.wheel(-1, HostButtons(0))
    host_tablet.buttons(HostButtons.RIGHT)
    host_tablet.set_logical_size(8, 9)
    assert mouse.calls == [("motion", 1, 2, 0, 1), ("buttons", 0x80)]
    assert tablet.calls == [
        ("position", 5, 6, 4),
        ("wheel", -1, 0),
        ("buttons", 2),
        ("set_logical_size", 8, 9),
    ]


def test_migration_callbacks() -> None:
    device = c_host.migration()
    host = i.HostMigrate(device.address)
    host.migrate_connect_complete()
    host.migrate_end_complete()
    assert len(device.calls) == 2


def test_a_character_device_without_names() -> None:
    pipe = Pipe(subtype=None)
    host = i.HostCharDevice(pipe.address)
    assert host.subtype == "" and host.portname is None and host.flags == CharDeviceFlags.NOTIFY_WRITABLE
    host.state(True)
    assert host.write(b"abc") == 3 and host.read(9) == b"abc"
    assert pipe.states == [1]


def connection(number: int) -> ChannelEventInfo:
    return ChannelEventInfo(LOCAL, PEER, connection_id=number, channel_type=1)


def test_one_structure_goes_with_all_events_of_a_connection() -> None:
    core = Core()
    host = i.HostCore(core.address)
    first, second = connection(1), connection(1)
    for event in (ChannelEvent.CONNECTED, ChannelEvent.INITIALIZED):
        for info in (first, second):
            host.channel_event(event, info)
    first.connection_id = 5
    host.channel_event(ChannelEvent.DISCONNECTED, first)
    places = [place for _, place, *_ in core.events]
    assert places[0] == places[2] == places[4] != places[1] == places[3]
    assert core.events[4][2] == 5
    host.channel_event(ChannelEvent.DISCONNECTED, second)
    assert not host._infos
    host.close()
    assert not core.watches


def test_events_of_another_thread_come_on_the_main_loop_in_order() -> None:
    """In QEMU the callback takes the big lock, which a vCPU's call holds already."""
    core = Core()
    host = i.HostCore(core.address)
    info = connection(1)
    in_thread(lambda: [host.channel_event(ChannelEvent.CONNECTED, info)])  # type: ignore[func-returns-value]
    assert not core.events
    core.run(lambda: core.events)
    in_thread(lambda: [host.channel_event(ChannelEvent.INITIALIZED, info)])  # type: ignore[func-returns-value]
    host.channel_event(ChannelEvent.DISCONNECTED, info)
    assert [event for event, *_ in core.events] == [1, 2, 3]
    core.turn()
    assert len(core.events) == 3
    host.close()


def test_an_old_host_hears_of_no_connection() -> None:
    core = Core(minor=2)
    host = i.HostCore(core.address)
    host.channel_event(ChannelEvent.CONNECTED, connection(1))
    assert not core.events and not host._infos
    host.close()


def test_a_server_on_a_host_core_keeps_nothing_of_removed_callbacks() -> None:
    core = Core()
    host = i.HostCore(core.address)

    class Owner:
        def ran(self, *events: Any) -> None: ...

    owner = Owner()
    timer = host.timer_add(owner.ran)
    host.timer_start(timer, 1)
    host.timer_cancel(timer)
    host.timer_remove(timer)
    before = len(gc.get_referrers(owner))
    del timer
    gc.collect()
    assert len(gc.get_referrers(owner)) <= before
    assert not any(isinstance(r, type(owner.ran)) for r in gc.get_referrers(owner))
    host.close()
