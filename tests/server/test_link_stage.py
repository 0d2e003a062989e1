"""One link from the socket to the channel: good ones, every kind of bad one, and peers that stall."""

import logging
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.channels.base import LinkInfo
from gspice.errors import LinkRefused
from gspice.server.handshake import Handshake, Handshakes, LinkPolicy
from gspice.server.keys import KeyCallback, LinkKey
from gspice.server.loop import PollLoop
from gspice.server.security import SecurityMap
from gspice.server.tickets import TicketStore
from gspice.server.tls import directory
from gspice.server.transport import PlainTransport, TlsTransport, Transport
from gspice.vdi.core import WatchEvent
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import REPLY_SIZE, LinkError
from gspice.wire.link_server import LinkRequested
from tests.server.net import (
    CLIENT_CAPS,
    Clock,
    drive,
    encrypt,
    link_client,
    read_some,
    read_to_end,
    read_until,
    settle,
    socket_pair,
    spin,
    tls_connect,
    write_certificates,
)
from tests.wire.link_vectors import LINK_VECTORS, link, mess

FULL_REPLY = 16 + REPLY_SIZE


class Keys:
    """Stands in for the stock: hands keys over at once, or when the test lets it."""

    def __init__(self) -> None:
        self.held: list[KeyCallback] | None = None
        self.cancelled = 0
        self.none_left = False

    def take(self, callback: KeyCallback) -> Callable[[], None]:
        if self.held is not None:
            self.held.append(callback)
        else:
            callback(None if self.none_left else LinkKey())

        def cancel() -> None:
            self.cancelled += 1

        return cancel


