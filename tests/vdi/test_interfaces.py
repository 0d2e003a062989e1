"""VDI interfaces: versions, and the table of what a host must and may implement."""

import inspect

import pytest

from gspice import vdi
from gspice.errors import InterfaceError
from gspice.vdi.base import Interface

VERSIONS = {
    vdi.CoreInterface: ("core", 1, 3),
    vdi.QXLInterface: ("qxl", 3, 3),
    vdi.KeyboardInterface: ("keyboard", 1, 1),
    vdi.MouseInterface: ("mouse", 1, 1),
    vdi.TabletInterface: ("tablet", 1, 1),
    vdi.PlaybackInterface: ("playback", 1, 3),
    vdi.RecordInterface: ("record", 2, 3),
    vdi.CharDeviceInterface: ("char_device", 1, 3),
    vdi.MigrateInterface: ("migration", 1, 1),
}
REQUIRED = {
    vdi.CoreInterface: "timer_add timer_start timer_cancel timer_remove watch_add watch_update_mask watch_remove",
    vdi.QXLInterface: "get_init_info get_command req_cmd_notification release_resource get_cursor_command "
    "req_cursor_notification notify_update flush_resources async_complete update_area_complete",
    vdi.KeyboardInterface: "push_scan_freg get_leds",
    vdi.MouseInterface: "motion buttons",
    vdi.TabletInterface: "set_logical_size position wheel buttons",
    vdi.PlaybackInterface: "",
    vdi.RecordInterface: "",
    vdi.CharDeviceInterface: "state write read",
    vdi.MigrateInterface: "migrate_connect_complete migrate_end_complete",
}
OPTIONAL = {
    vdi.CoreInterface: "channel_event",
    vdi.QXLInterface: "attached_worker set_compression_level set_mm_time set_client_capabilities "
    "client_monitors_config",
    vdi.CharDeviceInterface: "event",
}


@pytest.mark.parametrize("interface", VERSIONS, ids=lambda i: i.TYPE)
def test_types_and_versions(interface: type[Interface]) -> None:
    assert VERSIONS[interface] == (interface.TYPE, interface.MAJOR, interface.MINOR)


@pytest.mark.parametrize("interface", VERSIONS, ids=lambda i: i.TYPE)
def test_callbacks(interface: type[Interface]) -> None:
    assert set(inspect.getattr_static(interface, "__abstractmethods__")) == set(REQUIRED[interface].split())
    for name in OPTIONAL.get(interface, "").split():
        assert callable(getattr(interface, name))


class Playback(vdi.PlaybackInterface):
    pass


@pytest.mark.parametrize(
    ("major", "minor", "fine"),
    [(1, 3, True), (1, 0, True), (1, 4, False), (2, 3, False), (0, 3, False)],
)
def test_version_check(major: int, minor: int, fine: bool) -> None:
    interface = Playback()
    interface.major, interface.minor = major, minor
    if fine:
        vdi.check_version(interface)
    else:
        with pytest.raises(InterfaceError, match=f"unsupported playback interface {major}.{minor}"):
            vdi.check_version(interface)


def test_since_compares_the_hosts_minor() -> None:
    interface = Playback()
    interface.minor = 2
    assert interface.since(2) and not interface.since(3)
