"""Listeners: all kinds of addresses, what stands in the way of them, and bad moments to accept."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.server.listener import PAUSE_MS, AddrFlags, Listener, adopt, listen_tcp, listen_unix
from gspice.server.loop import PollLoop
from gspice.server.tls import directory
from gspice.server.transport import TlsTransport, Transport
from tests.server.net import Clock, settle, spin, tls_connect, write_certificates


class Door:
    """Collects what is accepted, and closes it at the end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.accepted: list[Transport] = []
        self.listeners: list[Listener] = []

    def tcp(self, host: str = "127.0.0.1", port: int = 0, **options: object) -> Listener:
        self.listeners.append(listen_tcp(self.loop, host, port, self.accepted.append, **options))  # type: ignore[arg-type]
        return self.listeners[-1]

    def unix(self, path: str) -> Listener:
        self.listeners.append(listen_unix(self.loop, path, self.accepted.append))
        return self.listeners[-1]

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        for transport in self.accepted:
            transport.close()
        self.loop.close()


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def test_port_0_becomes_a_real_port_and_connections_are_handed_on(door: Door) -> None:
    listener = door.tcp()
    assert listener.port
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        spin(door.loop, lambda: bool(door.accepted))
        assert door.accepted[0].peer_address == client.getsockname()
        assert not door.accepted[0].secure
        client.send(b"hi")
        spin(door.loop, lambda: door.accepted[0].receive() == b"hi")


def test_no_address_is_every_address(door: Door) -> None:
    port = door.tcp("").port
    addresses = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
    for address in addresses:
        socket.create_connection((address, port or 0)).close()
    spin(door.loop, lambda: len(door.accepted) == len(addresses))
    assert {transport.peer_group for transport in door.accepted} <= {"127.0.0.1", "::/64"}


@pytest.mark.parametrize(
    ("flags", "open_to", "closed_to"),
    [(AddrFlags.IPV4_ONLY, "127.0.0.1", "::1"), (AddrFlags.IPV6_ONLY, "::1", "127.0.0.1")],
)
@needs_ipv6
def test_one_family_only(door: Door, flags: AddrFlags, open_to: str, closed_to: str) -> None:
    port = door.tcp("", flags=flags).port or 0
    socket.create_connection((open_to, port)).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((closed_to, port))


def test_an_address_in_use_says_what_to_do(door: Door) -> None:
    port = door.tcp().port
    with pytest.raises(ConfigError, match=f"address already in use: port {port}; choose another with --port"):
        door.tcp(port=port or 0)


def test_a_port_is_free_again_after_close(door: Door) -> None:
    listener = door.tcp()
    port = listener.port or 0
    with socket.create_connection(("127.0.0.1", port)):
        spin(door.loop, lambda: bool(door.accepted))
        door.accepted[0].close()
        listener.close()
        listener.close()
    assert door.tcp(port=port).port == port


