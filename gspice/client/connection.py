"""The socket driver: one thread and one select for all channels. Nothing else here knows sockets or time."""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from typing import Self

from gspice.client.channel import ClientChannel
from gspice.client.errors import ConnectError, DeadlineError, HangUpError
from gspice.client.link import ChannelLink
from gspice.client.session import ALL_CHANNELS, Session
from gspice.client.still_picture import StillPicture
from gspice.client.ticket import ticket_for
from gspice.client.tls import TlsOptions, parse_subject, subject_of, subject_text
from gspice.client.uri import SpiceUri, parse_uri
from gspice.errors import ConfigError, LinkRefused, ProtocolError
from gspice.pixels import Pixels
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import ImageCompression, VideoCodec

CONNECT_TIMEOUT_S = 10.0
"""For the connections of a server that has let this client in already."""
LAST_WORDS_S = 0.3
"""How long the main channel is listened to when another has ended: why comes there, and may come later."""
READ_SIZE = 1 << 16
READ_TURNS = 32
"""Reads from one channel before the others have their turn."""
_WAIT_FOR = {ssl.SSLWantReadError: selectors.EVENT_READ, ssl.SSLWantWriteError: selectors.EVENT_WRITE}
_WOULD_BLOCK = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _ChannelSocket:
    """One channel's connection: TLS handshake, link stage, messages, as far as each goes without waiting."""

    def __init__(
        self, sock: socket.socket, link: ChannelLink, check: Callable[[ssl.SSLSocket], None]
    ) -> None:
        self.sock = sock
        self.link = link
        self._check = check
        """Judges the server's certificate, before anything is sent."""
        self.events = selectors.EVENT_READ | selectors.EVENT_WRITE
        """What to select for."""
        self.handshaking = isinstance(sock, ssl.SSLSocket)
        self.ended = False
        self._output = bytearray()

    def advance(self) -> None:
        """Do what can be done now. Errors of ChannelLink, and OSError."""
        if self.handshaking and not self._handshake():
            return
        self._read()
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        if self.handshaking:
            return
        for piece in self.link.data_to_send():
            self._output += piece
        try:
            while self._output and not self.ended:
                del self._output[: self.sock.send(self._output)]
        except _WOULD_BLOCK:
            pass
        self.events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._output else 0)

    def _handshake(self) -> bool:
        assert isinstance(self.sock, ssl.SSLSocket)
        try:
            self.sock.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
            self.events = _WAIT_FOR[type(want)]
            return False
        self.handshaking = False
        self._check(self.sock)
        return True

    def _read(self) -> None:
        turns = READ_TURNS
        # What TLS has decrypted already does not wake a select.
        while not self.ended and (
            turns > 0 or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending())
        ):
            turns -= 1
            try:
                data = self.sock.recv(READ_SIZE)
            except _WOULD_BLOCK:
                return
            if data:
                self.link.receive(data)
            else:
                self.ended = True


