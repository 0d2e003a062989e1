"""The embedded host: a desktop that clients see, type on and resize, and of which nothing is left at the end."""

import gc
import socket
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from PIL import Image

from gspice.errors import ConfigError, GSpiceError
from gspice.hosts import embedded
from gspice.hosts.embedded import MIN_SIDE, EmbeddedHost
from gspice.input.keyboard import SETTLE
from gspice.pixels import Pixels
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
from gspice.vdi import Leds
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import Disconnecting, Notify
from gspice.wire.messages.display import DisplayMark, DisplaySurfaceCreate
from gspice.wire.messages.inputs import InputsInit, InputsKeyDown, InputsKeyModifiers
from gspice.wire.messages.main import (
    MainAgentStart,
    MainClientAgentData,
    MainInit,
    MainMouseModeRequest,
)
from gspice.wire.types import MouseMode
from tests.peers.raw_link import RawChannel
from tests.server.net import PATIENCE_S
from tests.server.worker_rig import INIT, all_threads_end, open_descriptors

T = TypeVar("T")
CAPS_LOCK, A = 0x3A, 0x1E


def make_server() -> SpiceServer:
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    server.tickets.set_noauth()
    return server


class Rig:
    """A host that runs on its own thread."""

    def __init__(self, dump: Path | None = None) -> None:
        self.host = EmbeddedHost(make_server(), size=(320, 240), dump=dump)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._peers: list[RawChannel] = []

    def _run(self) -> None:
        self.host.run()
        self.host.close()

    def do(self, function: Callable[[], T]) -> T:
        """Call a function on the host's loop; its result."""
        future: Future[T] = Future()
        self.host.call(lambda: future.set_result(function()))
        return future.result(PATIENCE_S)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.do(condition):
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.001)

    def link(self, kind: ChannelType, connection_id: int = 0) -> RawChannel:
        peer = RawChannel(self.host.server.port or 0, kind, connection_id)
        self._peers.append(peer)
        return peer

    def main(self) -> tuple[RawChannel, MainInit]:
        peer = self.link(ChannelType.MAIN)
        init = peer.receive_type(MainInit)
        assert isinstance(init, MainInit)
        return peer, init

    def picture(self) -> bytes:
        def take() -> Pixels | None:
            return self.host.server.snapshot(self.host.device)

        pixels = self.do(take)
        assert pixels is not None
        return pixels.data

    def close(self) -> None:
        for peer in self._peers:
            peer.close()
        self.stop()

    def stop(self) -> None:
        self.host.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def agent_monitors(width: int, height: int) -> MainClientAgentData:
    """VDAgentMonitorsConfig of one monitor, in its message."""
    body = struct.pack("<II", 1, 0) + struct.pack("<IIIii", height, width, 32, 0, 0)
    return MainClientAgentData(data=struct.pack("<IIQI", 1, 2, 0, len(body)) + body)


def test_a_client_sees_the_desktop(rig: Rig) -> None:
    _, init = rig.main()
    assert init.display_channels_hint == 1 and init.ram_hint > 0
    assert init.supported_mouse_modes == MouseMode.SERVER | MouseMode.CLIENT
    display = rig.link(ChannelType.DISPLAY, init.session_id)
    display.send(INIT)
    created = display.receive_type(DisplaySurfaceCreate)
    assert isinstance(created, DisplaySurfaceCreate) and (created.width, created.height) == (320, 240)
    display.receive_type(DisplayMark)
    assert len(set(rig.picture())) > 50, "a desktop, and no plain surface"


def test_keys_arrive_and_their_lights_come_back(rig: Rig) -> None:
    _, init = rig.main()
    inputs = rig.link(ChannelType.INPUTS, init.session_id)
    inputs.receive_type(InputsInit)
    inputs.send(InputsKeyDown(code=CAPS_LOCK))
    # At once, and not when the keyboard is asked again, a while after a lock key.
    lights = inputs.receive_type(InputsKeyModifiers, SETTLE / 2)
    assert isinstance(lights, InputsKeyModifiers) and lights.modifiers == Leds.CAPS
    for code in (CAPS_LOCK | 0x80, CAPS_LOCK):
        inputs.send(InputsKeyDown(code=code))
    lights = inputs.receive_type(InputsKeyModifiers, SETTLE / 2)
    assert isinstance(lights, InputsKeyModifiers) and lights.modifiers == Leds(0)


