"""Listening sockets: TCP, TLS and UNIX. Each accepted connection is handed on as a transport."""

import errno
import logging
import os
import socket
import ssl
import stat
from collections.abc import Callable
from enum import IntEnum

from gspice.errors import ConfigError
from gspice.server.transport import NOTHING, Address, PlainTransport, TlsTransport, Transport
from gspice.vdi.core import CoreInterface, WatchEvent

log = logging.getLogger(__name__)

BACKLOG = 64
ACCEPTS_PER_TURN = 16
"""Connections taken before the loop gets to serve those that are there."""
PAUSE_MS = 500
"""How long accepting rests when no descriptors are left: the socket stays readable all the while."""
MAX_UNIX_PATH = 107
"""Bytes of a UNIX socket's name that the kernel has room for."""

_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class AddrFlags(IntEnum):
    """SPICE_ADDR_FLAG_*: what kind of address a listener is given."""

    ANY = 0
    IPV4_ONLY = 1
    IPV6_ONLY = 2
    UNIX_ONLY = 4


class Listener:
    """One listening socket on a loop; made by ``listen_tcp``, ``listen_unix`` or ``adopt``.

    ``on_accept`` owns the transport it gets. What goes wrong with one connection never ends the listening.
    """

    def __init__(
        self,
        loop: CoreInterface,
        sock: socket.socket,
        on_accept: Callable[[Transport], None],
        *,
        tls: ssl.SSLContext | None = None,
        unlink: str | None = None,
    ) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._socket = sock
        self._on_accept = on_accept
        self._tls = tls
        self._unlink = unlink
        self._identity = _identity(unlink) if unlink else None
        self._troubled = False
        self._timer = loop.timer_add(self._resume)
        self._watch = loop.watch_add(sock.fileno(), WatchEvent.READ, self._ready)

    @property
    def address(self) -> Address:
        """The address it listens on, with the real port if 0 was asked for."""
        name = self._socket.getsockname()
        return name if isinstance(name, tuple) else os.fsdecode(name)

    @property
    def port(self) -> int | None:
        """The TCP port; None for a UNIX socket."""
        return self.address[1] if isinstance(self.address, tuple) else None

    @property
    def secure(self) -> bool:
        """Whether connections speak TLS."""
        return self._tls is not None

    def close(self) -> None:
        """Stop listening and remove the UNIX socket's file; calling it again does nothing."""
        if self._socket.fileno() < 0:
            return
        self._loop.watch_remove(self._watch)
        self._loop.timer_remove(self._timer)
        self._socket.close()
        self.remove_path()

    def remove_path(self) -> None:
        """Take a UNIX socket out of the file system; nothing of the host is called."""
        # Somebody else may have put a socket of his own there since: that one is not ours to remove.
        if self._unlink and self._identity and _identity(self._unlink) == self._identity:
            try:
                os.unlink(self._unlink)
            except OSError as error:
                log.warning("the socket %s could not be removed: %s", self._unlink, error)

    def _ready(self, events: WatchEvent) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                sock, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno == errno.ECONNABORTED:
                    continue
                self._pause(error)
                return
            self._troubled = False
            self._hand_on(sock, address)
            if self._socket.fileno() < 0:
                return  # closed by the owner meanwhile

    def _hand_on(self, sock: socket.socket, address: object) -> None:
        try:
            transport = (
                PlainTransport(sock, accepted_from=address)
                if self._tls is None
                else TlsTransport(sock, self._tls, accepted_from=address)
            )
        except OSError as error:
            log.info("a connection was lost as it was accepted: %s", error)
            sock.close()
            return
        try:
            self._on_accept(transport)
        except Exception:
            # The loop is the host's: an error in here must not reach it, nor leave the descriptor open.
            log.exception("%s: the connection could not be taken", transport.peer)
            transport.close()

    def _pause(self, error: OSError) -> None:
        if not self._troubled:
            reason = "out of descriptors or memory" if error.errno in _OUT_OF_RESOURCES else "accept failed"
            log.error("%s (%s); new connections wait until there is room again", reason, error)
        self._troubled = True
        self._loop.watch_update_mask(self._watch, NOTHING)
        self._loop.timer_start(self._timer, PAUSE_MS)

    def _resume(self) -> None:
        self._loop.watch_update_mask(self._watch, WatchEvent.READ)


