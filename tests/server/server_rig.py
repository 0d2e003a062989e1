"""A whole server on a loop that runs on its own thread, as a host's does, and clients over loopback."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from gspice.qxl.driver import GuestDriver
from gspice.server.loop import PollLoop
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
from gspice.vdi.core import ChannelEvent, ChannelEventInfo
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.main import MainInit
from tests.peers.raw_link import RawChannel
from tests.server.net import PATIENCE_S
from tests.server.worker_rig import RecordingDevice

T = TypeVar("T")


class HostLoop(PollLoop):
    """A host's main loop, which writes down what channels do."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[ChannelEvent, ChannelEventInfo]] = []

    def channel_event(self, event: ChannelEvent, info: ChannelEventInfo) -> None:
        self.events.append((event, info))


class ServerRig:
    """``init`` has been called; nobody needs a password unless ``password`` says so. Close it; ``server_rig`` does."""

    def __init__(self, options: ServerOptions | None = None, *, password: str | None = None) -> None:
        self.loop = HostLoop()
        self.server = SpiceServer(options or ServerOptions(host="127.0.0.1", port=0))
        self.password = password or ""
        if password is None:
            self.server.tickets.set_noauth()
        else:
            self.server.tickets.set_ticket(password, 0, time.monotonic())
        try:
            self.server.init(self.loop)
        except BaseException:
            self.loop.close()
            raise
        self._thread = threading.Thread(target=self.loop.run, name="host-loop")
        self._thread.start()
        self._peers: list[RawChannel] = []

    def do(self, function: Callable[[], T]) -> T:
        """Call a function on the host's loop; its result, or what it raises."""
        future: Future[T] = Future()

        def call() -> None:
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        self.loop.call_soon_threadsafe(call)
        return future.result(PATIENCE_S)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so, as seen from the host's loop."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.do(condition):
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.001)

    def add_qxl(
        self, id: int = 0, *, size: tuple[int, int] | None = (64, 48)
    ) -> tuple[RecordingDevice, GuestDriver]:
        """Attach a device whose guest is up; the machine has to be started for drawing."""

        drivers: list[GuestDriver] = []

        def add() -> tuple[RecordingDevice, GuestDriver]:
            device = RecordingDevice(id)
            self.server.add_interface(device)
            driver = GuestDriver(device)
            drivers.append(driver)
            device.interrupts.callback = lambda bits: self.loop.call_soon_threadsafe(service)
            if size is not None:
                driver.set_mode(*size)
            return device, driver

        def service() -> None:
            drivers[0].service()

        device, driver = self.do(add)
        if size is not None:
            self.until(lambda: self.server.state._primaries.get(id, (0, 0))[:2] == size)
        return device, driver

    def link(
        self, kind: ChannelType, connection_id: int = 0, *, channel_id: int = 0, password: str | None = None
    ) -> RawChannel:
        """A client's channel; what RawChannel raises where the link is refused."""
        port = self.server.port
        assert port is not None
        password = self.password if password is None else password
        peer = RawChannel(port, kind, connection_id, channel_id=channel_id, password=password)
        self._peers.append(peer)
        return peer

    def main(self) -> tuple[RawChannel, int]:
        """A main channel, and the connection id that it was given."""
        peer = self.link(ChannelType.MAIN)
        init = peer.receive_type(MainInit)
        assert isinstance(init, MainInit)
        return peer, init.session_id

    def events_of(self, kind: ChannelType) -> list[ChannelEvent]:
        """What the host was told of channels of a type, once it knew it."""
        return [event for event, info in list(self.loop.events) if info.channel_type == kind]

    def close(self) -> None:
        self.do(self.server.close)
        self.loop.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.loop.close()
        for peer in self._peers:
            peer.close()


@contextmanager
def server_rig(options: ServerOptions | None = None, *, password: str | None = None) -> Iterator[ServerRig]:
    rig = ServerRig(options, password=password)
    try:
        yield rig
    finally:
        rig.close()
