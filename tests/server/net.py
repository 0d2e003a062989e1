"""What the tests of the network edge share: a clock to turn by hand, certificates, and clients on sockets."""

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from gspice.server.loop import PollLoop
from gspice.server.transport import Transport
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.link_client import LinkClient

CLIENT_CAPS = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
PATIENCE_S = 20.0
"""Real seconds that a test waits for what must happen: only a failing one does."""


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def spin(loop: PollLoop, until: Callable[[], bool]) -> None:
    """Run the loop until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, "it did not happen"
        loop.run_once(0.005)


def settle(loop: PollLoop) -> None:
    """Run what is due and ready, over loopback too, without moving the clock."""
    for _ in range(20):
        loop.run_once(0.001)


def socket_pair(*, small: bool = False) -> tuple[socket.socket, socket.socket]:
    """A pair of connected TCP sockets over loopback, the second one non-blocking."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if small:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        far = socket.socket()
        if small:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        far.connect(server.getsockname())
        near, _ = server.accept()
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    far.setblocking(False)
    return near, far


def read_some(sock: socket.socket, size: int = 65536) -> bytes | None:
    """What has come; None: nothing yet, b"": the other end hung up (or reset)."""
    try:
        return sock.recv(size)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
    except OSError:
        return b""


def read_until(loop: PollLoop, sock: socket.socket, size: int) -> bytes:
    """At least ``size`` bytes, or what came before the end."""
    data = bytearray()
    ended = False

    def enough() -> bool:
        nonlocal ended
        while len(data) < size and (piece := read_some(sock)) is not None:
            if not piece:
                ended = True
                break
            data.extend(piece)
        return ended or len(data) >= size

    spin(loop, enough)
    return bytes(data)


def read_to_end(loop: PollLoop, sock: socket.socket) -> bytes:
    """All bytes until the other end hangs up."""
    return read_until(loop, sock, 1 << 62)


def encrypt(password: bytes) -> Callable[[bytes], bytes]:
    """How a client makes its ticket."""

    def ticket(public_key_der: bytes) -> bytes:
        key = serialization.load_der_public_key(public_key_der)
        assert isinstance(key, rsa.RSAPublicKey)
        oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
        return key.encrypt(password + b"\0", oaep)

    return ticket


def link_client(
    password: bytes = b"",
    *,
    channel_type: int = 1,
    channel_id: int = 0,
    connection_id: int = 0,
    ticket: Callable[[bytes], bytes] | None = None,
) -> LinkClient:
    """A client's end of the link stage."""
    return LinkClient(
        connection_id, channel_type, channel_id, CLIENT_CAPS, CapSet(), ticket or encrypt(password)
    )


def drive(loop: PollLoop, sock: socket.socket, client: LinkClient, *, piece: int = 1 << 16) -> None:
    """Do the client's part until it is in; raises what LinkClient raises. ``piece``: bytes per send."""

    def step() -> bool:
        data = client.data_to_send()
        for start in range(0, len(data), piece):
            sock.send(data[start : start + piece])
            if piece < len(data):
                loop.run_once(0)
        received = read_some(sock, piece)
        if received is not None:
            assert received, "the server hung up"
            client.receive(received)
        return client.done

    spin(loop, step)


def tls_connect(loop: PollLoop, sock: socket.socket, ca: Path) -> ssl.SSLSocket:
    """Do a client's TLS handshake over a connected socket."""
    context = ssl.create_default_context(cafile=str(ca))
    secure = context.wrap_socket(sock, server_hostname="127.0.0.1", do_handshake_on_connect=False)
    secure.setblocking(False)

    def step() -> bool:
        try:
            secure.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        return True

    spin(loop, step)
    return secure


def receive_all(transport: Transport) -> bytes:
    """What a transport gives until there is nothing more."""
    data = bytearray()
    while piece := transport.receive():
        data += piece
    return bytes(data)


def write_certificates(directory: Path, *, key_password: bytes | None = None) -> None:
    """ca-cert.pem, server-cert.pem and server-key.pem, for 127.0.0.1."""
    directory.mkdir(parents=True, exist_ok=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    now = datetime.datetime.now(datetime.UTC)

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    ca = (
        builder(ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    server = (
        builder(server_name, server_key)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    protection: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(key_password) if key_password else serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    (directory / "ca-cert.pem").write_bytes(ca.public_bytes(pem))
    (directory / "server-cert.pem").write_bytes(server.public_bytes(pem))
    (directory / "server-key.pem").write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, protection)
    )