def listen_tcp(
    loop: CoreInterface,
    host: str,
    port: int,
    on_accept: Callable[[Transport], None],
    *,
    flags: int = AddrFlags.ANY,
    tls: ssl.SSLContext | None = None,
) -> Listener:
    """Listen on TCP; ConfigError if it cannot.

    ``host`` '' is every address of the machine, IPv4 and IPv6; ``port`` 0 is a free one.
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"port {port} is not between 0 and 65535")
    failure: OSError | None = None
    for family, address in _candidates(host, port, flags):
        try:
            return Listener(loop, _bound(family, address, dual=not host and not flags), on_accept, tls=tls)
        except OSError as error:
            failure = failure if failure is not None and failure.errno == errno.EADDRINUSE else error
    raise ConfigError(_tcp_problem(host, port, failure, "--tls-port" if tls else "--port")) from failure


def listen_unix(loop: CoreInterface, path: str, on_accept: Callable[[Transport], None]) -> Listener:
    """Listen on a UNIX socket; '@name' is an abstract one. ConfigError if it cannot.

    A socket that a dead server left behind is replaced; one in use, or a file of another kind, is left alone.
    """
    name = os.fsencode(path)
    if not name or len(name) > MAX_UNIX_PATH:
        raise ConfigError(
            f"UNIX socket name {path!r} has {len(name)} bytes; it must have 1 to {MAX_UNIX_PATH}"
        )
    abstract = name.startswith(b"@")
    if not abstract:
        _clear_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(b"\0" + name[1:] if abstract else path)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ConfigError(f"cannot listen on UNIX socket {path}: {error.strerror}") from error
    return Listener(loop, sock, on_accept, unlink=None if abstract else path)


def adopt(
    loop: CoreInterface, fd: int, on_accept: Callable[[Transport], None], *, tls: ssl.SSLContext | None = None
) -> Listener:
    """Listen on a socket that the host has bound, and own it; on ConfigError it is still the host's."""
    sock: socket.socket | None = None
    try:
        sock = socket.socket(fileno=fd)
        sock.listen(BACKLOG)
    except OSError as error:
        if sock is not None:
            sock.detach()
        raise ConfigError(f"descriptor {fd} is no socket that can listen: {error.strerror}") from error
    return Listener(loop, sock, on_accept, tls=tls)


def _candidates(host: str, port: int, flags: int) -> list[tuple[int, tuple[object, ...]]]:
    """What to try to bind, in order."""
    families = {AddrFlags.IPV4_ONLY: socket.AF_INET, AddrFlags.IPV6_ONLY: socket.AF_INET6}
    family = families.get(AddrFlags(flags), socket.AF_UNSPEC)
    try:
        found = socket.getaddrinfo(host or None, port, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"address {host!r} cannot be listened on: {error}") from error
    # For "every address" the IPv6 socket goes first, because it takes IPv4 too.
    found.sort(key=lambda entry: not host and entry[0] != socket.AF_INET6)
    return [(entry[0], entry[4]) for entry in found]


def _bound(family: int, address: tuple[object, ...], *, dual: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not dual))
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _tcp_problem(host: str, port: int, error: OSError | None, option: str) -> str:
    where = f"address {host}, port {port}" if host else f"port {port}"
    if error is None:
        return f"{where}: the name has no address"
    problems = {
        errno.EADDRINUSE: f"address already in use: port {port}; choose another with {option}",
        errno.EACCES: f"no permission to listen on port {port}; choose one above 1023 with {option}",
        errno.EADDRNOTAVAIL: f"address {host} is not one of this machine's; choose another with --addr",
    }
    return problems.get(error.errno or 0, f"cannot listen on {where}: {error.strerror or error}")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _clear_stale(path: str) -> None:
    """Remove a socket that nobody listens on any more; ConfigError if what is there must stay."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"cannot listen on UNIX socket {path}: {error.strerror}") from error
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"{path} exists and is no socket: remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            pass
        except BlockingIOError:
            raise ConfigError(f"address already in use: {path}; another server listens there") from None
        except OSError as error:
            raise ConfigError(f"cannot listen on UNIX socket {path}: {error.strerror}") from error
        else:
            raise ConfigError(f"address already in use: {path}; another server listens there")
    try:
        os.unlink(path)
    except OSError as error:
        raise ConfigError(f"the old socket {path} cannot be removed: {error.strerror}") from error
