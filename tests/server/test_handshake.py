"""The half-open links: their limits, the quiet log, and that none of them leaks."""

import logging
import os
import socket

import pytest

from gspice.server.handshake import LOG_EVERY_S, HandshakeLimits, Handshakes, LinkPolicy
from gspice.server.jobs import JobPool
from gspice.server.keys import KeyStock
from gspice.server.listener import listen_tcp
from gspice.server.loop import PollLoop
from gspice.server.security import SecurityMap
from gspice.server.tickets import TicketStore
from gspice.server.transport import PlainTransport, Transport
from gspice.wire.caps import CapSet
from gspice.wire.link import LinkError
from tests.server.net import Clock, drive, link_client, read_some, settle, socket_pair, spin


class Server:
    """Handshakes with a real stock of keys."""

    def __init__(self, limits: HandshakeLimits) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.pool = JobPool(self.loop.call_soon_threadsafe)
        self.failed: list[str] = []
        self.linked: list[Transport] = []
        self.handshakes = Handshakes(
            self.loop,
            LinkPolicy(
                keys=KeyStock(self.pool),
                tickets=TicketStore(noauth=True),
                security=SecurityMap(),
                authorize=lambda request: LinkError.OK,
                channel_caps=lambda channel_type: CapSet(),
                on_linked=lambda transport, info, rest: self.linked.append(transport),
                on_failed=lambda transport, reason: self.failed.append(reason),
            ),
            clock=self.clock,
            limits=limits,
        )
        self.sockets: list[socket.socket] = []

    def connect(self, group: str = "peer") -> socket.socket:
        near, far = socket_pair()
        self.sockets.append(far)
        transport = PlainTransport(near)
        transport.peer_group = group
        self.handshakes.begin(transport)
        return far

    def close(self) -> None:
        self.handshakes.close()
        for transport in self.linked:
            transport.close()
        for sock in self.sockets:
            sock.close()
        self.pool.close()
        self.loop.close()


def test_one_peer_cannot_take_all_places() -> None:
    server = Server(HandshakeLimits(total=64, per_peer=3))
    first = [server.connect("a") for _ in range(3)]
    late = server.connect("a")
    assert read_some(late) == b"", "the newest is refused"
    assert server.failed == ["3 links of this peer are half open already"]
    assert all(read_some(far) is None for far in first), "the others are not"
    assert read_some(server.connect("b")) is None
    first[0].close()
    spin(server.loop, lambda: len(server.handshakes) == 3)
    assert read_some(server.connect("a")) is None, "there is room again"
    server.close()


def test_all_peers_together_are_limited() -> None:
    server = Server(HandshakeLimits(total=5, per_peer=2))
    for number in range(5):
        server.connect(f"peer {number}")
    assert read_some(server.connect("one more")) == b""
    assert server.failed == ["5 links are half open already"]
    assert len(server.handshakes) == 5
    server.close()


def test_linked_channels_take_no_place() -> None:
    server = Server(HandshakeLimits(total=2, per_peer=2))
    for _ in range(6):
        drive(server.loop, server.connect(), link_client())
    spin(server.loop, lambda: len(server.linked) == 6)
    assert server.failed == []
    server.close()


def test_a_flood_makes_few_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(HandshakeLimits(total=1, per_peer=1))
    server.connect()
    with caplog.at_level(logging.INFO):
        for _ in range(50):
            server.connect().close()
        assert len(caplog.records) == 1
        server.clock.now += LOG_EVERY_S
        server.connect()
    assert len(caplog.records) == 2
    assert "(50 since last said)" in caplog.records[1].message
    assert len(server.failed) == 51
    server.close()


def test_an_owner_that_fails_does_not_raise_into_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(HandshakeLimits(total=1, per_peer=1))
    object.__setattr__(server.handshakes._policy, "on_failed", lambda transport, reason: {}[reason])
    server.connect()
    server.connect()
    server.handshakes.close()
    assert len(server.handshakes) == 0
    assert caplog.text.count("KeyError") == 2
    server.close()


def test_two_hundred_links_leak_no_descriptor() -> None:
    server = Server(HandshakeLimits())
    listener = listen_tcp(server.loop, "127.0.0.1", 0, server.handshakes.begin)
    address = ("127.0.0.1", listener.port or 0)
    settle(server.loop)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(200):
        with socket.create_connection(address) as client:
            client.setblocking(False)
            match number % 4:
                case 0:
                    drive(server.loop, client, link_client())
                case 1:
                    client.send(b"nonsense")
                case 2:
                    client.send(link_client().data_to_send())
                case 3:
                    client.send(b"REDQ")
            settle_quickly(server.loop)
        spin(server.loop, lambda: len(server.handshakes) == 0)
        for transport in server.linked:
            transport.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(server.linked) == 50
    assert len(server.failed) == 150
    listener.close()
    server.close()


def settle_quickly(loop: PollLoop) -> None:
    for _ in range(3):
        loop.run_once(0)
