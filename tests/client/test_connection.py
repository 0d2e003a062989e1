"""The socket driver, against a small server on the loopback."""

import socket
import ssl
from pathlib import Path

import pytest

from gspice.client.connection import Client
from gspice.client.errors import ConnectError, DeadlineError, HangUpError
from gspice.client.tls import TlsOptions
from gspice.errors import ConfigError, LinkRefused, ProtocolError
from gspice.geometry import Rect
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError
from gspice.wire.message import Message
from gspice.wire.messages import display, inputs, main
from gspice.wire.messages.base import Disconnecting, Notify, Ping, Pong
from tests.client.fake_server import (
    SESSION_ID,
    FakeServer,
    ServerEnd,
    begin_session,
    create_primary,
    fill,
    show_picture,
)
from tests.server.net import write_certificates

ONLY_DISPLAY = frozenset({ChannelType.DISPLAY})
LONG = 20.0
"""Seconds for what must happen: only a failing test waits them."""


def marked(client: Client) -> bool:
    return client.session.display.marked


@pytest.mark.parametrize("mini", [False, True])
def test_a_session_over_tcp(mini: bool) -> None:
    with FakeServer(password="pw", mini=mini) as server, Client.connect(server.uri, password="pw") as client:
        client.run_until(lambda: marked(client), LONG)
        picture = client.pixels()
    assert (picture.width, picture.height) == (8, 4)
    assert picture.data[(8 + 3) * 4 :][:4] == b"\0\0\xff\0"
    assert picture.data[:4] == b"\xff\0\0\0"
    first, *others = server.links
    assert (first.channel_type, first.connection_id) == (ChannelType.MAIN, 0)
    assert {each.channel_type for each in others} == {2, 3, 4}
    assert {each.connection_id for each in others} == {SESSION_ID}


def test_a_session_over_a_unix_socket(tmp_path: Path) -> None:
    with FakeServer(unix_path=tmp_path / "s") as server, Client.connect(server.uri) as client:
        client.run_until(lambda: marked(client), LONG)


def test_pings_are_answered_while_others_are_waited_for() -> None:
    answers = []

    def pinging(end: ServerEnd) -> None:
        begin_session(end)
        end.send(Ping(id=1, timestamp=2, data=bytes(256000)))
        answers.append(end.wait_for(Pong))
        end.send(main.MainName(name="done"))
        end.until_hang_up()

    with FakeServer({ChannelType.MAIN: pinging}) as server, Client.connect(server.uri) as client:
        client.run_until(lambda: client.session.main.machine == "done", LONG)
    assert answers == [Pong(id=1, timestamp=2)]


def test_input_reaches_the_server() -> None:
    got: list[Message] = []

    def keep(end: ServerEnd) -> None:
        got.extend(end.receive() for _ in range(5))
        end.send(inputs.InputsInit(modifiers=7))
        end.until_hang_up()

    with FakeServer({ChannelType.INPUTS: keep}) as server, Client.connect(server.uri) as client:
        client.send_key(b"\x1e\x9e")
        client.send_position(3, 4, 1)
        client.send_motion(-1, 2)
        client.send_press(1, 1)
        client.send_release(1, 0)
        client.run_until(lambda: client.session.inputs.modifiers == 7, LONG)
    assert got == [
        inputs.InputsKeyScancode(data=b"\x1e\x9e"),
        inputs.InputsMousePosition(x=3, y=4, buttons=1, display_id=0),
        inputs.InputsMouseMotion(dx=-1, dy=2, buttons=0),
        inputs.InputsMousePress(button=1, buttons=1),
        inputs.InputsMouseRelease(button=1, buttons=0),
    ]


def test_a_long_picture_comes_whole() -> None:
    def large(end: ServerEnd) -> None:
        end.wait_for(display.DisplayInit)
        end.send(create_primary(500, 500))
        for y in range(500):
            end.send(*[fill(x * y, Rect(x, y, 500, y + 1)) for x in range(0, 500, 50)])
        end.send(display.DisplayMark())
        end.until_hang_up()

    with FakeServer({ChannelType.DISPLAY: large}) as server, Client.connect(server.uri) as client:
        client.run_until(lambda: marked(client), LONG)
        assert client.session.display.drawn["FILL"] == 5000
        assert client.pixels().data[-4:] == (450 * 499).to_bytes(4, "little")


# -- waiting for the picture


def test_the_picture_is_taken_when_it_is_still() -> None:
    def more(end: ServerEnd) -> None:
        show_picture(end)
        end.send(fill(0x00FF00, Rect(0, 0, 1, 1)))
        end.until_hang_up()

    with FakeServer({ChannelType.DISPLAY: more}) as server, Client.connect(server.uri) as client:
        client.wait_for_picture(settle=0.2, patience=LONG, timeout=LONG)
        assert client.pixels().data[:4] == b"\0\xff\0\0"


