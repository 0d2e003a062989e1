"""Linked channels go to the loop that owns them, and every end of one is told once."""

import socket
from collections.abc import Iterator

import pytest

from gspice.channels.base import LinkInfo
from gspice.errors import ConfigError
from gspice.server.opener import Opener
from gspice.server.transport import PlainTransport
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import SetAck
from gspice.wire.messages.inputs import InputsInit, InputsKeyDown
from tests.input.fake_devices import FakeKeyboard
from tests.peers.raw_link import COMMON
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import LinkedPeer


class Rig:
    """An opener over a running server's state, that notes the ends it is told of."""

    def __init__(self, server: ServerRig) -> None:
        self.server = server
        self.closed: list[tuple[object, str]] = []
        self.transports: list[PlainTransport] = []
        """Kept, so that what nobody closes stays open."""
        self.opener = Opener(
            server.loop, server.server.state, server.loop.now, lambda *end: self.closed.append(end)
        )

    def open(
        self, kind: ChannelType, token: object, *, channel_id: int = 0, leftover: bytes = b""
    ) -> LinkedPeer:
        near, far = socket.socketpair()
        link = LinkInfo(
            connection_id=1,
            channel_type=kind,
            channel_id=channel_id,
            common_caps=COMMON,
            channel_caps=CapSet(),
            secure=False,
            local=True,
            peer="test",
        )
        self.transports.append(transport := PlainTransport(near))
        self.server.do(lambda: self.opener.open_channel(transport, link, leftover, token))
        return LinkedPeer(far, kind)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with server_rig() as server:
        yield Rig(server)


def test_what_channels_there_are(rig: Rig) -> None:
    rig.server.add_qxl(2)
    exists = rig.opener.exists
    assert rig.server.do(lambda: [exists(kind, 2) for kind in (ChannelType.DISPLAY, ChannelType.CURSOR)])
    assert rig.server.do(lambda: exists(ChannelType.INPUTS, 0))
    absent = [(ChannelType.MAIN, 0), (ChannelType.INPUTS, 2), (ChannelType.DISPLAY, 0), (77, 0)]
    assert not any(rig.server.do(lambda: [exists(*channel) for channel in absent]))


def test_inputs_are_served_on_the_host_loop_bytes_that_came_early_included(rig: Rig) -> None:
    keyboard = FakeKeyboard()
    rig.server.do(lambda: rig.server.server.add_interface(keyboard))
    early = b"".join(LinkedPeer(socket.socket(), ChannelType.INPUTS)._writer.encode(InputsKeyDown(code=0x1E)))
    peer = rig.open(ChannelType.INPUTS, 1, leftover=early)
    peer.receive_type(InputsInit)
    rig.server.until(lambda: keyboard.taken() == b"\x1e")
    peer.close()
    rig.server.until(lambda: len(rig.closed) == 1)
    assert rig.closed[0][0] == 1
    assert keyboard.taken() == b"\x9e", "a key that a client held is let go"


def test_a_channel_that_is_dead_at_once_is_told_of_once(rig: Rig) -> None:
    peer = rig.open(ChannelType.INPUTS, 1, leftover=b"\xff" * 64)
    assert peer.wait_closed()
    rig.server.until(lambda: bool(rig.closed))
    rig.server.do(lambda: rig.opener.close_channels(frozenset({1}), "again"))
    assert len(rig.closed) == 1
    peer.close()


def test_displays_are_served_by_their_worker(rig: Rig) -> None:
    rig.server.add_qxl(2)
    peer = rig.open(ChannelType.DISPLAY, 1, channel_id=2)
    assert isinstance(peer.receive(), SetAck)
    # Its end is told by the worker to the server, not to this opener.
    rig.server.do(lambda: rig.opener.close_channels(frozenset({1}), "enough"))
    assert peer.wait_closed() and rig.closed == []
    peer.close()


def test_a_display_that_was_removed_meanwhile(rig: Rig) -> None:
    peer = rig.open(ChannelType.DISPLAY, 1, channel_id=2)
    assert peer.receive(1.0) is None
    assert rig.closed == [(1, "its device was removed")]
    peer.close()


def test_a_display_whose_worker_could_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_canvas(name: str, device: str | None) -> None:
        raise ConfigError("no graphics card today")

    monkeypatch.setattr("gspice.server.devices.open_worker_canvas", no_canvas)
    with server_rig() as server:
        server.add_qxl(0, size=None)
        server.do(server.server.vm_start)
        _, connection_id = server.main()
        peer = server.link(ChannelType.DISPLAY, connection_id)
        assert peer.wait_closed()
        server.until(lambda: server.server.num_connections == 1)
        server.do(server.server.vm_stop)


def test_closing_some_channels_leaves_the_others(rig: Rig) -> None:
    first, second = rig.open(ChannelType.INPUTS, 1), rig.open(ChannelType.INPUTS, 2)
    rig.server.do(lambda: rig.opener.close_channels(frozenset({1, 99}), "enough"))
    assert first.wait_closed() and rig.closed == [(1, "enough")]
    second.receive_type(InputsInit)
    assert not second.wait_closed(0.02)
    second.close()
    rig.server.until(lambda: len(rig.closed) == 2)
    first.close()