class Server:
    """Everything behind an accepted socket."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.keys = Keys()
        self.tickets = TicketStore()
        self.tickets.set_ticket("secret")
        self.security = SecurityMap()
        self.verdict = LinkError.OK
        self.asked: list[LinkRequested] = []
        self.linked: list[tuple[Transport, LinkInfo, bytes]] = []
        self.failed: list[str] = []
        self.handshakes = Handshakes(
            self.loop,
            LinkPolicy(
                keys=self.keys,  # type: ignore[arg-type]
                tickets=self.tickets,
                security=self.security,
                authorize=self.authorize,
                channel_caps=CapSet.of,
                on_linked=lambda transport, info, rest: self.linked.append((transport, info, rest)),
                on_failed=self.on_failed,
            ),
            clock=self.clock,
        )
        self.sockets: list[socket.socket] = []

    def authorize(self, request: LinkRequested) -> LinkError:
        self.asked.append(request)
        return self.verdict

    def on_failed(self, transport: Transport, reason: str) -> None:
        assert transport.fileno() == -1, "closed already"
        self.failed.append(reason)

    def connect(self, *, skip_auth: bool = False, small: bool = False) -> socket.socket:
        near, far = socket_pair(small=small)
        self.sockets.append(far)
        self.handshakes.begin(PlainTransport(near), skip_auth=skip_auth)
        return far

    def wait(self, seconds: float) -> None:
        settle(self.loop)
        self.clock.now += seconds
        settle(self.loop)

    def close(self) -> None:
        self.handshakes.close()
        for transport, _, _ in self.linked:
            transport.close()
        for sock in self.sockets:
            sock.close()
        self.loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def refusal(server: Server, far: socket.socket, **client: object) -> int:
    """The code that a client is refused with."""
    with pytest.raises(LinkRefused) as caught:
        drive(server.loop, far, link_client(**client))  # type: ignore[arg-type]
    return caught.value.code


@pytest.mark.parametrize("piece", [1, 7, 65536])
def test_a_good_link_in_pieces_of_any_size(server: Server, piece: int) -> None:
    far = server.connect()
    client = link_client(b"secret", channel_type=ChannelType.DISPLAY, channel_id=3, connection_id=77)
    drive(server.loop, far, client, piece=piece)
    spin(server.loop, lambda: bool(server.linked))
    transport, info, rest = server.linked[0]
    assert rest == b""
    assert info == LinkInfo(
        connection_id=77,
        channel_type=ChannelType.DISPLAY,
        channel_id=3,
        common_caps=CLIENT_CAPS,
        channel_caps=CapSet(),
        secure=False,
        local=False,
        peer=transport.peer,
    )
    assert client.reply is not None
    assert client.reply.channel_caps == CapSet.of(ChannelType.DISPLAY)
    assert len(server.handshakes) == 0
    assert server.failed == []
    server.wait(60)
    assert transport.fileno() >= 0, "the deadline is no longer its"


def test_bytes_behind_the_ticket_are_left_for_the_channel(server: Server) -> None:
    far = server.connect()
    client = link_client(b"secret")
    far.send(client.data_to_send())
    client.receive(read_until(server.loop, far, FULL_REPLY))
    far.send(client.data_to_send() + b"hello channel")
    spin(server.loop, lambda: bool(server.linked))
    transport, _, rest = server.linked[0]
    assert rest + (transport.receive() or b"") == b"hello channel"


@pytest.mark.parametrize(("name", "data", "error"), LINK_VECTORS, ids=[vector[0] for vector in LINK_VECTORS])
def test_bad_links_get_their_answer(server: Server, name: str, data: bytes, error: LinkError | None) -> None:
    far = server.connect()
    far.send(data)
    answer = read_to_end(server.loop, far)
    if error is None:
        assert answer == b""
    else:
        assert len(answer) == FULL_REPLY
        assert struct.unpack_from("<I", answer, 16)[0] == error
    far.close()
    spin(server.loop, lambda: len(server.handshakes) == 0)
    assert len(server.failed) == 1
    assert (server.asked, server.linked) == ([], [])


def test_a_missing_magic_is_said_once(server: Server) -> None:
    far = server.connect()
    far.send(b"GET / HTTP/1.1\r\n")
    read_to_end(server.loop, far)
    far.close()
    spin(server.loop, lambda: bool(server.failed))
    assert server.failed == ["the link did not begin with the SPICE magic"]


def test_an_answer_survives_the_bytes_that_were_not_read(server: Server) -> None:
    far = server.connect()
    far.send(b"GET / HTTP/1.1\r\n" * 4000)
    assert len(read_until(server.loop, far, FULL_REPLY)) == FULL_REPLY
    far.close()
    spin(server.loop, lambda: len(server.handshakes) == 0)


# Tickets


def test_a_wrong_password(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    far = server.connect()
    with caplog.at_level(logging.INFO):
        drive_to_ticket(server, far, b"guess")
        assert read_some(far) is None, "the answer is held back"
        server.wait(0.25)
        answer = read_to_end(server.loop, far)
    assert answer == struct.pack("<I", LinkError.PERMISSION_DENIED), "a bare number, once accepted"
    far.close()
    spin(server.loop, lambda: bool(server.failed))
    assert server.failed == ["main channel 0: wrong password"]
    assert len([record for record in caplog.records if "wrong password" in record.message]) == 1
    assert server.asked == [], "who has no ticket is told nothing of channels"


def drive_to_ticket(server: Server, far: socket.socket, password: bytes, **client: object) -> None:
    """A client up to the ticket, without its answer."""
    link = link_client(password, **client)  # type: ignore[arg-type]
    far.send(link.data_to_send())
    link.receive(read_until(server.loop, far, FULL_REPLY))
    far.send(link.data_to_send())
    settle(server.loop)


def test_each_wrong_password_waits_longer_and_a_right_one_neither_waits_nor_helps(server: Server) -> None:
    for wait in (0.25, 0.5, 1.0):
        far = server.connect()
        drive_to_ticket(server, far, b"guess")
        server.wait(wait * 0.9)
        assert read_some(far) is None
        server.wait(wait * 0.2)
        assert read_until(server.loop, far, 4) == struct.pack("<I", LinkError.PERMISSION_DENIED)
        far.close()
    drive(server.loop, server.connect(), link_client(b"secret"))
    far = server.connect()
    drive_to_ticket(server, far, b"guess")
    server.wait(1.9)
    assert read_some(far) is None, "another at this address may be the one who guesses"
    server.wait(0.2)
    assert len(read_until(server.loop, far, 4)) == 4


def test_time_forgives_wrong_passwords(server: Server) -> None:
    for _ in range(2):
        far = server.connect()
        drive_to_ticket(server, far, b"guess")
        server.wait(61)
    far = server.connect()
    drive_to_ticket(server, far, b"guess")
    server.wait(0.25)
    assert len(read_until(server.loop, far, 4)) == 4


def test_a_replayed_ticket_is_refused(server: Server) -> None:
    seen: list[bytes] = []

    def record(key: bytes) -> bytes:
        seen.append(encrypt(b"secret")(key))
        return seen[0]

    drive(server.loop, server.connect(), link_client(ticket=record))
    far = server.connect()
    replay = link_client(ticket=lambda key: seen[0])
    far.send(replay.data_to_send())
    replay.receive(read_until(server.loop, far, FULL_REPLY))
    far.send(replay.data_to_send())
    server.wait(0.3)
    assert read_until(server.loop, far, 4) == struct.pack("<I", LinkError.PERMISSION_DENIED)
    spin(server.loop, lambda: len(server.linked) == 1)


@pytest.mark.parametrize("noauth", [True, False], ids=["noauth", "skip_auth"])
def test_without_authentication_any_password_but_no_garbage(server: Server, noauth: bool) -> None:
    if noauth:
        server.tickets.set_noauth()
    drive(server.loop, server.connect(skip_auth=not noauth), link_client(b"whatever"))
    far = server.connect(skip_auth=not noauth)
    garbage = link_client(ticket=lambda key: b"\x55" * 128)
    far.send(garbage.data_to_send())
    garbage.receive(read_until(server.loop, far, FULL_REPLY))
    far.send(garbage.data_to_send())
    server.wait(0.3)
    assert read_until(server.loop, far, 4) == struct.pack("<I", LinkError.PERMISSION_DENIED)


def test_an_expired_ticket(server: Server) -> None:
    server.tickets.set_ticket("secret", lifetime_s=5, now=server.clock.now)
    far = server.connect()
    server.wait(6)
    drive_to_ticket(server, far, b"secret")
    server.wait(0.3)
    assert read_until(server.loop, far, 4) == struct.pack("<I", LinkError.PERMISSION_DENIED)


# Policy


@pytest.mark.parametrize("error", [LinkError.BAD_CONNECTION_ID, LinkError.CHANNEL_NOT_AVAILABLE])
def test_the_owners_refusal_comes_after_the_ticket(server: Server, error: LinkError) -> None:
    server.verdict = error
    assert refusal(server, server.connect(), password=b"secret", connection_id=9, channel_type=3) == error
    assert server.asked[0].connection_id == 9


def test_an_unknown_channel_looks_like_any_other_before_the_ticket(server: Server) -> None:
    far = server.connect()
    drive_to_ticket(server, far, b"guess", channel_type=200)
    server.wait(0.3)
    assert read_until(server.loop, far, 4) == struct.pack("<I", LinkError.PERMISSION_DENIED)
    far = server.connect()
    code = refusal(server, far, password=b"secret", channel_type=200)
    assert code == LinkError.CHANNEL_NOT_AVAILABLE
    assert server.asked == []


def test_the_security_map_answers_in_the_link_reply(server: Server) -> None:
    server.security.set("main", 2)
    far = server.connect()
    far.send(link(mess()))
    answer = read_until(server.loop, far, FULL_REPLY)
    assert struct.unpack_from("<I", answer, 16)[0] == LinkError.NEED_SECURED


def test_an_owner_that_fails_to_authorize_costs_one_link(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    object.__setattr__(server.handshakes._policy, "authorize", lambda request: {}[request])
    far = server.connect()
    drive_to_ticket(server, far, b"secret")
    assert read_to_end(server.loop, far) == b""
    assert server.failed == ["internal error"]
    assert "KeyError" in caplog.text


def test_an_owner_that_fails_to_take_over_leaks_nothing(server: Server) -> None:
    taken: list[Transport] = []

    def take(transport: Transport, info: LinkInfo, rest: bytes) -> None:
        taken.append(transport)
        raise ValueError("no room")

    object.__setattr__(server.handshakes._policy, "on_linked", take)
    far = server.connect()
    drive_to_ticket(server, far, b"secret")
    read_to_end(server.loop, far)
    assert taken[0].fileno() == -1


# Keys


def test_a_link_waits_for_its_key_and_reads_nothing_meanwhile(server: Server) -> None:
    server.keys.held = []
    far = server.connect()
    far.send(link(mess()))
    spin(server.loop, lambda: bool(server.keys.held))
    settle(server.loop)
    assert read_some(far) is None
    server.keys.held[0](LinkKey())
    answer = read_until(server.loop, far, FULL_REPLY)
    assert struct.unpack_from("<I", answer, 16)[0] == LinkError.OK


def test_a_link_that_dies_gives_up_its_place_in_the_queue_for_keys(server: Server) -> None:
    server.keys.held = []
    far = server.connect()
    far.send(link(mess()))
    spin(server.loop, lambda: bool(server.keys.held))
    server.wait(11)
    assert server.keys.cancelled == 1
    server.keys.held[0](LinkKey())
    assert len(server.failed) == 1


def test_without_a_key_the_client_is_told(server: Server) -> None:
    server.keys.none_left = True
    assert refusal(server, server.connect()) == LinkError.ERROR


# Peers that stall, and how it ends


@pytest.mark.parametrize("sent", [b"", b"R", b"REDQ\2\0\0\0\2\0\0\0\x12\0\0\0"])
def test_a_peer_that_stalls_is_dropped(server: Server, sent: bytes) -> None:
    far = server.connect()
    far.send(sent)
    server.wait(9.9)
    assert server.failed == []
    server.wait(0.2)
    assert server.failed == ["not linked within 10 s"]
    assert read_some(far) == b""


def test_a_refused_peer_that_stays_is_dropped(server: Server) -> None:
    far = server.connect()
    far.send(b"nonsense")
    assert len(read_until(server.loop, far, FULL_REPLY)) == FULL_REPLY
    assert len(server.handshakes) == 1
    server.wait(1.1)
    assert len(server.handshakes) == 0
    assert len(server.failed) == 1


def test_a_peer_that_hangs_up(server: Server) -> None:
    server.connect().close()
    spin(server.loop, lambda: bool(server.failed))
    assert server.failed == ["the peer hung up"]


def test_replies_wait_for_a_full_socket(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    room = 0
    real = PlainTransport.send

    def send(self: PlainTransport, buffers: list[bytes]) -> int:
        nonlocal room
        taken = real(self, [buffers[0][:room]]) if buffers and room else 0
        room -= taken
        return taken

    monkeypatch.setattr(PlainTransport, "send", send)
    far = server.connect()
    far.send(link(mess()))
    settle(server.loop)
    assert read_some(far) is None
    room = 100
    assert len(read_until(server.loop, far, 100)) == 100
    room = 1000
    assert len(read_until(server.loop, far, FULL_REPLY - 100)) >= FULL_REPLY - 100


def test_a_link_that_waits_does_not_spin(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = 0
    real = Handshake._on_ready

    def on_ready(self: Handshake, events: WatchEvent) -> None:
        nonlocal woken
        woken += 1
        real(self, events)

    monkeypatch.setattr(Handshake, "_on_ready", on_ready)
    server.keys.held = []
    far = server.connect()
    far.send(link(mess()) + b"bytes that keep the socket readable")
    spin(server.loop, lambda: bool(server.keys.held))
    settle(server.loop)
    assert woken == 1, "while it waits for its key"
    server.keys.held[0](LinkKey())
    read_until(server.loop, far, FULL_REPLY)
    far.send(bytes(1000))
    settle(server.loop)
    woken = 0
    settle(server.loop)
    assert woken == 0, "while its refusal is held back"


def test_the_end_of_the_server_ends_links(server: Server) -> None:
    far = server.connect()
    server.handshakes.close()
    assert read_some(far) == b""
    assert server.failed == ["the server is closing"]


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    write_certificates(path)
    return path


def test_a_link_over_tls(server: Server, certificates: Path) -> None:
    server.security.set(None, 2)
    near, far = socket_pair()
    server.handshakes.begin(TlsTransport(near, directory(certificates).context()))
    secure = tls_connect(server.loop, far, certificates / "ca-cert.pem")
    server.sockets.append(secure)
    drive(server.loop, secure, link_client(b"secret"), piece=5)
    spin(server.loop, lambda: bool(server.linked))
    assert server.linked[0][1].secure


def test_a_tls_channel_that_must_be_plain(server: Server, certificates: Path) -> None:
    server.security.set("main", 1)
    near, far = socket_pair()
    server.handshakes.begin(TlsTransport(near, directory(certificates).context()))
    secure = tls_connect(server.loop, far, certificates / "ca-cert.pem")
    server.sockets.append(secure)
    assert refusal(server, secure) == LinkError.NEED_UNSECURED


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (
            b"REDQ\2\0\0\0\2\0\0\0\x12\0\0\0",
            "the peer does not speak TLS, and this is the TLS port",
        ),
        (b"\x16\x03\x01", "not linked within 10 s"),
    ],
)
def test_no_tls_where_tls_is_due(server: Server, certificates: Path, sent: bytes, reason: str) -> None:
    near, far = socket_pair()
    server.sockets.append(far)
    server.handshakes.begin(TlsTransport(near, directory(certificates).context()))
    far.send(sent)
    settle(server.loop)
    server.wait(10.1)
    assert server.failed == [reason]
    read_to_end(server.loop, far)
