"""The edge to the network: every way in, what hosts are told of it, and nothing left open where one fails."""

import gc
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.client.ticket import ticket_for
from gspice.errors import ConfigError, LinkRefused
from gspice.server.loop import PollLoop
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.server.spice_server import SpiceServer
from gspice.server.tls import TlsConfig, directory
from gspice.vdi.core import ChannelEvent, ChannelEventInfo
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError
from gspice.wire.link_client import LinkClient
from gspice.wire.messages.main import MainInit
from tests.peers.raw_link import COMMON, RawChannel
from tests.server.net import write_certificates
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import LinkedPeer, open_descriptors

CONNECTED, INITIALIZED, DISCONNECTED = ChannelEvent


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> TlsConfig:
    path = tmp_path_factory.mktemp("tls")
    write_certificates(path)
    return directory(path)


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


def link_over(
    sock: socket.socket, kind: ChannelType = ChannelType.MAIN, *, connection_id: int = 0, password: str = ""
) -> LinkedPeer:
    """A client's link stage over a connected socket."""
    sock.settimeout(10)
    link = LinkClient(connection_id, kind, 0, COMMON, CapSet(), ticket_for(password))
    while not link.done:
        if data := link.data_to_send():
            sock.sendall(data)
        elif data := sock.recv(4096):
            link.receive(data)
        else:
            raise ConnectionError("closed in the link stage")
    peer = LinkedPeer(sock, kind)
    peer._reader.feed(link.leftover())
    return peer


def unix_socket(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect("\0" + path[1:] if path.startswith("@") else path)
    return sock


def over_tls(sock: socket.socket, certificates: TlsConfig) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(certificates.ca))
    sock.settimeout(10)
    return context.wrap_socket(sock, server_hostname="127.0.0.1")


def enters(sock: socket.socket, **how: str) -> bool:
    """Whether a client gets in."""
    try:
        with sock:
            return isinstance(link_over(sock, **how).receive_type(MainInit), MainInit)  # type: ignore[arg-type]
    except (LinkRefused, ConnectionError):
        return False


# Ways in


def test_tcp_on_a_port_of_the_systems_choice(rig: ServerRig) -> None:
    assert rig.server.port and rig.server.tls_port is None
    assert enters(socket.create_connection(("127.0.0.1", rig.server.port)))


@pytest.mark.parametrize("abstract", [False, True])
def test_a_unix_socket_alone(tmp_path: Path, abstract: bool) -> None:
    path = f"@gspice-{tmp_path}" if abstract else str(tmp_path / "spice")
    with server_rig(ServerOptions(unix_path=path)) as rig:
        assert rig.server.port is None
        assert enters(unix_socket(path))
        assert rig.loop.events[0][1].peer_address == ""
    assert abstract or not Path(path).exists(), "its file goes with it"


def test_a_socket_that_the_host_has_bound() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    with server_rig(ServerOptions(listen_fd=listening.detach())):
        assert enters(socket.create_connection(address))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_tls(certificates: TlsConfig) -> None:
    options = ServerOptions(host="127.0.0.1", port=0, tls_port=0, tls=certificates)
    options.security.set("main", ChannelSecurity.SSL)
    with server_rig(options) as rig:
        assert rig.server.tls_port not in (None, rig.server.port)
        assert enters(
            over_tls(socket.create_connection(("127.0.0.1", rig.server.tls_port or 0)), certificates)
        )
        assert [info.tls for event, info in rig.loop.events if event == INITIALIZED] == [True]
        with pytest.raises(LinkRefused) as caught:
            rig.link(ChannelType.MAIN)
        assert caught.value.code == LinkError.NEED_SECURED


def test_no_listener_at_all_and_clients_that_the_host_brings() -> None:
    with server_rig(ServerOptions()) as rig:
        assert rig.server.port is rig.server.tls_port is None
        near, far = socket.socketpair()
        rig.do(lambda: rig.server.add_client(near))
        assert enters(far)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("skip_auth", [False, True])
def test_the_host_may_let_its_own_client_in_without_the_password(
    certificates: TlsConfig, secure: bool, skip_auth: bool
) -> None:
    options = ServerOptions(tls=certificates)
    with server_rig(options, password="s3cret") as rig:

        def attempt(password: str) -> bool:
            near, far = socket.socketpair()
            add = rig.server.add_ssl_client if secure else rig.server.add_client
            rig.do(lambda: add(near, skip_auth))
            return enters(over_tls(far, certificates) if secure else far, password=password)

        assert attempt("s3cret")
        assert attempt("wrong") is skip_auth


def test_a_tls_client_needs_certificates_and_stays_the_hosts(rig: ServerRig) -> None:
    near, far = socket.socketpair()
    with pytest.raises(ConfigError, match="certificates"):
        rig.do(lambda: rig.server.add_ssl_client(near))
    near.sendall(b"still here")
    assert far.recv(20) == b"still here"
    assert rig.loop.events == []
    near.close()
    far.close()


# What the host is told


def test_a_channels_life_is_told_with_one_object(rig: ServerRig) -> None:
    peer, connection_id = rig.main()
    own = peer.socket.getsockname()
    peer.close()
    rig.until(lambda: len(rig.loop.events) == 3)
    assert [event for event, _ in rig.loop.events] == [CONNECTED, INITIALIZED, DISCONNECTED]
    info = rig.loop.events[0][1]
    assert all(told is info for _, told in rig.loop.events)
    assert info == ChannelEventInfo(
        local_address=("127.0.0.1", rig.server.port),
        peer_address=own,
        tls=False,
        connection_id=connection_id,
        channel_type=ChannelType.MAIN,
        channel_id=0,
    )


