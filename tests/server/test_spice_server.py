"""The server as hosts hold it: its life, the machine's, and a whole session through it."""

import gc
import socket
import sys
from collections.abc import Iterator

import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.server.loop import PollLoop
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SWITCH_INTERVAL_S, SpiceServer
from gspice.vdi import Leds
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.display import DisplayMark
from gspice.wire.messages.draw import DisplayFill
from gspice.wire.messages.inputs import InputsInit, InputsKeyDown, InputsKeyModifiers
from tests.input.fake_devices import FakeKeyboard
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import INIT, all_threads_end, open_descriptors


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


@pytest.fixture(autouse=True)
def switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_init_twice(rig: ServerRig) -> None:
    with pytest.raises(InterfaceError, match="initialised before"):
        rig.do(lambda: rig.server.init(rig.loop))
    rig.main()


@pytest.mark.parametrize(
    ("major", "minor", "taken"), [(0, 9, False), (2, 0, False), (1, 0, True), (1, 9, True)]
)
def test_cores_of_another_major_version_are_refused(major: int, minor: int, taken: bool) -> None:
    loop = PollLoop()
    loop.major, loop.minor = major, minor
    gc.collect()
    before = open_descriptors()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    if taken:
        server.init(loop)
        server.close()
    else:
        with pytest.raises(InterfaceError, match=f"unsupported core interface {major}.{minor}"):
            server.init(loop)
    assert open_descriptors() == before
    loop.close()


def test_close_may_be_called_at_any_time() -> None:
    loop = PollLoop()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    server.close()
    assert server.num_connections == 0
    server.init(loop)
    server.close()
    server.close()
    assert len(loop._watches) == 1 and server.num_connections == 0
    loop.close()


def test_closing_with_clients_leaves_no_thread_and_no_descriptor() -> None:
    gc.collect()
    before = open_descriptors()
    with server_rig() as rig:
        rig.add_qxl(0)
        rig.add_qxl(1)
        rig.do(rig.server.vm_start)
        rig.do(lambda: rig.server.set_max_clients(1))
        replaced, _ = rig.main()  # and never reads: its last words stay unsaid
        main, connection_id = rig.main()
        peers = [replaced, main] + [
            rig.link(kind, connection_id)
            for kind in (ChannelType.INPUTS, ChannelType.DISPLAY, ChannelType.CURSOR)
        ]
        half_open = socket.create_connection(("127.0.0.1", rig.server.port or 0))
        rig.until(lambda: len(rig.server.edge._handshakes) == 1)
        rig.do(rig.server.close)
        assert all(peer.wait_closed() for peer in peers)
        assert half_open.recv(1) == b""
        half_open.close()
        assert all_threads_end()
    gc.collect()
    assert open_descriptors() == before


def test_a_worker_does_not_keep_a_host_from_python(rig: ServerRig) -> None:
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)


def test_nobody_gets_in_before_a_ticket_is_set() -> None:
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    assert server.tickets.refusal(b"", 0.0) is not None
    server.tickets.set_noauth()
    assert server.tickets.refusal(b"", 0.0) is None


def test_a_session_from_key_to_picture(rig: ServerRig) -> None:
    keyboard = FakeKeyboard()
    rig.do(lambda: rig.server.add_interface(keyboard))
    device, driver = rig.add_qxl()
    rig.do(rig.server.vm_start)
    _, connection_id = rig.main()
    inputs = rig.link(ChannelType.INPUTS, connection_id)
    display = rig.link(ChannelType.DISPLAY, connection_id)
    inputs.receive_type(InputsInit)
    display.send(INIT)
    display.receive_type(DisplayMark)
    inputs.send(InputsKeyDown(code=0x1E))
    rig.until(lambda: bool(keyboard.fragments))
    rig.do(lambda: driver.fill(Rect(0, 0, 64, 48), 0xABCDEF))
    display.receive_type(DisplayFill)
    rig.do(lambda: rig.server.kbd_leds(keyboard, Leds.CAPS))
    lights = inputs.receive_type(InputsKeyModifiers)
    assert isinstance(lights, InputsKeyModifiers) and lights.modifiers == Leds.CAPS
    pixels = rig.do(lambda: rig.server.snapshot(device))
    assert pixels is not None and pixels.data[:3] == bytes.fromhex("efcdab")
    assert rig.do(lambda: rig.server.statistics(device)) == {"Fill": 1}


def test_a_device_without_a_picture_has_no_snapshot(rig: ServerRig) -> None:
    device, _ = rig.add_qxl(size=None)
    assert rig.do(lambda: rig.server.snapshot(device)) is None
