"""The listener of metrics: one request, one answer, and bounds on all that strangers can do."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.server.loop import PollLoop
from gspice.server.metrics_address import MetricsAddress
from gspice.server.metrics_listener import MAX_CONNECTIONS, MAX_REQUEST, TIME_LIMIT_MS, MetricsListener
from tests.server.net import Clock, read_some, settle, spin

GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Rig:
    def __init__(self, address: MetricsAddress | None = None) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.page: bytes | Exception = b"a 1\n"
        self.listener = MetricsListener(self.loop, address or MetricsAddress(port=0), self._make, "text/x")
        self.sockets: list[socket.socket] = []

    def _make(self) -> bytes:
        if isinstance(self.page, Exception):
            raise self.page
        return self.page

    def connect(self) -> socket.socket:
        address = self.listener.address
        if address.unix_path is not None:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(address.unix_path)
        else:
            sock = socket.create_connection((address.host, address.port))
        sock.setblocking(False)
        self.sockets.append(sock)
        return sock

    def answer(self, sock: socket.socket) -> tuple[int, bytes]:
        """Status and body, once the server has said all."""
        data = bytearray()
        ended = False

        def over() -> bool:
            nonlocal ended
            while not ended and (piece := read_some(sock)) is not None:
                ended = not piece
                data.extend(piece)
            return ended

        spin(self.loop, over)
        head, _, body = bytes(data).partition(b"\r\n\r\n")
        assert b"Connection: close" in head
        return int(head.split()[1]), body

    def ask(self, request: bytes) -> tuple[int, bytes]:
        sock = self.connect()
        sock.sendall(request)
        return self.answer(sock)

    def closed(self, sock: socket.socket) -> bool:
        settle(self.loop)
        return read_some(sock) == b""

    def close(self) -> None:
        self.listener.close()
        for sock in self.sockets:
            sock.close()
        self.loop.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


def test_a_page_is_given_and_the_connection_ends(rig: Rig) -> None:
    assert rig.ask(GET) == (200, b"a 1\n")
    assert rig.ask(GET.replace(b"/metrics", b"/metrics?name[]=a")) == (200, b"a 1\n")
    assert rig.ask(GET.replace(b"HTTP/1.1", b"HTTP/1.0")) == (200, b"a 1\n")


def test_a_request_may_come_byte_by_byte(rig: Rig) -> None:
    sock = rig.connect()
    for at in range(len(GET)):
        sock.sendall(GET[at : at + 1])
        settle(rig.loop) if at % 10 == 0 else None
    assert rig.answer(sock)[0] == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET.replace(b"/metrics", b"/"), 404),
        (GET.replace(b"/metrics", b"/metrics/x"), 404),
        (GET.replace(b"GET", b"DELETE"), 405),
        (GET.replace(b"GET", b"HEAD"), 405),
        (GET.replace(b"GET /metrics", b"HEAD /"), 404),
        (b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc", 405),
        (GET.replace(b"Host: localhost\r\n", b""), 400),
        (b"REDQ\x02\0\0\0\x02\0\0\0\x16\0\0\0\r\n\r\n", 400),
        (b"GET /" + b"a" * (2 * MAX_REQUEST), 431),
    ],
)
def test_anything_else_is_an_error(rig: Rig, request_bytes: bytes, status: int) -> None:
    with contextlib.suppress(OSError):
        got, body = rig.ask(request_bytes)
        assert got == status and (body == b"") == request_bytes.startswith(b"HEAD")
    assert rig.ask(GET)[0] == 200, "the next one is served"


def test_numbers_that_cannot_be_gathered_are_an_error_of_ours(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.page = RuntimeError("no numbers today")
    assert rig.ask(GET)[0] == 500
    assert "no numbers today" in caplog.text


def test_a_long_page_goes_as_the_peer_takes_it(rig: Rig) -> None:
    rig.page = bytes(20 << 20)
    status, body = rig.ask(GET)
    assert status == 200 and body == rig.page


def test_who_says_nothing_or_reads_nothing_is_let_go(rig: Rig) -> None:
    silent, deaf = rig.connect(), rig.connect()
    rig.page = bytes(20 << 20)
    deaf.sendall(GET)
    settle(rig.loop)
    rig.clock.now += TIME_LIMIT_MS / 1000 - 0.1
    assert not rig.closed(silent)
    rig.clock.now += 0.2
    assert rig.closed(silent)
    total = 0
    with contextlib.suppress(OSError):
        deaf.setblocking(True)
        while piece := deaf.recv(1 << 20):
            total += len(piece)
    assert total < len(rig.page)


def test_only_so_many_are_there_at_a_time(rig: Rig) -> None:
    first = [rig.connect() for _ in range(MAX_CONNECTIONS)]
    settle(rig.loop)
    assert rig.closed(rig.connect())
    first[0].close()
    settle(rig.loop)
    assert rig.ask(GET)[0] == 200
    assert not rig.closed(first[1])


def test_who_hangs_up_is_forgotten(rig: Rig) -> None:
    for request in (b"", b"GET /met", GET):
        sock = rig.connect()
        sock.sendall(request)
        sock.close()
    settle(rig.loop)
    assert not rig.listener._open


def test_a_unix_socket_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "metrics"
    rig = Rig(MetricsAddress(unix_path=str(path)))
    assert rig.ask(GET) == (200, b"a 1\n")
    waiting = rig.connect()
    settle(rig.loop)
    rig.close()
    assert not path.exists() and not rig.listener._open and waiting.fileno() < 0


def test_an_address_that_is_taken_is_said_with_the_way_out(rig: Rig) -> None:
    taken = rig.listener.address
    with pytest.raises(ConfigError, match=rf"metrics .* {taken}: .*in use.*; choose another address"):
        MetricsListener(rig.loop, taken, bytes)
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1 is not one of this machine's; choose"):
        MetricsListener(rig.loop, MetricsAddress("192.0.2.1", 0), bytes)
    with pytest.raises(ConfigError, match=r"unix:/no/such/place: .*; choose"):
        MetricsListener(rig.loop, MetricsAddress(unix_path="/no/such/place"), bytes)


@pytest.mark.parametrize(
    ("host", "warned"), [("127.0.0.1", False), ("127.0.0.2", False), ("localhost", False), ("0.0.0.0", True)]
)
def test_who_lets_others_in_is_told(host: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    Rig(MetricsAddress(host, 0)).close()
    assert ("anybody who reaches" in caplog.text) == warned