def restless(end: ServerEnd) -> None:
    show_picture(end)
    while True:
        end.send(fill(1, Rect(0, 0, 1, 1)), Ping(id=1, timestamp=1))
        end.wait_for(Pong)


@pytest.mark.parametrize(("patience", "timeout"), [(0.3, LONG), (LONG, 0.3)])
def test_a_restless_picture_is_taken_all_the_same(patience: float, timeout: float) -> None:
    with FakeServer({ChannelType.DISPLAY: restless}) as server, Client.connect(server.uri) as client:
        client.wait_for_picture(settle=LONG, patience=patience, timeout=timeout)
        assert client.session.display.complete


def no_surface(end: ServerEnd) -> None:
    end.until_hang_up()


def no_mark(end: ServerEnd) -> None:
    end.send(create_primary(8, 4))
    end.until_hang_up()


@pytest.mark.parametrize(
    ("script", "what"), [(no_surface, "primary surface"), (no_mark, "complete")], ids=["nothing", "no mark"]
)
def test_a_picture_that_does_not_come(script: object, what: str) -> None:
    scripts = {ChannelType.DISPLAY: script}
    with (
        FakeServer(scripts) as server,  # type: ignore[arg-type]
        Client.connect(server.uri) as client,
        pytest.raises(DeadlineError, match=what),
    ):
        client.wait_for_picture(settle=0.1, patience=1, timeout=0.3)


def test_a_timeout_that_was_spent_before_is_named_whole() -> None:
    with FakeServer({ChannelType.DISPLAY: no_mark}) as server, Client.connect(server.uri) as client:
        with pytest.raises(DeadlineError, match=r"timed out after 5 s, still waiting for news"):
            client.run_until(lambda: False, 5.0, "news", spent=5.5)
        with pytest.raises(DeadlineError, match=r"timed out after 7 s"):
            client.wait_for_picture(settle=LONG, patience=LONG, timeout=7.0, spent=7.001)


def test_a_channel_that_is_not_offered_is_named() -> None:
    def silent(end: ServerEnd) -> None:
        end.until_hang_up()

    waiting = "main channel and display channel to be linked"
    with FakeServer({ChannelType.MAIN: silent}) as server, pytest.raises(DeadlineError, match=waiting):
        Client.connect(server.uri, timeout=0.3, channels=ONLY_DISPLAY)


# -- refusals and ends


def test_a_wrong_password() -> None:
    with FakeServer(password="right") as server, pytest.raises(LinkRefused, match="password") as caught:
        Client.connect(server.uri, password="wrong")
    assert caught.value.code == LinkError.PERMISSION_DENIED


def test_a_refused_channel_is_named() -> None:
    refuse = {int(ChannelType.CURSOR): LinkError.CHANNEL_NOT_AVAILABLE}
    with FakeServer(refuse=refuse) as server, pytest.raises(LinkRefused, match="cursor channel") as caught:
        Client.connect(server.uri)
    assert caught.value.code == LinkError.CHANNEL_NOT_AVAILABLE


def test_a_server_that_tells_why_it_hangs_up() -> None:
    def kick(end: ServerEnd) -> None:
        begin_session(end)
        end.send(
            Notify(timestamp=0, severity=1, visibility=1, message="another client has connected"),
            Disconnecting(timestamp=0, reason=0),
        )

    with (
        FakeServer({ChannelType.MAIN: kick}) as server,
        pytest.raises(HangUpError, match=r"main channel: .*another client has connected"),
        Client.connect(server.uri) as client,
    ):
        client.run_until(lambda: False, LONG)


def test_why_is_asked_on_the_main_channel_when_another_ends() -> None:
    def late(end: ServerEnd) -> None:
        begin_session(end)
        end.wait_for(main.MainMouseModeRequest)
        end.send(Notify(timestamp=0, severity=1, visibility=1, message="going down"))
        end.send(Disconnecting(timestamp=0, reason=0))
        end.until_hang_up()

    def brief(end: ServerEnd) -> None:
        end.wait_for(display.DisplayInit)

    with (
        FakeServer({ChannelType.MAIN: late, ChannelType.DISPLAY: brief}) as server,
        pytest.raises(HangUpError, match=r"display channel: .*going down"),
        Client.connect(server.uri, channels=ONLY_DISPLAY) as client,
    ):
        client.session.main.request_mouse_mode(1)  # type: ignore[arg-type]
        client.run_until(lambda: False, LONG)


