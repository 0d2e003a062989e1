"""The byte streams under the protocol: a non-blocking socket, plain or TLS. Nothing here waits."""

import contextlib
import ipaddress
import os
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from gspice.vdi.core import WatchEvent

Buffer = bytes | bytearray | memoryview
Address = tuple[Any, ...] | str

IOV_MAX = min(1024, os.sysconf("SC_IOV_MAX"))
"""Most buffers that one sendmsg takes."""
KEEPALIVE_IDLE_S = 600
"""Idle seconds before the kernel asks whether the peer is still there."""
TLS_CHUNK = 64 * 1024
"""Plain bytes encrypted at a time: what is encrypted waits in memory until the socket takes it."""
RECEIVE_SIZE = 64 * 1024
DISCARD_READS = 4
"""Reads that one ``discard`` makes, so that a peer that never stops sending cannot hold the loop."""

NOTHING = WatchEvent(0)

_TLS_HANDSHAKE = 22
"""Content type of the record that every TLS connection begins with."""
_CREDENTIALS = struct.Struct("iII")
"""Process, user and group of a UNIX socket's peer, as the kernel gives them (struct ucred)."""


class Transport(ABC):
    """One connected stream socket, made non-blocking; it owns the descriptor until ``close``.

    Failures of the socket or of TLS are OSError: the connection is dead, and all that is left is ``close``.
    ``accepted_from`` is the address that accept gave: of a peer that has reset already nobody else knows it.
    """

    secure = False
    """What goes over the network is encrypted."""

    def __init__(self, sock: socket.socket, *, accepted_from: Any = None) -> None:
        sock.setblocking(False)
        self._socket = sock
        self.local = sock.family == socket.AF_UNIX
        """The peer is on this machine, behind a UNIX socket."""
        self.local_address: Address = _address(sock.getsockname())
        self.peer_address: Address = "" if self.local else _address(accepted_from or _peer_name(sock))
        self.peer = _text(self.peer_address)
        """The peer's address and port, for the log."""
        self.peer_group = _unix_group(sock) if self.local else _group(self.peer_address)
        """What peers are told apart by when they are counted.

        The address, or for IPv6 its /64 network; behind a UNIX socket, the user.
        """
        if not self.local:
            _set_tcp_options(sock)

    def fileno(self) -> int:
        """The descriptor to watch; -1 once closed."""
        return self._socket.fileno()

    def handshake(self) -> bool:
        """Go on with what precedes the first byte; True once data can flow, else see ``wants``."""
        return True

    def wants(self) -> WatchEvent:
        """What the transport itself waits for: nothing once data can flow and nothing encrypted is left over.

        When WRITE comes and there is nothing to send, call ``send`` with no buffers.
        """
        return NOTHING

    @property
    def pending(self) -> bool:
        """``receive`` can still give bytes that the socket is rid of: no readiness will announce them."""
        return False

    @abstractmethod
    def receive(self, size: int = RECEIVE_SIZE) -> bytes | None:
        """At most ``size`` bytes that have come; b"" at the end of the stream, None if there are none yet."""

    @abstractmethod
    def send(self, buffers: Sequence[Buffer]) -> int:
        """How many bytes of the buffers were taken, from the start; 0 when the socket is full."""

    def shutdown(self) -> None:
        """Tell the peer that no more will come; what it sends can still be read."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give the descriptor back; calling it again does nothing. Remove its watches first."""
        self._socket.close()


class PlainTransport(Transport):
    """Bytes as they are."""

    def receive(self, size: int = RECEIVE_SIZE) -> bytes | None:
        return _receive(self._socket, size)

    def send(self, buffers: Sequence[Buffer]) -> int:
        return _send(self._socket, buffers)


