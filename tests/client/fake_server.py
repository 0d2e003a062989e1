"""A small SPICE server on a thread, whose channels do what a test tells them."""

import functools
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.wire.caps import CapSet, CommonCap, DisplayCap, InputsCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.link import LinkError
from gspice.wire.link_server import LinkFailed, LinkRequested, LinkServer, TicketReceived
from gspice.wire.message import Message
from gspice.wire.messages import display, draw, main
from gspice.wire.registry import client_messages
from gspice.wire.types import BrushSolid, ChannelId, ClipNone, DisplayBase, SurfaceFlags

PATIENCE_S = 20.0
SESSION_ID = 77
OFFERED = (ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR)
CHANNEL_CAPS = {
    ChannelType.DISPLAY: CapSet.of(DisplayCap.PREF_COMPRESSION, DisplayCap.MONITORS_CONFIG),
    ChannelType.INPUTS: CapSet.of(InputsCap.KEY_SCANCODE),
}
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


@functools.cache
def server_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def public_key_der() -> bytes:
    return (
        server_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


class HungUpError(Exception):
    """The client has closed the connection."""


class ServerEnd:
    """The server's end of one linked channel, with blocking calls."""

    def __init__(self, sock: socket.socket, channel_type: int, link: LinkRequested, *, mini: bool) -> None:
        self.sock = sock
        self.link = link
        self.type = ChannelType(channel_type)
        self._reader = FrameReader(client_messages(channel_type), mini=mini, max_size=1 << 20)
        self._writer = FrameWriter(mini=mini)

    def feed(self, data: bytes) -> None:
        self._reader.feed(data)

    def send(self, *messages: Message) -> None:
        for message in messages:
            self.sock.sendall(b"".join(bytes(piece) for piece in self._writer.encode(message)))

    def receive(self) -> Message:
        while (message := self._reader.next_message()) is None:
            data = self.sock.recv(65536)
            if not data:
                raise HungUpError
            self._reader.feed(data)
        return message

    def wait_for(self, cls: type[Message]) -> Message:
        while not isinstance(message := self.receive(), cls):
            pass
        return message

    def until_hang_up(self) -> None:
        while True:
            self.receive()


Script = Callable[[ServerEnd], None]


def begin_session(end: ServerEnd) -> None:
    """The main channel: INIT, and the list of channels."""
    end.send(
        main.MainInit(
            session_id=SESSION_ID,
            display_channels_hint=1,
            supported_mouse_modes=3,
            current_mouse_mode=2,
            agent_connected=0,
            agent_tokens=10,
            multi_media_time=1,
            ram_hint=0,
        )
    )
    end.wait_for(main.MainAttachChannels)
    end.send(main.MainChannelsList(channels=tuple(ChannelId(type=each, id=0) for each in OFFERED)))


def run_main(end: ServerEnd) -> None:
    begin_session(end)
    end.until_hang_up()


def create_primary(width: int, height: int, form: int = SurfaceFormat.XRGB32) -> Message:
    return display.DisplaySurfaceCreate(
        surface_id=0, width=width, height=height, format=form, flags=SurfaceFlags.PRIMARY
    )


def fill(color: int, box: Rect, surface_id: int = 0) -> Message:
    base = DisplayBase(surface_id=surface_id, box=box, clip=ClipNone())
    return draw.DisplayFill(base=base, brush=BrushSolid(color=color))


def show_picture(end: ServerEnd) -> None:
    """A display: 8x4 pixels, one of them red on blue."""
    end.wait_for(display.DisplayInit)
    end.send(
        create_primary(8, 4),
        fill(0x0000FF, Rect(0, 0, 8, 4)),
        fill(0xFF0000, Rect(3, 1, 4, 2)),
        display.DisplayMark(),
    )


def run_display(end: ServerEnd) -> None:
    show_picture(end)
    end.until_hang_up()


def idle(end: ServerEnd) -> None:
    end.until_hang_up()


DEFAULTS: dict[int, Script] = {
    ChannelType.MAIN: run_main,
    ChannelType.DISPLAY: run_display,
    ChannelType.INPUTS: idle,
    ChannelType.CURSOR: idle,
}


class FakeServer:
    """Serves until it is left: ``with FakeServer(...) as server``; then fails if a script failed.

    ``scripts`` take the place of DEFAULTS; ``raw`` takes connections as they are, without a link stage.
    """

    def __init__(
        self,
        scripts: dict[int, Script] | None = None,
        *,
        password: str = "",
        refuse: dict[int, LinkError] | None = None,
        mini: bool = True,
        raw: Callable[[socket.socket], None] | None = None,
        tls: ssl.SSLContext | None = None,
        unix_path: Path | None = None,
    ) -> None:
        self.links: list[LinkRequested] = []
        self._scripts = DEFAULTS | (scripts or {})
        self._password = password
        self._refuse = refuse or {}
        self._mini = mini
        self._raw = raw
        self._tls = tls
        if unix_path is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(unix_path))
            self._listener.listen()
            self.uri = f"spice+unix://{unix_path}"
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            query = "?tls-port={}" if tls else ":{}"
            self.uri = f"spice://127.0.0.1{query.format(self._listener.getsockname()[1])}"
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._socks: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for sock in self._socks:
            sock.close()
        if self._errors and kind is None:
            raise self._errors[0]

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE_S)
            self._socks.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._socks.append(sock)
            if self._raw is not None:
                self._raw(sock)
            elif (end := self._link(sock)) is not None:
                self._scripts[end.type](end)
        except (HungUpError, ConnectionError, ssl.SSLError):
            pass
        except BaseException as error:
            self._errors.append(error)
        finally:
            sock.close()

    def _link(self, sock: socket.socket) -> ServerEnd | None:
        link = LinkServer()
        request: LinkRequested | None = None
        while not link.done and not link.over:
            data = sock.recv(4096)
            if not data:
                raise HungUpError
            link.receive(data)
            while (event := link.next_event()) is not None:
                if isinstance(event, LinkRequested):
                    request = event
                    self._answer(link, event)
                elif isinstance(event, TicketReceived):
                    secret = server_key().decrypt(event.encrypted, OAEP)
                    if secret == self._password.encode() + b"\0":
                        link.grant()
                    else:
                        link.refuse(LinkError.PERMISSION_DENIED)
                elif isinstance(event, LinkFailed):
                    raise AssertionError(event.reason)
            sock.sendall(link.data_to_send())
        if link.over or request is None:
            return None
        mini = self._mini and request.common_caps.has(CommonCap.MINI_HEADER)
        end = ServerEnd(sock, request.channel_type, request, mini=mini)
        end.feed(link.leftover())
        return end

    def _answer(self, link: LinkServer, event: LinkRequested) -> None:
        self.links.append(event)
        if (code := self._refuse.get(event.channel_type)) is not None:
            link.refuse(code)
            return
        common = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE)
        if self._mini:
            common = common | CapSet.of(CommonCap.MINI_HEADER)
        caps = CHANNEL_CAPS.get(ChannelType(event.channel_type), CapSet())
        link.accept(public_key_der(), common, caps)
