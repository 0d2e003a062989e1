"""Transports over real sockets: bytes, backpressure, TLS and its awkward moments."""

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.server import transport as module
from gspice.server.loop import PollLoop
from gspice.server.tls import directory
from gspice.server.transport import IOV_MAX, PlainTransport, TlsTransport, Transport, _chunks, discard
from gspice.vdi.core import WatchEvent
from tests.server.net import read_some, receive_all, socket_pair, tls_connect, write_certificates

READ, WRITE, NOTHING = WatchEvent.READ, WatchEvent.WRITE, WatchEvent(0)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    write_certificates(path)
    return path


@pytest.fixture
def loop() -> Iterator[PollLoop]:
    loop = PollLoop()
    yield loop
    loop.close()


@pytest.fixture(params=["plain", "tls"])
def ends(
    request: pytest.FixtureRequest, loop: PollLoop, certificates: Path
) -> Iterator[tuple[Transport, socket.socket]]:
    """A transport that is ready, and the client's socket."""
    near, far = socket_pair(small=True)
    transport: Transport
    if request.param == "plain":
        transport = PlainTransport(near)
    else:
        transport, far = tls_ends(loop, near, far, certificates)
    yield transport, far
    transport.close()
    far.close()


def tls_ends(
    loop: PollLoop, near: socket.socket, far: socket.socket, certificates: Path
) -> tuple[TlsTransport, ssl.SSLSocket]:
    transport = TlsTransport(near, directory(certificates).context())
    watch = loop.watch_add(near.fileno(), READ, lambda events: shake())

    def shake() -> None:
        transport.handshake()

    secure = tls_connect(loop, far, certificates / "ca-cert.pem")
    while not transport.handshake():
        loop.run_once(0.01)
    loop.watch_remove(watch)
    assert transport.wants() == NOTHING
    return transport, secure


def wait_for(ready: Callable[[], bytes | None]) -> bytes:
    """Poll a reader until it has something; loopback needs a moment."""
    for _ in range(100000):
        data = ready()
        if data is not None:
            return data
    raise AssertionError("nothing came")