@pytest.mark.parametrize(("wish", "size"), [((400, 360), (400, 360)), ((1, 350), (MIN_SIDE, 350))])
def test_the_desktop_follows_the_clients_window(
    rig: Rig, wish: tuple[int, int], size: tuple[int, int]
) -> None:
    main, init = rig.main()
    assert init.agent_connected
    display = rig.link(ChannelType.DISPLAY, init.session_id)
    display.send(INIT)
    display.receive_type(DisplayMark)
    main.send(MainAgentStart(num_tokens=10))
    main.send(agent_monitors(*wish))
    created = display.receive_type(DisplaySurfaceCreate)
    assert isinstance(created, DisplaySurfaceCreate) and (created.width, created.height) == size
    rig.until(lambda: rig.host.desktop.size == size)


def test_frozen_nothing_moves_and_the_picture_is_in_the_file(tmp_path: Path) -> None:
    dump = tmp_path / "dump.png"
    rig = Rig(dump)
    try:
        _, init = rig.main()
        inputs = rig.link(ChannelType.INPUTS, init.session_id)
        inputs.receive_type(InputsInit)
        rig.host.freeze()
        frozen = rig.picture()
        with Image.open(dump) as image:
            assert image.convert("RGB").tobytes("raw", "BGRX")[::4] == frozen[::4]
        inputs.send(InputsKeyDown(code=A))
        inputs.send(InputsKeyDown(code=CAPS_LOCK))
        inputs.receive_type(InputsKeyModifiers)  # so the letter has come, too
        rig.do(rig.host._tick)
        assert rig.picture() == frozen
        rig.host.thaw()
        deadline = time.monotonic() + PATIENCE_S
        while rig.picture() == frozen:
            assert time.monotonic() < deadline, "nothing moves after the thaw"
    finally:
        rig.close()


def test_a_picture_that_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path / "nowhere" / "dump.png")
    try:
        rig.host.freeze()
        rig.do(lambda: None)
        assert "frozen; " in caplog.text and "there is no directory" in caplog.text
        rig.host.thaw()
    finally:
        rig.close()


def test_mouse_mode_changes_reach_the_pointer(rig: Rig) -> None:
    main, init = rig.main()
    inputs = rig.link(ChannelType.INPUTS, init.session_id)
    inputs.receive_type(InputsInit)
    main.send(MainMouseModeRequest(mode=MouseMode.CLIENT))
    rig.until(lambda: not rig.host.server.is_server_mouse)


# The end


def test_clients_are_told_that_it_ends(rig: Rig) -> None:
    main, init = rig.main()
    display = rig.link(ChannelType.DISPLAY, init.session_id)
    rig.host.stop()
    notify = main.receive_type(Notify)
    assert isinstance(notify, Notify) and notify.message == "the server is closing"
    main.receive_type(Disconnecting)
    assert main.wait_closed() and display.wait_closed()


def test_a_client_that_does_not_hang_up_cannot_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FAREWELL_S", 0.05)
    rig = Rig()
    main, _ = rig.main()
    rig.stop()
    assert all_threads_end()
    assert main.wait_closed()
    main.close()


def test_nothing_is_left_of_a_host() -> None:
    gc.collect()
    before, threads = open_descriptors(), threading.active_count()
    rig = Rig()
    main, init = rig.main()
    display = rig.link(ChannelType.DISPLAY, init.session_id)
    display.send(INIT)
    display.receive_type(DisplayMark)
    main.close()
    memory = weakref.ref(rig.host.device.memory)
    rig.close()
    host = rig.host
    for late in (host.stop, host.freeze, host.thaw, host.close):
        late()  # signals may come at any time
    host.call(lambda: None)
    assert all_threads_end() and threading.active_count() == threads
    del rig, host, late
    gc.collect()
    assert memory() is None, "the device's memory is still there"
    assert open_descriptors() == before


@pytest.mark.parametrize("reason", ["port", "size", "video"])
def test_a_host_that_cannot_start_leaves_nothing(reason: str, tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    server = make_server()
    if reason == "port":
        server.options.port = taken.getsockname()[1]
    size = (3000, 3000) if reason == "size" else (320, 240)
    video = tmp_path / "none.webm" if reason == "video" else None
    gc.collect()
    before = open_descriptors()
    with pytest.raises(GSpiceError) as caught:
        EmbeddedHost(server, size=size, video=video)
    assert reason == "size" or isinstance(caught.value, ConfigError)
    assert all_threads_end()
    gc.collect()
    assert open_descriptors() == before
    taken.close()