class Client:
    """A session with a server: ``connect``, ``run_until`` something is so, and ``close`` (or use ``with``).

    Nothing happens outside of the calls: a client that is not run answers no pings. All calls raise
    ProtocolError, LinkRefused, HangUpError or ConnectError once the session is lost.
    """

    def __init__(self, uri: SpiceUri, session: Session, *, password: str, tls: TlsOptions) -> None:
        self.uri = uri
        self.session = session
        self._encrypt = ticket_for(password)
        self._tls = tls
        self._context = _tls_context(tls) if uri.tls else None
        self._subject = parse_subject(tls.subject) if tls.subject is not None else None
        self._selector = selectors.DefaultSelector()
        self._channels: list[_ChannelSocket] = []

    @classmethod
    def connect(
        cls,
        uri: SpiceUri | str,
        *,
        password: str = "",
        tls: TlsOptions | None = None,
        timeout: float = 15.0,
        channels: Collection[ChannelType] = ALL_CHANNELS,
        compression: ImageCompression = ImageCompression.OFF,
        video: bool | Collection[VideoCodec] = False,
        preferred_codecs: Sequence[VideoCodec] = (),
    ) -> Self:
        """Link the main channel and all ``channels``; DeadlineError after so many seconds."""
        session = Session(
            wanted=channels,
            compression=compression,
            video=video,
            preferred_codecs=preferred_codecs,
            clock=time.monotonic,
        )
        address = parse_uri(uri) if isinstance(uri, str) else uri
        client = cls(address, session, password=password, tls=tls or TlsOptions())
        wanted = [
            channel
            for channel in (session.display, session.inputs, session.cursor)
            if channel.TYPE in channels
        ]
        try:
            spent = client.open_main(timeout)
            names = " and ".join(channel.name for channel in (session.main, *wanted))
            client.run_until(
                lambda: all(channel.up for channel in wanted), timeout, f"{names} to be linked", spent=spent
            )
        except BaseException:
            client.close()
            raise
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def open_main(self, timeout: float) -> float:
        """Connect the main channel's socket; the seconds it took. Running the client does the rest.

        ConnectError, DeadlineError.
        """
        started = time.monotonic()
        self._open(self.session.main, started + timeout)
        return time.monotonic() - started

    def run_until(
        self, condition: Callable[[], bool], timeout: float, waiting_for: str = "", *, spent: float = 0.0
    ) -> None:
        """Serve all channels until the condition is true; DeadlineError after ``timeout`` seconds.

        So many of them were ``spent`` before the call.
        """
        deadline = time.monotonic() + timeout - spent
        self._flush()
        while not condition():
            if (rest := deadline - time.monotonic()) <= 0:
                raise self._late(timeout, waiting_for)
            self.run_once(rest)

    def run_for(self, seconds: float) -> None:
        """Serve all channels for so many seconds."""
        deadline = time.monotonic() + seconds
        self._flush()
        while (rest := deadline - time.monotonic()) > 0:
            self.run_once(rest)

    def wait_for_picture(self, *, settle: float, patience: float, timeout: float, spent: float = 0.0) -> None:
        """Serve all channels until the picture is there and still (StillPicture); else DeadlineError.

        ``spent`` is as with ``run_until``.
        """
        still = StillPicture(self.session.display, quiet=settle, patience=patience)
        deadline = time.monotonic() + timeout - spent
        while not still.reached(now := time.monotonic()):
            if now >= deadline:
                if self.session.display.marked:
                    return
                raise self._late(timeout)
            self.run_once(max(0.0, min(deadline, still.deadline() or deadline) - now))

    def run_once(self, timeout: float) -> None:
        """Wait at most so many seconds for anything to happen, and handle it."""
        for channel in self._channels:
            self._selector.modify(channel.sock, channel.events, channel)
        for key, _ in self._selector.select(timeout):
            self._guarded(key.data, key.data.advance)
        for channel in self._channels:
            if not channel.link.channel.resume():
                self._guarded(channel, channel.link.resume)
        for offered in self.session.channels_to_open():
            self._open(offered, time.monotonic() + CONNECT_TIMEOUT_S)

    def pixels(self) -> Pixels:
        """The primary surface as it is now, in its own format; ProtocolError where there is none."""
        return self.session.display.pixels()

    def send_key(self, scancodes: bytes) -> None:
        """Scancode bytes as a keyboard sends them, releases included."""
        self.session.inputs.key(scancodes)
        self._flush()

    def send_position(self, x: int, y: int, buttons: int = 0) -> None:
        """The pointer is there, with these MouseButtons held (client mouse mode)."""
        self.session.inputs.position(x, y, buttons)
        self._flush()

    def send_motion(self, dx: int, dy: int, buttons: int = 0) -> None:
        """The mouse moved by so much (server mouse mode)."""
        self.session.inputs.motion(dx, dy, buttons)
        self._flush()

    def send_press(self, button: int, buttons: int) -> None:
        """A MouseButton went down; ``buttons`` are held from now on."""
        self.session.inputs.press(button, buttons)
        self._flush()

    def send_release(self, button: int, buttons: int) -> None:
        """A MouseButton went up."""
        self.session.inputs.release(button, buttons)
        self._flush()

    def close(self) -> None:
        """Hang up; may be called again."""
        for channel in self._channels:
            self._selector.unregister(channel.sock)
            channel.sock.close()
        self._channels.clear()
        self._selector.close()

    def _late(self, timeout: float, waiting_for: str = "") -> DeadlineError:
        what = waiting_for or self.session.progress() or "the condition"
        return DeadlineError(f"{self.uri}: timed out after {timeout:.3g} s, still waiting for {what}")

    def _flush(self) -> None:
        for channel in self._channels:
            self._guarded(channel, channel.flush)

    def _guarded(self, channel: _ChannelSocket, step: Callable[[], None]) -> None:
        """Do something with a channel, and say of what goes wrong where it did."""
        where = f"{self.uri}, {channel.link.channel.name}"
        try:
            step()
        except ssl.SSLCertVerificationError as error:
            raise ConnectError(f"{self.uri}: certificate not accepted: {error.verify_message}") from error
        except ssl.SSLError as error:
            reason = (error.reason or str(error)).lower().replace("_", " ")
            if channel.handshaking:
                raise ConnectError(f"{self.uri}: no TLS there, or none that fits: {reason}") from error
            raise HangUpError(f"{where}: TLS broke: {reason}") from error
        except OSError as error:
            if channel.handshaking:
                raise ConnectError(f"{self.uri}: TLS handshake: {error.strerror or error}") from error
            raise self._closed(channel, error.strerror or str(error)) from error
        except LinkRefused as error:
            raise LinkRefused(error.code, f"{where}: refused: {error}") from error
        except ProtocolError as error:
            raise ProtocolError(f"{where}: {error}") from error
        if channel.ended:
            raise self._closed(channel, "")

    def _closed(self, channel: _ChannelSocket, reason: str) -> HangUpError:
        """What to tell the user of a channel that has ended."""
        where = f"{self.uri}, {channel.link.channel.name}"
        if not channel.link.answered and not reason:
            return HangUpError(
                f"{where}: the server hung up without an answer (a TLS port, or another protocol?)"
            )
        if not channel.link.linked:
            return HangUpError(f"{where}: the server hung up within the link stage{reason and f': {reason}'}")
        self._listen_for_last_words()
        words = self.session.main.last_words or channel.link.channel.last_words or reason
        return HangUpError(f"{where}: the server closed the connection{words and f': {words}'}")

    def _listen_for_last_words(self) -> None:
        main = next((each for each in self._channels if each.link.channel is self.session.main), None)
        deadline = time.monotonic() + LAST_WORDS_S
        while main is not None and not (main.ended or self.session.main.last_words):
            if (rest := deadline - time.monotonic()) <= 0:
                return
            try:
                with selectors.DefaultSelector() as only:
                    only.register(main.sock, selectors.EVENT_READ)
                    if only.select(rest):
                        main.advance()
            except (OSError, LinkRefused, ProtocolError):
                return

    def _open(self, channel: ClientChannel, deadline: float) -> None:
        """Connect a channel's socket; the link stage goes on by itself."""
        link = ChannelLink(channel, session_id=self.session.main.session_id or 0, encrypt=self._encrypt)
        sock = self._connected(deadline)
        try:
            sock.setblocking(False)
            if self._context is not None:
                sock = self._context.wrap_socket(
                    sock, server_hostname=self.uri.host, do_handshake_on_connect=False
                )
        except (OSError, ValueError) as error:
            sock.close()
            raise ConnectError(f"{self.uri}: cannot begin TLS: {error}") from error
        end = _ChannelSocket(sock, link, self._check_subject)
        self._channels.append(end)
        self._selector.register(sock, end.events, end)

    def _connected(self, deadline: float) -> socket.socket:
        rest = max(0.001, deadline - time.monotonic())
        try:
            if self.uri.unix_path is not None:
                sock = socket.socket(socket.AF_UNIX)
                sock.settimeout(rest)
                sock.connect(self.uri.unix_path)
                return sock
            sock = socket.create_connection((self.uri.host, self.uri.tls_port or self.uri.port), rest)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except TimeoutError as error:
            raise DeadlineError(f"{self.uri}: timed out while connecting: no answer") from error
        except UnicodeError as error:
            raise ConfigError(f"{self.uri.host!r} is no host name") from error
        except OSError as error:
            raise ConnectError(f"cannot connect to {self.uri}: {error.strerror or error}") from error

    def _check_subject(self, sock: ssl.SSLSocket) -> None:
        if self._subject is not None and (found := subject_of(sock.getpeercert())) != self._subject:
            raise ConnectError(
                f"{self.uri}: the certificate is for {subject_text(found)!r}, not for {self._tls.subject!r}"
            )


def _tls_context(options: TlsOptions) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(f"{options.ca_file}: cannot read the CA certificates: {reason}") from error
    context.check_hostname = options.checks_host
    return context
