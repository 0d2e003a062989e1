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
from gspice.wire.link import REPLY_SIZE, LinkError
from tests.server.net import (
    Clock,
    drive,
    link_client,
    read_some,
    read_until,
    settle,
    socket_pair,
    spin,
)


class Server:
    """Handshakes with a real stock of keys."""

    def __init__(self, limits: HandshakeLimits) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.pool = JobPool(self.loop.call_soon_threadsafe)
        self.tickets = TicketStore(noauth=True)
        self.failed: list[str] = []
        self.linked: list[Transport] = []
        self.handshakes = Handshakes(
            self.loop,
            LinkPolicy(
                keys=KeyStock(self.pool),
                tickets=self.tickets,
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


def dropped(server: Server) -> list[int]:
    """Which of the clients found the connection closed, by number."""
    return [number for number, far in enumerate(server.sockets) if read_some(far) == b""]


def test_a_peer_that_holds_too_many_loses_its_oldest() -> None:
    server = Server(HandshakeLimits(total=64, per_peer=3))
    server.connect("b")
    for _ in range(5):
        server.connect("a")
    assert dropped(server) == [1, 2]
    assert len(server.handshakes) == 4
    assert server.failed == ["dropped to make room for a newer link"] * 2
    server.close()


def test_whoever_holds_most_makes_room_for_all() -> None:
    server = Server(HandshakeLimits(total=6, per_peer=4))
    for peer in ("b", "a", "a", "c", "a", "c"):
        server.connect(peer)
    server.connect("d")
    assert dropped(server) == [1], "the oldest of the peer with most, and not the oldest of all"
    server.connect("e")
    assert dropped(server) == [1, 2]
    server.connect("f")
    assert dropped(server) == [1, 2, 3]
    server.connect("g")
    assert dropped(server) == [0, 1, 2, 3], "all have one now: the oldest of all"
    assert len(server.handshakes) == 6
    server.close()


def test_a_peer_links_through_a_crowd_of_silent_ones() -> None:
    server = Server(HandshakeLimits())
    for number in range(200):
        server.connect(f"peer {number % 7}")
    drive(server.loop, server.connect("peer 3"), link_client())
    drive(server.loop, server.connect("newcomer"), link_client())
    spin(server.loop, lambda: len(server.linked) == 2)
    server.close()


def test_a_granted_link_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(HandshakeLimits(total=64, per_peer=2))
    good = link_client()
    far = server.connect()
    far.send(good.data_to_send())
    good.receive(read_until(server.loop, far, 16 + REPLY_SIZE))
    monkeypatch.setattr(PlainTransport, "send", lambda self, buffers: 0)  # its answer does not get out yet
    far.send(good.data_to_send())
    spin(server.loop, lambda: any(link.granted for link in server.handshakes._open))
    server.connect()
    server.connect()
    assert dropped(server) == [1]
    monkeypatch.undo()
    spin(server.loop, lambda: len(server.linked) == 1)
    server.close()


def test_a_guesser_does_not_get_rid_of_his_wait_by_connecting_anew() -> None:
    server = Server(HandshakeLimits(total=3, per_peer=2))
    server.tickets.set_ticket("secret")
    for _ in range(2):
        guess = link_client(b"guess")
        far = server.connect("guesser")
        far.send(guess.data_to_send())
        guess.receive(read_until(server.loop, far, 16 + REPLY_SIZE))
        far.send(guess.data_to_send())
    spin(server.loop, lambda: all(link.held_back for link in server.handshakes._open))
    server.failed.clear()
    server.connect("guesser")
    assert dropped(server) == [2]
    assert server.failed == ["the links of this peer that are half open already all have to stay"]
    server.connect("b")
    server.connect("c")
    assert dropped(server) == [0, 2], "others have room all the same"
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
    assert [record.message.count("turned away") for record in caplog.records] == [1, 1]
    assert "since the last such line" not in caplog.records[0].message
    assert "(49 others were, unsaid, since the last such line)" in caplog.records[1].message
    assert len(server.failed) == 51
    server.close()


def test_a_peer_that_reset_before_it_was_looked_at_has_its_address() -> None:
    server = Server(HandshakeLimits())
    accepted: list[Transport] = []
    listener = listen_tcp(server.loop, "127.0.0.1", 0, accepted.append)
    far = socket.create_connection(("127.0.0.1", listener.port or 0))
    host, port = far.getsockname()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    spin(server.loop, lambda: bool(accepted))
    assert accepted[0].peer == f"{host}:{port}"
    assert accepted[0].peer_group == host
    accepted[0].close()
    listener.close()
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