def test_what_is_known_at_each_event() -> None:
    """Nothing but addresses when it comes, all when it is let in: hosts read it then."""
    seen: list[tuple[object, ...]] = []

    def note(event: ChannelEvent, info: ChannelEventInfo) -> None:
        seen.append((event, info.connection_id, info.channel_type, info.channel_id))

    with server_rig() as rig:
        rig.loop.channel_event = note  # type: ignore[method-assign]
        rig.add_qxl(6)
        _, connection_id = rig.main()
        for kind in (ChannelType.INPUTS, ChannelType.DISPLAY, ChannelType.CURSOR):
            rig.link(kind, connection_id, channel_id=0 if kind == ChannelType.INPUTS else 6)
        rig.until(lambda: len(seen) == 8)
        assert seen == [
            (CONNECTED, 0, 0, 0),
            (INITIALIZED, connection_id, ChannelType.MAIN, 0),
            (CONNECTED, 0, 0, 0),
            (INITIALIZED, connection_id, ChannelType.INPUTS, 0),
            (CONNECTED, 0, 0, 0),
            (INITIALIZED, connection_id, ChannelType.DISPLAY, 6),
            (CONNECTED, 0, 0, 0),
            (INITIALIZED, connection_id, ChannelType.CURSOR, 6),
        ]
        rig.do(rig.server.close)
        assert [event for event, *_ in seen[8:]] == [DISCONNECTED] * 4, "also those of a server that closes"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"REDQ\x02\0\0\0"])
def test_who_is_never_let_in_comes_and_goes(rig: ServerRig, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", rig.server.port or 0)) as sock:
        sock.sendall(sent)
    rig.until(lambda: len(rig.loop.events) == 2)
    (first, info), (second, same) = rig.loop.events
    assert (first, second) == (CONNECTED, DISCONNECTED) and info is same
    assert (info.connection_id, info.channel_type) == (0, 0)


def test_a_wrong_password_is_never_initialized() -> None:
    with server_rig(password="right") as rig:
        with pytest.raises(LinkRefused):
            rig.link(ChannelType.MAIN, password="wrong")
        gc.collect()
        rig.until(lambda: len(rig.loop.events) == 2)
        assert [event for event, _ in rig.loop.events] == [CONNECTED, DISCONNECTED]


def test_hosts_of_an_older_core_are_told_nothing(rig: ServerRig) -> None:
    rig.loop.minor = 2
    peer, _ = rig.main()
    peer.close()
    rig.until(lambda: rig.server.num_connections == 0)
    assert rig.loop.events == []


# All or nothing


def busy_port() -> tuple[socket.socket, int]:
    taken = socket.create_server(("127.0.0.1", 0))
    return taken, taken.getsockname()[1]


Fails = Callable[[Path, int, TlsConfig], ServerOptions]
FAILING: dict[str, Fails] = {
    "port in use": lambda path, port, tls: ServerOptions(
        host="127.0.0.1", port=port, unix_path=str(path / "s")
    ),
    "tls port in use": lambda path, port, tls: ServerOptions(
        host="127.0.0.1", port=0, tls_port=port, tls=tls, unix_path=str(path / "s")
    ),
    "no such address": lambda path, port, tls: ServerOptions(
        host="192.0.2.1", port=0, unix_path=str(path / "s")
    ),
    "unix path too long": lambda path, port, tls: ServerOptions(unix_path=str(path / ("s" * 200))),
    "unix path taken": lambda path, port, tls: ServerOptions(unix_path=str(path)),
    "no socket": lambda path, port, tls: ServerOptions(host="127.0.0.1", port=0, listen_fd=1 << 20),
    "certificate missing": lambda path, port, tls: ServerOptions(
        host="127.0.0.1", port=0, tls_port=0, tls=TlsConfig(cert=path / "none.pem", key=tls.key)
    ),
    "tls without certificates": lambda path, port, tls: ServerOptions(host="127.0.0.1", port=0, tls_port=0),
    "renderer": lambda path, port, tls: ServerOptions(host="127.0.0.1", port=0, renderer="nonsense"),
}


@pytest.mark.parametrize("name", FAILING)
def test_where_one_way_in_fails_none_is_left_open(name: str, tmp_path: Path, certificates: TlsConfig) -> None:
    taken, port = busy_port()
    loop = PollLoop()
    server = SpiceServer(FAILING[name](tmp_path, port, certificates))
    gc.collect()
    before = open_descriptors()
    with pytest.raises(ConfigError):
        server.init(loop)
    assert open_descriptors() == before
    assert list(tmp_path.iterdir()) == []
    assert len(loop._watches) == 1, "only its own way to be woken is left in the host's loop"
    server.close()
    server.options = ServerOptions(host="127.0.0.1", port=0)
    server.init(loop)
    assert server.port, "with better options it starts"
    server.close()
    loop.close()
    taken.close()


def test_the_hosts_own_socket_is_given_back_where_another_way_in_fails() -> None:
    taken, port = busy_port()
    own = socket.create_server(("127.0.0.1", 0))
    loop = PollLoop()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=port, listen_fd=own.fileno()))
    with pytest.raises(ConfigError, match="address already in use"):
        server.init(loop)
    with socket.create_connection(own.getsockname(), 5):
        own.accept()[0].close()
    loop.close()
    own.close()
    taken.close()


def test_a_client_that_is_let_in_is_a_whole_one(rig: ServerRig) -> None:
    """One of each kind over one server: the caps of its link replies are those of the channels."""
    rig.add_qxl()
    main, connection_id = rig.main()
    assert isinstance(main, RawChannel)
    for kind in (ChannelType.INPUTS, ChannelType.DISPLAY, ChannelType.CURSOR):
        with socket.create_connection(("127.0.0.1", rig.server.port or 0)) as sock:
            link_over(sock, kind, connection_id=connection_id)