class TlsTransport(Transport):
    """TLS over the socket, server end.

    The TLS engine works on memory, and this class moves its bytes: so a read that must first write, or a
    write that must first read, needs no case of its own, and no write can raise SIGPIPE.
    """

    secure = True

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, accepted_from: Any = None) -> None:
        super().__init__(sock, accepted_from=accepted_from)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ready = False
        self._first = b""
        """The first byte that came, which tells TLS from what is none."""
        self._unsent: memoryview = memoryview(b"")

    @property
    def version(self) -> str:
        """The TLS version and cipher that were agreed on, for the log."""
        cipher = self._tls.cipher()
        return f"{self._tls.version()} {cipher[0] if cipher else ''}".strip()

    def handshake(self) -> bool:
        while not self._ready:
            try:
                self._tls.do_handshake()
                self._ready = True
            except ssl.SSLWantReadError:
                if not self._pull(RECEIVE_SIZE):
                    break
            except ssl.SSLError as error:
                with contextlib.suppress(OSError):
                    self._push()  # the alert that tells the peer why
                raise ConnectionAbortedError(self._handshake_problem(error)) from error
        self._push()
        return self._ready

    def _handshake_problem(self, error: ssl.SSLError) -> str:
        if self._first and self._first[0] != _TLS_HANDSHAKE:
            return "the peer does not speak TLS, and this is the TLS port"
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return "the peer hung up within the TLS handshake"
        return f"TLS handshake failed: {_tls_reason(error)}"

    def wants(self) -> WatchEvent:
        wants = NOTHING if self._ready else WatchEvent.READ
        return wants | WatchEvent.WRITE if self._unsent else wants

    @property
    def pending(self) -> bool:
        return self._ready and bool(self._tls.pending() or self._incoming.pending)

    def receive(self, size: int = RECEIVE_SIZE) -> bytes | None:
        while True:
            try:
                data = self._tls.read(size)
            except ssl.SSLWantReadError:
                if self._pull(size):
                    continue
                data = None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                data = b""
            except ssl.SSLError as error:
                raise ConnectionAbortedError(f"TLS broke: {_tls_reason(error)}") from error
            with contextlib.suppress(OSError):
                # Reading may have made answers, such as a key update; a peer that is gone needs none.
                self._push()
            return data

    def send(self, buffers: Sequence[Buffer]) -> int:
        # A chunk is encrypted only after the socket took all of the one before: so memory stays bounded.
        taken = 0
        for chunk in _chunks(buffers, TLS_CHUNK):
            if not self._push():
                return taken
            try:
                taken += self._tls.write(chunk)
            except ssl.SSLError as error:
                raise ConnectionAbortedError(f"TLS broke: {_tls_reason(error)}") from error
        self._push()
        return taken

    def _pull(self, size: int) -> bool:
        """Move bytes from the socket to the engine; False if there are none yet."""
        data = _receive(self._socket, max(size, RECEIVE_SIZE))
        if data is None:
            return False
        if data:
            self._first = self._first or data[:1]
            self._incoming.write(data)
        elif self._incoming.eof:
            return False
        else:
            self._incoming.write_eof()
        return True

    def _push(self) -> bool:
        """Move bytes from the engine to the socket; True if none are left."""
        while self._unsent or self._outgoing.pending:
            if not self._unsent:
                self._unsent = memoryview(self._outgoing.read())
            sent = _send(self._socket, [self._unsent])
            self._unsent = self._unsent[sent:]
            if not sent:
                return False
        return True

    def shutdown(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._ready:
                self._tls.unwrap()  # makes the closing alert; that no answer came yet is the error suppressed
        with contextlib.suppress(OSError):
            self._push()
        super().shutdown()


def discard(transport: Transport) -> bool:
    """Throw away what the peer still sends; True when it sends no more.

    Closing a socket with unread bytes in it resets the connection, and a reset can destroy our last words.
    """
    try:
        for _ in range(DISCARD_READS):
            data = transport.receive()
            if not data:
                return data is not None
    except OSError:
        return True
    return False


def _receive(sock: socket.socket, size: int) -> bytes | None:
    try:
        return sock.recv(size)
    except (BlockingIOError, InterruptedError):
        return None


def _send(sock: socket.socket, buffers: Sequence[Buffer]) -> int:
    if not buffers:
        return 0
    try:
        return sock.sendmsg(buffers[:IOV_MAX], (), socket.MSG_NOSIGNAL)
    except (BlockingIOError, InterruptedError):
        return 0


def _chunks(buffers: Sequence[Buffer], size: int) -> Iterator[memoryview]:
    """The buffers in pieces of at most ``size``, none of which holds parts of two buffers.

    Each piece becomes TLS records of its own. spice-gtk looks for its next message only when the socket itself is
    readable: of two messages in one record the second lies in its TLS engine, unseen until something else comes.
    """
    for buffer in buffers[:IOV_MAX]:
        view = memoryview(buffer).cast("B")
        for start in range(0, len(view), size):
            yield view[start : start + size]


def _tls_reason(error: ssl.SSLError) -> str:
    """What OpenSSL says, without the names of its libraries and the lines of its source."""
    return (error.reason or "reason unknown").lower().replace("_", " ")


def _set_tcp_options(sock: socket.socket) -> None:
    # A socket handed over by the host need not be TCP (a vsock, say): then it can do without these.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)


def _peer_name(sock: socket.socket) -> Address:
    try:
        name: Address = sock.getpeername()
    except OSError:
        # It hung up between accept and here; the first read will say so.
        name = "unknown"
    return name


def _address(name: Any) -> Address:
    """An address as the host sees it: bytes (abstract UNIX names) as text, IPv4 in IPv6's clothes as IPv4."""
    if isinstance(name, bytes):
        return "@" + name[1:].decode(errors="backslashreplace")
    if (
        isinstance(name, tuple)
        and len(name) >= 2
        and isinstance(name[0], str)
        and name[0].startswith("::ffff:")
    ):
        return (name[0].removeprefix("::ffff:"), *name[1:2])
    return tuple(name) if isinstance(name, tuple) else str(name)


def _text(address: Address) -> str:
    if isinstance(address, str):
        return address or "unix"
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _unix_group(sock: socket.socket) -> str:
    """Who is behind a UNIX socket: all peers have the same name there, which is none."""
    try:
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return "unix"
    return f"unix user {_CREDENTIALS.unpack(credentials)[1]}"


def _group(address: Address) -> str:
    if isinstance(address, str):
        return address or "unix"
    try:
        ip = ipaddress.ip_address(str(address[0]).split("%")[0])
    except ValueError:
        return str(address[0])
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network((ip, 64), strict=False))