def hang_up(sock: socket.socket) -> None:
    sock.recv(10)


def garbage(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"RFB 003.008\n" + bytes(100))
    sock.recv(4096)


def truncated(sock: socket.socket) -> None:
    sock.recv(4096)
    sock.sendall(b"REDQ\2\0\0\0\2\0\0\0\xb2\0\0\0" + bytes(50))


@pytest.mark.parametrize(
    ("raw", "error", "text"),
    [
        (hang_up, HangUpError, "hung up|closed"),
        (garbage, ProtocolError, "does not speak SPICE"),
        (truncated, HangUpError, "hung up"),
    ],
)
def test_what_is_no_server(raw: object, error: type[Exception], text: str) -> None:
    with FakeServer(raw=raw) as server, pytest.raises(error, match=text):  # type: ignore[arg-type]
        Client.connect(server.uri)


def test_garbage_on_a_channel_names_the_channel() -> None:
    def broken(end: ServerEnd) -> None:
        end.wait_for(display.DisplayInit)
        end.sock.sendall(b"\xff" * 100)
        end.until_hang_up()

    with (
        FakeServer({ChannelType.DISPLAY: broken}) as server,
        pytest.raises(ProtocolError, match="display channel: message type 65535"),
        Client.connect(server.uri) as client,
    ):
        client.run_until(lambda: False, LONG)


def test_a_message_that_is_cut_off() -> None:
    def cut(end: ServerEnd) -> None:
        end.wait_for(display.DisplayInit)
        end.sock.sendall(b"\x3a\1\x14\0\0\0" + bytes(3))

    with (
        FakeServer({ChannelType.DISPLAY: cut}) as server,
        pytest.raises(HangUpError, match="display channel"),
        Client.connect(server.uri) as client,
    ):
        client.run_until(lambda: False, LONG)


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectError, match=f"127.0.0.1:{port}: .*refused"):
        Client.connect(f"spice://127.0.0.1:{port}")
    with pytest.raises(ConnectError, match="No such file"):
        Client.connect(f"spice+unix://{tmp_path}/none")
    with pytest.raises(ConnectError, match="too long"):
        Client.connect("spice+unix:///" + "x" * 200)


def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match="no host name"):
        Client.connect(f"spice://{'x' * 70}.example:1")


def test_a_closed_client_may_be_closed_again() -> None:
    with FakeServer() as server:
        client = Client.connect(server.uri)
        client.close()
        client.close()


# -- TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pki")
    write_certificates(directory)
    return directory


@pytest.fixture
def context(certificates: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificates / "server-cert.pem", certificates / "server-key.pem")
    return made


def other_name(uri: str) -> str:
    return uri.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("options", "by_name"),
    [({}, False), ({"verify_host": False}, True), ({"subject": "CN=server"}, True)],
    ids=["address", "no host check", "subject"],
)
def test_tls(options: dict[str, object], by_name: bool, certificates: Path, context: ssl.SSLContext) -> None:
    tls = TlsOptions(ca_file=certificates / "ca-cert.pem", **options)  # type: ignore[arg-type]
    with FakeServer(tls=context, password="pw") as server:
        uri = other_name(server.uri) if by_name else server.uri
        with Client.connect(uri, password="pw", tls=tls) as client:
            client.run_until(lambda: marked(client), LONG)


@pytest.mark.parametrize(
    ("options", "ca", "by_name", "text"),
    [
        ({}, True, True, "not accepted: .*localhost"),
        ({}, False, False, "not accepted"),
        ({"subject": "CN=other"}, True, False, "the certificate is for 'CN=server', not for 'CN=other'"),
    ],
    ids=["other host", "unknown CA", "other subject"],
)
def test_certificates_that_are_not_accepted(
    options: dict[str, str], ca: bool, by_name: bool, text: str, certificates: Path, context: ssl.SSLContext
) -> None:
    tls = TlsOptions(ca_file=certificates / "ca-cert.pem" if ca else None, **options)  # type: ignore[arg-type]
    with FakeServer(tls=context) as server, pytest.raises(ConnectError, match=text):
        Client.connect(other_name(server.uri) if by_name else server.uri, tls=tls)
    assert not server.links


def test_a_plain_port_is_no_tls_port() -> None:
    with FakeServer(raw=garbage) as server, pytest.raises(ConnectError, match="no TLS there"):
        Client.connect(server.uri.replace("spice://", "spice+tls://"))


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_ca_files_that_are_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca\.pem: cannot read"):
        Client.connect("spice+tls://127.0.0.1:1", tls=TlsOptions(ca_file=path))
