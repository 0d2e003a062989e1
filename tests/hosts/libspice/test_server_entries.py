"""The functions about a server as a whole, called as C calls them."""

import ctypes as c
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gspice.hosts.libspice.hosted import servers
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.main import MainInit
from tests.hosts.libspice import c_host
from tests.hosts.libspice.c_host import Core, Library, hosted


def text(value: str | None) -> c.c_char_p:
    return c.c_char_p(None if value is None else value.encode())


@pytest.fixture(scope="module")
def functions() -> Library:
    return Library()


def test_a_handle_that_is_not_known(functions: Library, caplog: pytest.LogCaptureFixture) -> None:
    for handle in (0, 0xDEAD):
        assert functions("spice_server_set_noauth", handle) == -1
        core = Core()
        assert functions("spice_server_init", handle, core.address) == -1
        functions("spice_server_destroy", handle, result=None)
    assert "0xdead" in caplog.text


@pytest.mark.parametrize("fault", ["major", "null", "twice", "port"])
def test_init_that_fails_leaves_nothing_open(functions: Library, fault: str) -> None:
    core = Core()
    handle = functions("spice_server_new", result=c.c_uint64)
    if fault == "major":
        core.table.base.major = 2
    with socket.socket() as taken:
        if fault == "port":
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            functions("spice_server_set_addr", handle, text("127.0.0.1"), c.c_int(0), result=None)
            functions("spice_server_set_port", handle, c.c_int(taken.getsockname()[1]))
        if fault == "twice":
            assert functions("spice_server_init", handle, core.address) == 0
        assert functions("spice_server_init", handle, 0 if fault == "null" else core.address) == -1
    functions.destroy(handle)
    assert not core.watches and not core.timers


def test_a_client_comes_and_goes(tmp_path: Path) -> None:
    from tests.peers.raw_link import RawChannel

    functions, core = Library(), Core()
    handle = functions("spice_server_new", result=c.c_uint64)
    functions("spice_server_set_noauth", handle)
    functions("spice_server_set_addr", handle, text("127.0.0.1"), c.c_int(0), result=None)
    assert functions("spice_server_set_port", handle, c.c_int(0)) == 0
    assert functions("spice_server_init", handle, core.address) == 0
    port = servers[handle].server.port
    assert port

    def talk() -> tuple[RawChannel, Any]:
        peer = RawChannel(port, ChannelType.MAIN, 0)
        return peer, peer.receive_type(MainInit)

    peer, _init = beside(core, talk)
    assert functions("spice_server_get_num_clients", handle) == 1
    place, length = c.create_string_buffer(128), c.c_uint32(128)
    assert functions("spice_server_get_sock_info", handle, place, c.addressof(length)) == 0
    assert length.value == 16 and place.raw[2:8] == port.to_bytes(2, "big") + b"\x7f\0\0\1"
    assert functions("spice_server_get_peer_info", handle, place, c.addressof(length)) == 0
    peer.close()
    core.run(lambda: len(core.events) == 3)
    assert [event for event, *_ in core.events] == [1, 2, 3]
    assert len({address for _, address, *_ in core.events}) == 1, "hosts compare the pointer"
    assert core.events[1][2] != 0 and core.events[1][3] == ChannelType.MAIN
    assert core.events[2][2:4] == core.events[1][2:4]
    core.run(lambda: functions("spice_server_get_num_clients", handle) == 0)
    assert functions("spice_server_get_peer_info", handle, place, c.addressof(length)) == -1
    functions.destroy(handle)
    assert not core.watches and not core.timers


def beside(core: Core, talk: Callable[[], Any]) -> Any:
    """What ``talk`` gives on another thread, while the core runs."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(talk)
        core.run(future.done)
        return future.result()


def test_adopted_sockets(caplog: pytest.LogCaptureFixture) -> None:
    with hosted() as (functions, core, handle):
        ours, theirs = socket.socketpair()
        fd = ours.detach()
        assert functions("spice_server_add_ssl_client", handle, c.c_int(fd), c.c_int(0)) == -1
        assert "certificates" in caplog.text
        socket.socket(fileno=fd).getsockname()  # still the host's, and so closed here
        ours, theirs = socket.socketpair()
        assert functions("spice_server_add_client", handle, c.c_int(ours.detach()), c.c_int(1)) == 0
        core.run(lambda: core.events)
        theirs.close()
        core.run(lambda: core.events[-1][0] == 3)
        with caplog.at_level(logging.CRITICAL):
            assert functions("spice_server_add_client", handle, c.c_int(9999), c.c_int(0)) == -1


def test_devices_come_and_go(caplog: pytest.LogCaptureFixture) -> None:
    with hosted() as (functions, _core, handle):
        tablet, keyboard = c_host.tablet(), c_host.keyboard()
        for device in (tablet, keyboard, c_host.mouse()):
            assert functions("spice_server_add_interface", handle, device.address) == 0
            assert device.attached
        assert functions("spice_server_kbd_leds", keyboard.address, c.c_int(0x17)) == 0
        assert functions("spice_server_kbd_leds", tablet.address, c.c_int(1)) == -1
        assert functions("spice_server_add_interface", handle, tablet.address) == -1
        assert functions("spice_server_remove_interface", keyboard.address) == -1 and keyboard.attached
        for _ in range(2):
            assert functions("spice_server_remove_interface", tablet.address) == 0
            assert not tablet.attached
            assert functions("spice_server_add_interface", handle, tablet.address) == 0
        assert functions("spice_server_remove_interface", 0) == -1
        newer = c_host.Device(b"tablet", (1, 2), {})
        assert functions("spice_server_add_interface", handle, newer.address) == -1 and not newer.attached
        unknown = c_host.Device(b"hologram", (1, 0), {})
        assert functions("spice_server_add_interface", handle, unknown.address) == 0
        assert functions("spice_server_add_interface", handle, 0) == -1
        nameless = c_host.Device(None, (1, 0), {})
        assert functions("spice_server_add_interface", handle, nameless.address) == -1
        assert "hologram" in caplog.text
    assert not keyboard.attached, "destroy gives them back"
