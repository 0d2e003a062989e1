"""What clients are told of the server: channels, mouse modes, names, and whether displays follow them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gspice.channels.base import LinkInfo
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.server.session import Session
from gspice.vdi import ClientMonitor
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.main import (
    MainAttachChannels,
    MainInit,
    MainMouseMode,
    MainMouseModeRequest,
    MainName,
    MainUuid,
)
from gspice.wire.types import MouseMode
from tests.input.fake_devices import FakeTablet
from tests.peers.raw_link import RawChannel
from tests.server.server_rig import ServerRig, server_rig
from tests.server.test_devices import FollowingDevice

BOTH = MouseMode.SERVER | MouseMode.CLIENT
LINK = LinkInfo(
    connection_id=1,
    channel_type=ChannelType.MAIN,
    channel_id=0,
    common_caps=CapSet(),
    channel_caps=CapSet(),
    secure=False,
    local=False,
    peer="test",
)


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


def supported(rig: ServerRig) -> MouseMode:
    return rig.do(lambda: rig.server.state.mouse_modes.supported)


# Mouse modes


def test_client_mode_needs_a_tablet_and_one_device(rig: ServerRig) -> None:
    tablet = FakeTablet()
    first, _ = rig.add_qxl(0)
    assert supported(rig) == MouseMode.SERVER, "no tablet"
    rig.do(lambda: rig.server.add_interface(tablet))
    assert supported(rig) == BOTH
    second, _ = rig.add_qxl(1)
    assert supported(rig) == MouseMode.SERVER, "a tablet means one screen"
    rig.do(lambda: rig.server.remove_interface(second))
    assert supported(rig) == BOTH
    rig.do(lambda: rig.server.remove_interface(tablet))
    assert supported(rig) == MouseMode.SERVER
    rig.do(lambda: rig.server.add_interface(tablet))
    rig.do(lambda: rig.server.remove_interface(first))
    assert supported(rig) == MouseMode.SERVER


def test_a_primary_surface_may_forbid_absolute_pointers(rig: ServerRig) -> None:
    rig.do(lambda: rig.server.add_interface(FakeTablet()))
    rig.add_qxl(0, size=None)
    state = rig.server.state
    for absolute, modes in ((False, MouseMode.SERVER), (True, BOTH), (False, MouseMode.SERVER)):
        rig.do(lambda absolute=absolute: state.primary_changed(0, 64, 48, absolute))  # type: ignore[misc]
        assert supported(rig) == modes
        rig.do(lambda: state.primary_changed(0, 0, 0, True))
        assert supported(rig) == modes, "between two surfaces it stays as it is"


def test_a_device_that_went_has_no_say(rig: ServerRig) -> None:
    rig.do(lambda: rig.server.add_interface(FakeTablet()))
    rig.add_qxl(0)
    second, _ = rig.add_qxl(1, size=None)
    state = rig.server.state
    rig.do(lambda: state.primary_changed(1, 64, 48, False))
    rig.do(lambda: rig.server.remove_interface(second))
    assert supported(rig) == BOTH
    rig.do(lambda: state.primary_changed(1, 64, 48, False))  # was on its way
    assert supported(rig) == BOTH
    rig.do(lambda: state.primary_changed(0, 64, 48, True))
    rig.do(lambda: rig.server.remove_interface(rig.server.devices.worker_of(0).qxl))  # type: ignore[union-attr]
    rig.add_qxl(0, size=None)
    assert supported(rig) == MouseMode.SERVER, "the new one has no primary surface yet"


def test_the_tablet_learns_the_size_of_the_one_screen(rig: ServerRig) -> None:
    tablet = FakeTablet()
    rig.do(lambda: rig.server.add_interface(tablet))
    rig.add_qxl(0, size=(64, 48))
    other, _ = rig.add_qxl(1, size=(80, 60))
    assert tablet.calls == [("size", 64, 48)], "with two screens there is no size"
    rig.do(lambda: rig.server.remove_interface(rig.server.devices.worker_of(0).qxl))  # type: ignore[union-attr]
    assert tablet.calls == [("size", 64, 48), ("size", 80, 60)]
    late = FakeTablet()
    rig.do(lambda: rig.server.remove_interface(tablet))
    rig.do(lambda: rig.server.add_interface(late))
    assert late.calls == [("size", 80, 60)]
    assert other.worker is not None


def test_clients_hear_of_mouse_modes_and_choose(rig: ServerRig) -> None:
    main, _ = rig.main()
    rig.add_qxl(0)
    assert rig.do(lambda: rig.server.is_server_mouse)
    rig.do(lambda: rig.server.add_interface(FakeTablet()))
    assert next_modes(main) == (BOTH, MouseMode.SERVER)
    main.send(MainMouseModeRequest(mode=MouseMode.CLIENT))
    assert next_modes(main) == (BOTH, MouseMode.CLIENT)
    assert not rig.do(lambda: rig.server.is_server_mouse)
    rig.add_qxl(1)
    assert next_modes(main) == (MouseMode.SERVER, MouseMode.SERVER)
    main.send(MainMouseModeRequest(mode=MouseMode.CLIENT))
    assert rig.do(lambda: rig.server.is_server_mouse)


def next_modes(main: RawChannel) -> tuple[int, int]:
    message = main.receive_type(MainMouseMode)
    assert isinstance(message, MainMouseMode)
    return message.supported_modes, message.current_mode


# The rest


def test_the_first_message_says_what_there_is() -> None:
    options = ServerOptions(host="127.0.0.1", port=0, name="Läden", uuid=bytes(range(16)))
    with server_rig(options) as rig:
        device, _ = rig.add_qxl(4)
        main = RawChannel(rig.server.port or 0, ChannelType.MAIN, caps=CapSet.of(MainCap.NAME_AND_UUID))
        init = main.receive_type(MainInit)
        assert isinstance(init, MainInit)
        assert init.display_channels_hint == 1
        assert init.ram_hint == device.get_init_info().ram_size
        name, uuid = main.receive_type(MainName), main.receive_type(MainUuid)
        assert isinstance(name, MainName) and name.name == "Läden"
        assert isinstance(uuid, MainUuid) and uuid.uuid == bytes(range(16))
        main.send(MainAttachChannels())
        offered = rig.do(rig.server.state.channels)
        assert offered == [(ChannelType.INPUTS, 0), (ChannelType.DISPLAY, 4), (ChannelType.CURSOR, 4)]
        main.close()


@pytest.mark.parametrize(
    ("secure", "local", "rule", "safe"),
    [
        (False, False, ChannelSecurity.ANY, False),
        (False, False, ChannelSecurity.NONE, False),
        (False, False, ChannelSecurity.SSL, True),
        (True, False, ChannelSecurity.ANY, True),
        (False, True, ChannelSecurity.ANY, True),
    ],
)
def test_whether_keys_can_be_overheard(
    rig: ServerRig, secure: bool, local: bool, rule: ChannelSecurity, safe: bool
) -> None:
    rig.server.options.security.set("inputs", rule)
    session = Session(rig.server.state, replace(LINK, secure=secure, local=local))
    assert session.inputs_secure is safe


def test_the_clock_of_clients_is_in_milliseconds_and_wraps(rig: ServerRig) -> None:
    session = Session(rig.server.state, LINK)
    assert session.mm_time(1.5) == 1500
    assert session.mm_time((1 << 32) / 1000 + 0.25) == 250
    assert (session.name, session.uuid) == ("", None)


def test_monitors_go_to_all_devices_or_none(rig: ServerRig) -> None:
    session = Session(rig.server.state, LINK)
    device = FollowingDevice()
    rig.do(lambda: rig.server.add_interface(device))
    assert rig.do(lambda: session.supports_monitors_config)
    assert rig.do(lambda: session.monitors_config((ClientMonitor(800, 600),)))
    assert device.wishes == [[ClientMonitor(800, 600)]]
    device.follows = False
    assert not rig.do(lambda: session.supports_monitors_config)
