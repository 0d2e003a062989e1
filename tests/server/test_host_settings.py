"""The settings that hosts make by spice-server's names: what is kept, what is refused, and what it does to clients."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.server.listener import AddrFlags
from gspice.server.loop import PollLoop
from gspice.server.spice_server import SpiceServer
from gspice.wire.channel_types import ChannelType
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import RecordingDevice


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


@pytest.fixture
def server() -> SpiceServer:
    return SpiceServer(clock=lambda: 100.0)


# Listening


def test_ports(server: SpiceServer) -> None:
    for port in (0, 65535):
        server.set_port(port)
        assert server.options.port == port
    for port in (-1, 65536):
        with pytest.raises(ConfigError, match="between 0 and 65535"):
            server.set_port(port)
    assert server.options.port == 65535


def test_tls(server: SpiceServer) -> None:
    server.set_tls(5901, "ca", "cert", "key", "secret", "dh", "HIGH")
    tls = server.options.tls
    assert tls is not None and server.options.tls_port == 5901
    assert (tls.ca, tls.cert, tls.key, tls.dh_file) == (Path("ca"), Path("cert"), Path("key"), Path("dh"))
    assert (tls.key_password, tls.ciphers) == ("secret", "HIGH")
    server.set_tls(1, "ca", "cert", "key", "", "", "")
    tls = server.options.tls
    assert tls is not None and (tls.key_password, tls.dh_file, tls.ciphers) == (None, None, None)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, "ca", "cert", "key"),
        (65536, "ca", "cert", "key"),
        (1, None, "cert", "key"),
        (1, "ca", "", "key"),
        (1, "ca", "cert", None),
        (1, "ca", "cert", "k" * 256),
        (1, "ca", "cert", "key", None, "d" * 256),
    ],
)
def test_tls_that_cannot_be(server: SpiceServer, arguments: tuple[int, str, str, str]) -> None:
    with pytest.raises(ConfigError):
        server.set_tls(*arguments)
    assert server.options.tls is None and server.options.tls_port is None


@pytest.mark.parametrize(
    ("flags", "known"), [(0, 0), (1, AddrFlags.IPV4_ONLY), (2, AddrFlags.IPV6_ONLY), (3, 0), (8, 0), (-1, 0)]
)
def test_addresses(server: SpiceServer, flags: int, known: int) -> None:
    server.set_addr("127.0.0.1", flags)
    assert (server.options.host, server.options.addr_flags) == ("127.0.0.1", known)
    with pytest.raises(ConfigError, match="at most 255"):
        server.set_addr("a" * 256, flags)


@pytest.mark.parametrize("port_first", [True, False])
@pytest.mark.parametrize("flags", [4, 0])
def test_a_unix_socket_takes_the_plain_ports_place(
    server: SpiceServer, tmp_path: Path, port_first: bool, flags: int
) -> None:
    path = str(tmp_path / "spice")
    calls: list[Callable[[], None]] = [lambda: server.set_port(0), lambda: server.set_addr(path, flags)]
    for call in calls if port_first else reversed(calls):
        call()
    server.set_noauth()
    loop = PollLoop()
    server.init(loop)
    assert server.port is None
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    server.close()
    loop.close()


def test_an_address_after_a_unix_socket(server: SpiceServer) -> None:
    server.set_port(0)
    server.set_addr("/tmp/spice", 4)
    server.set_addr("127.0.0.1", 1)
    loop = PollLoop()
    server.init(loop)
    assert server.port and server.options.unix_path is None
    server.close()
    loop.close()


def test_a_socket_that_the_host_has_bound(server: SpiceServer) -> None:
    with pytest.raises(ConfigError, match="no socket"):
        server.set_listen_socket_fd(-1)
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    port = own.getsockname()[1]
    server.set_port(0)
    server.set_listen_socket_fd(own.detach())
    loop = PollLoop()
    server.init(loop)
    socket.create_connection(("127.0.0.1", port)).close()
    server.close()
    loop.close()


def test_listening_is_settled_by_init(rig: ServerRig, caplog: pytest.LogCaptureFixture) -> None:
    port = rig.server.port
    rig.do(lambda: rig.server.set_port(1))
    rig.do(lambda: rig.server.set_addr("", 0))
    assert "set_port after init has no effect" in caplog.text and "set_addr after init" in caplog.text
    assert rig.server.port == port
    rig.main()


def test_names_that_change_nothing(server: SpiceServer) -> None:
    server.add_renderer("sw")
    server.set_compat_version(0)
    server.set_sasl(False)
    server.set_sasl_appname("qemu")
    wrong: list[Callable[[], None]] = [
        lambda: server.add_renderer("oglctx"),
        lambda: server.set_compat_version(7),
        lambda: server.set_sasl(True),
    ]
    for call in wrong:
        with pytest.raises(ConfigError):
            call()
    assert server.compat_version == 0


# Tickets


def test_tickets_last_as_long_as_they_were_given(server: SpiceServer) -> None:
    server.set_ticket("secret", 5)
    assert server.tickets.refusal(b"secret", 104.9) is None
    assert server.tickets.refusal(b"secret", 105.0) == "the ticket has expired"
    server.set_ticket("secret", 0)
    assert server.tickets.refusal(b"secret", 1e12) is None
    server.set_ticket(None)
    assert server.tickets.refusal(b"", 100.0) == "no password is set"


def test_a_password_that_no_client_can_send_leaves_the_old_one(server: SpiceServer) -> None:
    server.set_ticket("p" * 60)
    with pytest.raises(ConfigError, match="at most 60"):
        server.set_ticket("p" * 61)
    assert server.tickets.refusal(b"p" * 60, 100.0) is None


@pytest.mark.parametrize(
    ("noauth", "fail", "disconnect", "stays"),
    [
        (False, False, False, True),
        (False, True, False, True),
        (False, True, True, True),
        (False, False, True, False),
        (True, False, False, False),
        (True, True, False, True),
    ],
)
def test_a_ticket_set_while_a_client_is_there(
    noauth: bool, fail: bool, disconnect: bool, stays: bool
) -> None:
    with server_rig(password=None if noauth else "first") as rig:
        main, _ = rig.main()
        change = lambda: rig.server.set_ticket("second", 0, fail, disconnect)  # noqa: E731
        if fail:
            with pytest.raises(ConfigError, match="a client is connected"):
                rig.do(change)
            assert (rig.server.tickets.refusal(b"first", 0) is None) or noauth
            assert rig.server.tickets.noauth == noauth
        else:
            rig.do(change)
            assert rig.server.tickets.refusal(b"second", 0) is None and not rig.server.tickets.noauth
        assert main.wait_closed(0.02 if stays else 10) is not stays
        assert rig.do(lambda: rig.server.num_clients) == int(stays)


def test_channel_security(server: SpiceServer) -> None:
    server.set_channel_security("display", 2)
    server.set_channel_security(None, 1)
    security = server.options.security
    assert (security.rule(ChannelType.DISPLAY), security.rule(ChannelType.MAIN)) == (2, 1)
    for channel, mask in (("tunnel", 1), ("main", 0), ("main", 4)):
        with pytest.raises(ConfigError):
            server.set_channel_security(channel, mask)


# What clients are told


def test_name_and_uuid_may_change_at_any_time(rig: ServerRig) -> None:
    for bad in ("n" * 256, "new\nline"):
        with pytest.raises(ConfigError):
            rig.do(lambda bad=bad: rig.server.set_name(bad))  # type: ignore[misc]
    with pytest.raises(ConfigError, match="16 bytes"):
        rig.do(lambda: rig.server.set_uuid(b"short"))
    rig.do(lambda: rig.server.set_name("machine"))
    rig.do(lambda: rig.server.set_uuid(bytes(range(16))))
    options = rig.server.options  # what sessions are told comes from there
    assert (options.name, options.uuid) == ("machine", bytes(range(16)))
    rig.do(lambda: rig.server.set_name(""))
    assert options.name is None


def test_settings_are_read_back(server: SpiceServer) -> None:
    assert server.image_compression == 2
    server.set_image_compression(7)
    server.set_video_codecs("gstreamer:vp8;nothing;spice:mjpeg")
    assert (server.image_compression, server.video_codecs) == (7, "gstreamer:vp8;spice:mjpeg")
    server.set_jpeg_compression(3)
    server.set_zlib_glz_compression(2)
    server.set_streaming_video(1)
    server.set_video_chroma(True)
    assert server.settings.display.full_chroma
    for name in ("agent_mouse", "agent_copypaste", "agent_file_xfer", "playback_compression"):
        getattr(server, f"set_{name}")(False)
        assert getattr(server.settings, name) is False
    server.set_seamless_migration(True)
    server.set_exit_on_disconnect(True)
    settings = server.settings
    assert (settings.jpeg_compression, settings.zlib_glz_compression, settings.streaming_video) == (3, 2, 1)
    assert settings.seamless_migration and settings.exit_on_disconnect


def test_devices_are_told_the_compression_level(rig: ServerRig) -> None:
    levels: list[int] = []

    class Device(RecordingDevice):
        def set_compression_level(self, level: int) -> None:
            levels.append(level)

    rig.do(lambda: rig.server.set_image_compression(4))
    rig.do(lambda: rig.server.set_streaming_video(1))
    rig.do(lambda: rig.server.add_interface(Device()))
    rig.do(lambda: rig.server.set_image_compression(7))
    rig.do(lambda: rig.server.set_agent_mouse(False))
    assert levels == [1, 0]


def test_a_file_descriptor_stays_the_hosts_where_init_fails(server: SpiceServer) -> None:
    fd = os.memfd_create("no socket")
    server.set_listen_socket_fd(fd)
    loop = PollLoop()
    with pytest.raises(ConfigError, match="no socket that can listen"):
        server.init(loop)
    os.close(fd)
    loop.close()
