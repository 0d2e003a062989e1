"""Who gets in, what garbage does, and what is left when everybody has gone."""

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError, LinkReply
from gspice.wire.messages.base import Ping
from gspice.wire.messages.display import DisplayInit, DisplayMark, DisplaySurfaceCreate
from gspice.wire.messages.inputs import InputsInit, InputsKeyDown
from gspice.wire.messages.main import MainAttachChannels, MainChannelsList, MainInit
from tests.peers.peers import Serve, SpiceGtk
from tests.peers.raw_link import RawChannel
from tests.wire.link_vectors import LINK_VECTORS, header, link, mess

pytestmark = pytest.mark.peer

INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=0
)


def password_file(directory: Path, password: str) -> str:
    path = directory / "password"
    path.write_text(password + "\n")
    path.chmod(0o600)
    return f"--password-file={path}"


def test_the_right_password_enters_and_others_do_not(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    serve = start_serve(password_file(tmp_path, "right"))
    for password in ("wrong", None, "righ", "right "):
        answer = spice_gtk.do("connect", uri=f"spice://127.0.0.1:{serve.port}", password=password)
        assert not answer["ok"] and ["main", "error-auth"] in answer["events"], answer
        spice_gtk.do("disconnect")
    serve.wait_log("link refused: main channel 0: ")
    spice_gtk.connect(serve, password="right")


def test_an_expired_password_does_not_enter(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    serve = start_serve(password_file(tmp_path, "right"), "--password-lifetime=1")
    spice_gtk.do("wait", seconds=1.2)
    answer = spice_gtk.do("connect", uri=f"spice://127.0.0.1:{serve.port}", password="right")
    assert not answer["ok"] and ["main", "error-auth"] in answer["events"], answer
    serve.wait_log("expired")


def test_tls_with_a_ca(start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tls_dir: Path) -> None:
    serve = start_serve("--tls-port=0", f"--tls-dir={tls_dir}", port="-1")
    uri = f"spice://127.0.0.1?tls-port={serve.tls_port}"
    answer = spice_gtk.do("connect", uri=uri, ca_file=str(tls_dir / "ca-cert.pem"))
    assert answer["ok"], f"{answer}\n{serve.log()[-3000:]}"
    assert spice_gtk.do("wait_primary")["ok"]
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)


def test_tls_connects_every_time(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tls_dir: Path
) -> None:
    """spice-gtk overlooks a second message in one TLS record; whether there is one is a matter of timing."""
    serve = start_serve("--tls-port=0", f"--tls-dir={tls_dir}", port="-1")
    uri = f"spice://127.0.0.1?tls-port={serve.tls_port}"
    for _ in range(15):
        answer = spice_gtk.do("connect", uri=uri, ca_file=str(tls_dir / "ca-cert.pem"), timeout=5)
        assert answer["ok"], f"{answer}\n{serve.log()[-2000:]}"
        spice_gtk.do("disconnect")


def test_tls_refuses_a_stranger(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tls_dir: Path, tmp_path: Path
) -> None:
    serve = start_serve("--tls-port=0", f"--tls-dir={tls_dir}", port="-1")
    other = tmp_path / "other.pem"
    other.write_bytes((tls_dir / "server-cert.pem").read_bytes())
    uri = f"spice://127.0.0.1?tls-port={serve.tls_port}"
    answer = spice_gtk.do("connect", uri=uri, ca_file=str(other))
    assert not answer["ok"], "spice-gtk accepted a server that its CA does not vouch for"


def test_a_secure_channel_is_refused_on_the_plain_port(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tls_dir: Path
) -> None:
    serve = start_serve("--tls-port=0", f"--tls-dir={tls_dir}", "--secure-channel=inputs")
    reply = reply_to(serve.port, link(mess(channel_type=ChannelType.INPUTS)))
    assert reply.error == LinkError.NEED_SECURED
    # spice-gtk changes to the TLS port for that channel by itself.
    uri = f"spice://127.0.0.1?port={serve.port}&tls-port={serve.tls_port}"
    answer = spice_gtk.do("connect", uri=uri, ca_file=str(tls_dir / "ca-cert.pem"))
    assert answer["ok"], f"{answer}\n{serve.log()[-3000:]}"


def reply_to(port: int, data: bytes) -> LinkReply:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(data)
        received = b""
        while chunk := sock.recv(4096):
            received += chunk
            if len(received) >= 16 + 178:
                break
    return LinkReply.parse(received[16:])


@pytest.mark.parametrize(("name", "data", "error"), LINK_VECTORS, ids=[name for name, _, _ in LINK_VECTORS])
def test_bad_links_close_that_connection_alone_with_a_logged_reason(
    name: str, data: bytes, error: LinkError | None, shared_serve: Serve, shared_client: SpiceGtk
) -> None:
    start = len(shared_serve.log())
    with socket.create_connection(("127.0.0.1", shared_serve.port), 10) as sock:
        peer = sock.getsockname()
        sock.sendall(data)
        received = last_words(sock)
    if error is None:
        assert received == b""
    else:
        assert LinkReply.parse(received[16:]).error == error
    shared_serve.wait_log(f"127.0.0.1:{peer[1]}: link refused")
    assert "Traceback" not in shared_serve.log()[start:]
    assert_picture_goes_on(shared_client)


def last_words(sock: socket.socket) -> bytes:
    """All that the server still says once it has been told that nothing more will come."""
    received = b""
    # A server that closes without reading what it was sent makes the kernel reset the connection.
    with contextlib.suppress(ConnectionError, OSError):
        sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(ConnectionError):
        while chunk := sock.recv(4096):
            received += chunk
    return received


def assert_picture_goes_on(client: SpiceGtk) -> None:
    before = client.do("status")
    for _ in range(50):
        client.do("wait", seconds=0.05)
        after = client.do("status")
        if after["invalidated"] > before["invalidated"]:
            break
    assert after["invalidated"] > before["invalidated"], "the picture stands still"
    assert len(after["events"]) == len(before["events"])


def test_bad_tickets(shared_serve: Serve, shared_client: SpiceGtk) -> None:
    for ticket in (bytes(128), b"\xff" * 128, os.urandom(128), b"", b"x"):
        with socket.create_connection(("127.0.0.1", shared_serve.port), 10) as sock:
            sock.sendall(
                link(mess(channel_type=ChannelType.MAIN, common=1, words=(0b1011).to_bytes(4, "little")))
            )
            while len(sock.recv(4096, socket.MSG_PEEK)) < 16 + 178:
                pass
            sock.recv(4096)
            sock.sendall((1).to_bytes(4, "little") + ticket)
            received = last_words(sock)
            if len(ticket) == 128:
                assert received == LinkError.PERMISSION_DENIED.to_bytes(4, "little")
    shared_serve.wait_log("the ticket does not decrypt")
    assert_picture_goes_on(shared_client)


def test_channels_of_nobodys_session_are_refused(shared_serve: Serve, shared_client: SpiceGtk) -> None:
    from gspice.errors import LinkRefused

    for channel_type in (ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR):
        with pytest.raises(LinkRefused) as refused:
            RawChannel(shared_serve.port, channel_type, connection_id=12345)
        assert refused.value.code == LinkError.BAD_CONNECTION_ID
    with pytest.raises(LinkRefused) as refused:
        RawChannel(shared_serve.port, ChannelType.MAIN, connection_id=12345)
    assert refused.value.code == LinkError.BAD_CONNECTION_ID
    assert_picture_goes_on(shared_client)


BAD_MESSAGES: list[tuple[str, bytes]] = [
    ("an unknown type", bytes.fromhex("ff7f") + bytes(4)),
    ("a body that is too long", bytes.fromhex("6500") + (0x7FFFFFFF).to_bytes(4, "little")),
    ("a truncated body", bytes.fromhex("6500") + (1).to_bytes(4, "little") + b"\0"),
    ("a body with more than it should have", bytes.fromhex("0200") + (9).to_bytes(4, "little") + bytes(9)),
    ("an acknowledgement of nothing", bytes.fromhex("0200") + bytes(4)),
    ("a flush mark that nobody asked for", bytes.fromhex("0400") + bytes(4)),
    ("migration data that nobody asked for", bytes.fromhex("0500") + (4).to_bytes(4, "little") + b"SPMD"),
]


@pytest.mark.parametrize(("name", "data"), BAD_MESSAGES, ids=[name for name, _ in BAD_MESSAGES])
@pytest.mark.parametrize("kind", [ChannelType.INPUTS, ChannelType.DISPLAY, ChannelType.CURSOR])
def test_bad_messages_close_that_channel_alone(
    name: str, data: bytes, kind: ChannelType, module_serve: Serve
) -> None:
    serve = module_serve
    main = RawChannel(serve.port, ChannelType.MAIN)
    session = main.receive_type(MainInit)
    assert isinstance(session, MainInit)
    channels = {
        channel: RawChannel(serve.port, channel, session.session_id)
        for channel in (ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR)
    }
    channels[ChannelType.DISPLAY].send(INIT)
    channels[ChannelType.DISPLAY].receive_type(DisplaySurfaceCreate)
    channels[ChannelType.INPUTS].receive_type(InputsInit)
    victim = channels.pop(kind)
    start = len(serve.log())
    victim.send_bytes(data)
    victim.socket.shutdown(socket.SHUT_WR)
    closed = victim.wait_closed()
    assert closed, f"{name} did not close the channel"
    log = serve.log()[start:]
    assert "Traceback" not in log
    if name != "an acknowledgement of nothing":
        assert "protocol error" in log, log
    main.send(MainAttachChannels())
    assert main.receive_type(MainChannelsList)
    if ChannelType.DISPLAY in channels:
        channels[ChannelType.DISPLAY].receive_type(DisplayMark)
    if ChannelType.INPUTS in channels:
        channels[ChannelType.INPUTS].send(InputsKeyDown(code=0x1E))
    for channel in (main, victim, *channels.values()):
        channel.close()


def test_random_bytes_on_every_channel(module_serve: Serve) -> None:
    rng = np.random.default_rng(7)
    for _ in range(25):
        main = RawChannel(module_serve.port, ChannelType.MAIN)
        session = main.receive_type(MainInit)
        assert isinstance(session, MainInit)
        for kind in (ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR):
            channel = RawChannel(module_serve.port, kind, session.session_id)
            channel.send_bytes(rng.integers(0, 256, 64, np.uint8).tobytes())
            channel.close()
        main.send_bytes(rng.integers(0, 256, 64, np.uint8).tobytes())
        main.close()
    assert "Traceback" not in module_serve.log()
    main = RawChannel(module_serve.port, ChannelType.MAIN)
    assert main.receive_type(Ping)
    main.close()


def test_half_open_links_time_out_and_are_limited(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk
) -> None:
    serve = start_serve()
    spice_gtk.connect(serve)
    sockets = [socket.create_connection(("127.0.0.1", serve.port), 10) for _ in range(100)]
    serve.wait_log("turned away")
    assert_picture_goes_on(spice_gtk)
    serve.wait_log("not linked within", timeout=20)
    for sock in sockets:
        sock.close()
    main = RawChannel(serve.port, ChannelType.MAIN)
    assert main.receive_type(MainInit)
    main.close()


def test_a_peer_that_does_not_read_does_not_hold_the_loop(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk
) -> None:
    serve = start_serve()
    main = RawChannel(serve.port, ChannelType.MAIN)
    session = main.receive_type(MainInit)
    assert isinstance(session, MainInit)
    display = RawChannel(serve.port, ChannelType.DISPLAY, session.session_id)
    display.send(INIT)  # and never read again
    time.sleep(1)
    memory = psutil.Process(serve.process.pid).memory_info().rss
    time.sleep(2)
    assert psutil.Process(serve.process.pid).memory_info().rss - memory < 32 << 20
    spice_gtk.connect(serve)
    main.close()
    display.close()
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)