def test_bytes_pass_both_ways(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    assert transport.receive() is None, "nothing yet"
    far.send(b"hello")
    assert wait_for(transport.receive) == b"hello"
    assert transport.send([b"wel", memoryview(b"co"), bytearray(b"me")]) == 7
    received = b""
    while len(received) < 7:
        received += wait_for(lambda: read_some(far))
    assert received == b"welcome"


def test_receive_gives_no_more_than_asked_for(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    far.send(b"abcdef")
    assert wait_for(lambda: transport.receive(4)) == b"abcd"
    assert wait_for(lambda: transport.receive(4)) == b"ef"
    assert transport.receive(4) is None


def test_pending_tells_of_bytes_that_no_readiness_announces(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    far.send(b"abcdef")
    assert wait_for(lambda: transport.receive(4)) == b"abcd"
    assert transport.pending == transport.secure, "TLS has the rest in its own memory"
    assert wait_for(transport.receive) == b"ef"
    assert not transport.pending


def test_the_end_of_the_stream_is_empty_bytes(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    far.send(b"last")
    if isinstance(far, ssl.SSLSocket):
        with contextlib.suppress(ssl.SSLWantReadError):
            far.unwrap()  # the closing alert goes out; its answer is not waited for
    far.shutdown(socket.SHUT_WR)
    assert wait_for(transport.receive) == b"last"
    assert wait_for(transport.receive) == b""
    assert transport.receive() == b"", "and stays so"


def test_a_slow_reader_gets_every_byte_in_order(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    payload = bytes(range(251)) * 8000  # 2 MB, far more than the socket holds
    # Pieces of all sizes, one far above a TLS record.
    buffers: list[memoryview] = []
    position = 0
    for size in [1, 3, 1000, 70000, 5, 300000, 16384, 65536, 65537, 12] * 4:
        buffers.append(memoryview(payload)[position : position + size])
        position += size
    buffers.append(memoryview(payload)[position:])
    received = bytearray()
    full = 0
    while len(received) < len(payload):
        taken = transport.send(buffers)
        full += not taken
        while taken:
            if taken >= len(buffers[0]):
                taken -= len(buffers.pop(0))
            else:
                buffers[0] = buffers[0][taken:]
                taken = 0
        received += read_some(far, 5000) or b""
    assert bytes(received) == payload
    assert full, "the socket was never full: the test shows nothing"


def test_a_full_socket_takes_nothing_and_memory_stays_bounded(ends: tuple[Transport, socket.socket]) -> None:
    transport, _ = ends
    block = [bytes(1 << 20)]
    total = 0
    while taken := transport.send(block):
        total += taken
    assert total < 8 << 20
    assert transport.send(block) == 0
    assert transport.wants() == (WRITE if transport.secure else NOTHING)


def test_more_buffers_than_the_kernel_takes(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    buffers = [b"x"] * (IOV_MAX + 100)
    taken = transport.send(buffers)
    assert 0 < taken <= IOV_MAX
    data = b""
    while len(data) < taken:
        data += wait_for(lambda: read_some(far))
        assert transport.send([]) == 0
    assert data == b"x" * taken


def test_shutdown_says_goodbye_and_still_reads(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    far.send(b"late")
    transport.shutdown()
    assert wait_for(lambda: read_some(far)) == b""
    assert not discard(transport) or transport.secure
    far.close()
    assert wait_for(lambda: b"ended" if discard(transport) else None)


def test_discard_is_bounded(ends: tuple[Transport, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    transport, _ = ends
    reads = 0

    def flood(size: int = 0) -> bytes:
        nonlocal reads
        reads += 1
        return b"x"

    monkeypatch.setattr(transport, "receive", flood)
    assert not discard(transport)
    assert reads == module.DISCARD_READS


def test_close_twice(ends: tuple[Transport, socket.socket]) -> None:
    transport, _ = ends
    transport.close()
    transport.close()
    assert transport.fileno() == -1


def test_a_reset_is_an_os_error_without_a_signal(ends: tuple[Transport, socket.socket]) -> None:
    transport, far = ends
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()
    with pytest.raises(OSError, match=r"(reset|[Bb]roken)"):
        for _ in range(100):
            transport.send([bytes(100000)])


def test_socket_options_of_tcp() -> None:
    near, far = socket_pair()
    transport = PlainTransport(near)
    assert not near.getblocking()
    assert near.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert near.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert near.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 600
    host, port = far.getsockname()
    assert transport.peer == f"{host}:{port}"
    assert transport.peer_address == (host, port)
    assert transport.peer_group == "127.0.0.1"
    assert not transport.local
    assert not transport.secure
    transport.close()
    far.close()


def test_a_unix_socket_is_local() -> None:
    near, far = socket.socketpair()
    transport = PlainTransport(near)
    assert transport.local
    assert transport.peer == "unix"
    assert transport.peer_group == f"unix user {os.getuid()}", "users are told apart"
    transport.close()
    far.close()


def test_a_peer_that_has_reset_is_known_from_accept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        far = socket.create_connection(server.getsockname())
        address = far.getsockname()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        far.close()
        near, accepted_from = server.accept()
    with pytest.raises(OSError, match="not connected"):
        near.getpeername()
    transport = PlainTransport(near, accepted_from=accepted_from)
    assert transport.peer_address == address
    assert transport.peer_group == "127.0.0.1"
    transport.close()


@pytest.mark.parametrize(
    ("address", "text", "group"),
    [
        (("192.0.2.1", 5), "192.0.2.1:5", "192.0.2.1"),
        (("::ffff:192.0.2.1", 5, 0, 0), "192.0.2.1:5", "192.0.2.1"),
        (("2001:db8::1", 5, 0, 0), "[2001:db8::1]:5", "2001:db8::/64"),
        (("fe80::1%eth0", 5, 0, 2), "[fe80::1%eth0]:5", "fe80::/64"),
        ((3, 1024), "3:1024", "3"),
        ("", "unix", "unix"),
    ],
)
def test_how_peers_are_named(address: object, text: str, group: str) -> None:
    normal = module._address(address)
    assert module._text(normal) == text
    assert module._group(normal) == group


# TLS


def test_a_tls_handshake_byte_by_byte(certificates: Path) -> None:
    near, far = socket_pair()
    transport = TlsTransport(near, directory(certificates).context())
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(certificates / "ca-cert.pem"))
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    done = False
    assert not transport.handshake()
    assert transport.wants() == READ
    for _ in range(1000):
        try:
            client.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            pass
        for byte in outgoing.read():
            far.send(bytes([byte]))
            transport.handshake()
        incoming.write(read_some(far) or b"")
        if done and transport.handshake():
            break
    assert done
    assert transport.version.startswith("TLSv1.3 ")
    transport.close()
    far.close()


def test_a_handshake_waits_for_a_client_that_does_not_read(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = socket_pair()
    transport = TlsTransport(near, directory(certificates).context())
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(certificates / "ca-cert.pem"))
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    far.send(outgoing.read())
    real_send = module._send
    monkeypatch.setattr(module, "_send", lambda sock, buffers: 0)  # the socket is full
    for _ in range(100000):
        assert not transport.handshake()
        if transport.wants() == READ | WRITE:
            break
    assert transport.wants() == READ | WRITE
    assert read_some(far) is None
    monkeypatch.setattr(module, "_send", real_send)
    assert not transport.handshake()
    assert transport.wants() == READ, "all of its flight is out, and the client's is awaited"
    incoming.write(wait_for(lambda: read_some(far)))
    client.do_handshake()
    far.send(outgoing.read())
    assert wait_for(lambda: b"ready" if transport.handshake() else None)
    transport.close()
    far.close()


NO_TLS = "^the peer does not speak TLS, and this is the TLS port$"
HANDSHAKE_RECORD = b"\x16\x03\x01"


@pytest.mark.parametrize(
    ("garbage", "text"),
    [
        (b"REDQ\2\0\0\0\2\0\0\0\x12\0\0\0", NO_TLS),
        (b"GET / HTTP/1.1\r\n\r\n", NO_TLS),
        (b"\0" * 20, NO_TLS),
        (HANDSHAKE_RECORD + b"\xff\xff" * 20, r"^TLS handshake failed: [a-z0-9 ]+$"),
        (HANDSHAKE_RECORD + b"\0\x04\x77\0\0\0", r"^TLS handshake failed: [a-z0-9 ]+$"),
    ],
)
def test_what_is_no_tls_is_an_os_error(certificates: Path, garbage: bytes, text: str) -> None:
    near, far = socket_pair()
    transport = TlsTransport(near, directory(certificates).context())
    far.send(garbage)
    with pytest.raises(OSError, match=text):
        for _ in range(100000):
            transport.handshake()
    transport.close()
    far.close()


@pytest.mark.parametrize("sent", [b"", HANDSHAKE_RECORD])
def test_hanging_up_within_the_handshake_is_an_os_error(certificates: Path, sent: bytes) -> None:
    near, far = socket_pair()
    transport = TlsTransport(near, directory(certificates).context())
    far.send(sent)
    far.close()
    with pytest.raises(OSError, match="the peer hung up within the TLS handshake"):
        for _ in range(100000):
            transport.handshake()
    transport.close()


def test_what_breaks_tls_later_is_an_os_error(loop: PollLoop, certificates: Path) -> None:
    near, far = socket_pair()
    transport, secure = tls_ends(loop, near, far, certificates)
    with socket.socket(fileno=os.dup(secure.fileno())) as beneath:
        beneath.send(b"\x17\x03\x03\0\x20" + bytes(32))
    with pytest.raises(OSError, match=r"^TLS broke: [a-z0-9 ]+$"):
        for _ in range(100000):
            transport.receive()
    transport.close()
    secure.close()


def test_tls_1_2_links_without_renegotiation_and_compression(loop: PollLoop, certificates: Path) -> None:
    near, far = socket_pair()
    context = directory(certificates).context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    transport = TlsTransport(near, context)
    near_watch = loop.watch_add(near.fileno(), READ, lambda events: shake())

    def shake() -> None:
        transport.handshake()

    secure = tls_connect(loop, far, certificates / "ca-cert.pem")
    assert secure.version() == "TLSv1.2"
    assert secure.compression() is None
    loop.watch_remove(near_watch)
    secure.send(b"fine")
    assert wait_for(transport.receive) == b"fine"
    transport.close()
    secure.close()


def test_many_tls_records_at_once_are_all_given(loop: PollLoop, certificates: Path) -> None:
    near, far = socket_pair()
    transport, secure = tls_ends(loop, near, far, certificates)
    for number in range(100):
        secure.send(bytes([number]))
    data = b""
    while len(data) < 100:
        data += receive_all(transport)
    assert data == bytes(range(100))
    transport.close()
    secure.close()


def test_no_tls_record_holds_parts_of_two_buffers() -> None:
    buffers: list[bytes | memoryview] = [b"a" * 10, memoryview(b"b" * 25), b"", b"c"]
    assert [bytes(piece) for piece in _chunks(buffers, 10)] == [
        b"a" * 10,
        b"b" * 10,
        b"b" * 10,
        b"b" * 5,
        b"c",
    ]