@pytest.mark.parametrize(
    ("host", "port", "complaint"),
    [
        ("127.0.0.1", 65536, "not between 0 and 65535"),
        ("127.0.0.1", -1, "not between 0 and 65535"),
        ("192.0.2.77", 0, "not one of this machine's"),
        ("no such host.", 0, "cannot be listened on"),
        ("a" * 300, 0, "cannot be listened on"),
    ],
)
def test_addresses_that_are_none(door: Door, host: str, port: int, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        door.tcp(host, port)


def test_tls(door: Door, tmp_path: Path) -> None:
    write_certificates(tmp_path)
    listener = door.tcp(tls=directory(tmp_path).context())
    assert listener.secure
    client = socket.create_connection(("127.0.0.1", listener.port or 0))
    spin(door.loop, lambda: bool(door.accepted))
    transport = door.accepted[0]
    assert isinstance(transport, TlsTransport)
    watch = door.loop.watch_add(transport.fileno(), transport.wants(), lambda events: shake())

    def shake() -> None:
        transport.handshake()

    secure = tls_connect(door.loop, client, tmp_path / "ca-cert.pem")
    spin(door.loop, transport.handshake)
    door.loop.watch_remove(watch)
    secure.close()


# UNIX


def test_a_unix_socket_comes_and_goes(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "spice.sock"
    listener = door.unix(str(path))
    assert path.is_socket()
    assert listener.port is None
    assert listener.address == str(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        spin(door.loop, lambda: bool(door.accepted))
        assert door.accepted[0].local
    listener.close()
    assert not path.exists()


def test_an_abstract_unix_socket(door: Door) -> None:
    name = f"gspice-test-{os.getpid()}"
    door.unix(f"@{name}")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{name}")
        spin(door.loop, lambda: bool(door.accepted))
    assert not Path(f"@{name}").exists()


def test_a_dead_socket_is_replaced(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "stale")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(path)
    door.unix(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_a_living_socket_is_not_stolen(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "live")
    door.unix(path)
    with pytest.raises(ConfigError, match="already in use"):
        door.unix(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_a_file_is_not_deleted(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("diary")
    with pytest.raises(ConfigError, match="no socket"):
        door.unix(str(path))
    assert path.read_text() == "diary"


def test_a_link_to_a_socket_is_no_socket(door: Door, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="no socket"):
        door.unix(str(tmp_path / "link"))


def test_close_leaves_another_servers_socket(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "shared"
    listener = door.unix(str(path))
    path.unlink()
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(str(path))
        listener.close()
        assert path.is_socket()


@pytest.mark.parametrize("path", ["", "/nowhere/at/all/s", "/tmp/" + "x" * 110])
def test_paths_that_do_not_work(door: Door, path: str) -> None:
    with pytest.raises(ConfigError, match="UNIX socket"):
        door.unix(path)


# Descriptors of the host's


def test_a_bound_socket_is_adopted(door: Door) -> None:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    address = bound.getsockname()
    fd = bound.detach()
    listener = adopt(door.loop, fd, door.accepted.append)
    door.listeners.append(listener)
    assert listener.address == address
    socket.create_connection(address).close()
    spin(door.loop, lambda: bool(door.accepted))


def test_what_cannot_listen_is_not_adopted_and_not_closed(door: Door, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        before = set(os.listdir("/proc/self/fd"))
        with pytest.raises(ConfigError, match="no socket that can listen"):
            adopt(door.loop, file.fileno(), door.accepted.append)
        assert set(os.listdir("/proc/self/fd")) == before
        os.fstat(file.fileno())
    with pytest.raises(ConfigError):
        adopt(door.loop, 987654, door.accepted.append)


# Bad moments


class FailingSocket:
    """A listening socket whose accept fails as told."""

    def __init__(self, real: socket.socket, error: int) -> None:
        self._real = real
        self.error: int | None = error
        self.tries = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.tries += 1
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return self._real.accept()

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EINVAL])
def test_without_descriptors_accepting_rests(
    door: Door, error: int, caplog: pytest.LogCaptureFixture
) -> None:
    listener = door.tcp()
    failing = FailingSocket(listener._socket, error)
    listener._socket = failing  # type: ignore[assignment]
    with socket.create_connection(("127.0.0.1", listener.port or 0)), caplog.at_level(logging.ERROR):
        spin(door.loop, lambda: failing.tries == 1)
        settle(door.loop)
        assert failing.tries == 1, "it rests, though the socket stays readable"
        for _ in range(5):
            door.clock.now += PAUSE_MS / 1000
            settle(door.loop)
        assert failing.tries == 6
        assert len(caplog.records) == 1, "said once"
        failing.error = None
        door.clock.now += PAUSE_MS / 1000
        spin(door.loop, lambda: bool(door.accepted))


def test_a_client_that_gave_up_is_passed_over(door: Door) -> None:
    listener = door.tcp()
    failing = FailingSocket(listener._socket, errno.ECONNABORTED)
    listener._socket = failing  # type: ignore[assignment]
    with socket.create_connection(("127.0.0.1", listener.port or 0)):
        spin(door.loop, lambda: failing.tries > 1)
        failing.error = None
        spin(door.loop, lambda: bool(door.accepted))


def test_an_owner_that_fails_costs_one_connection(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    taken: list[Transport] = []

    def take(transport: Transport) -> None:
        taken.append(transport)
        raise KeyError("oops")

    listener = listen_tcp(door.loop, "127.0.0.1", 0, take)
    door.listeners.append(listener)
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", listener.port or 0)) as client:
            count = len(taken)
            spin(door.loop, lambda count=count: len(taken) > count)  # type: ignore[misc]
            assert client.recv(1) == b""
    assert [transport.fileno() for transport in taken] == [-1, -1]
    assert "could not be taken" in caplog.text