def test_a_hundred_connects_leave_nothing_behind(
    start_serve: Callable[..., Serve], start_spice_gtk: Callable[..., SpiceGtk]
) -> None:
    serve, client = start_serve("--size=640x480"), start_spice_gtk()
    process = psutil.Process(serve.process.pid)

    def visit(times: int) -> None:
        for _ in range(times):
            client.connect(serve)
            client.do("disconnect")

    def settled() -> tuple[int, int]:
        for _ in range(100):
            if not [c for c in process.net_connections() if c.status != "LISTEN"]:
                return process.num_threads(), process.num_fds()
            time.sleep(0.05)
        raise AssertionError(f"connections stay open: {process.net_connections()}")

    visit(80)  # by now the collector of cycles has run over clients that have gone
    before, memory = settled(), process.memory_info().rss
    visit(100)
    assert settled() == before, "threads or file descriptors were left behind"
    grown = (process.memory_info().rss - memory) / 2**20
    assert grown < 8, f"{grown:.1f} MiB more than before 100 connects"
    assert "Traceback" not in serve.log()


def test_unix_socket(start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    path = tmp_path / "spice.sock"
    serve = start_serve(f"--unix={path}", port="-1")
    answer = spice_gtk.do("connect", uri=f"spice+unix://{path}")
    assert answer["ok"], answer
    assert spice_gtk.do("wait_primary")["ok"]
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
    assert serve.stop() == 0
    assert not path.exists()


def test_bad_magic_is_told_from_what_is_merely_short(shared_serve: Serve) -> None:
    assert reply_to(shared_serve.port, b"GET / HTTP/1.1\r\n\r\n").error == LinkError.INVALID_MAGIC
    assert reply_to(shared_serve.port, header(18, major=3)).error == LinkError.VERSION_MISMATCH
