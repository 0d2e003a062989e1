"""A small HTTP listener on the host loop: GET /metrics gives a page, anything else an error, and that is all.

One request on each connection, few connections at a time, each of bounded size and time. Imported only where somebody
has asked for metrics: no host waits for h11 otherwise.
"""

import ipaddress
import logging
from collections.abc import Callable

import h11

from gspice.errors import ConfigError
from gspice.server.listener import listen_tcp, listen_unix
from gspice.server.metrics_address import MetricsAddress
from gspice.server.transport import Transport, discard
from gspice.vdi.core import CoreInterface, WatchEvent

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 16
"""At the same time; one more is closed at once."""
MAX_REQUEST = 8 << 10
"""Bytes of a request's head."""
RECEIVE_SIZE = 4 << 10
TIME_LIMIT_MS = 10_000
"""From the first byte that may come to the last that is taken."""
PATH = b"/metrics"
PLAIN = "text/plain; charset=utf-8"

Page = Callable[[], bytes]


class MetricsListener:
    """Opened at once; ConfigError where it cannot be. ``close`` it."""

    def __init__(
        self, core: CoreInterface, address: MetricsAddress, page: Page, content_type: str = PLAIN
    ) -> None:
        """``page``: called for each request, on the host loop."""
        self._core = core
        self._page = page
        self._content_type = content_type
        self._open: set[_Conversation] = set()
        try:
            if address.unix_path is not None:
                self._listener = listen_unix(core, address.unix_path, self._accepted)
            else:
                self._listener = listen_tcp(core, address.host, address.port, self._accepted)
        except ConfigError as error:
            # What the listeners say of options is about those for clients.
            problem = str(error).partition(";")[0]
            raise ConfigError(
                f"metrics cannot be served at {address}: {problem}; choose another address for them"
            ) from error
        port = self._listener.port
        self.address = MetricsAddress(address.host, port) if port is not None else address
        """With the real port, where 0 was asked for."""
        log.info("metrics are served at %s", self.address)
        if not _is_local(address):
            log.warning("anybody who reaches %s can read the metrics: there is no password", self.address)

    def _accepted(self, transport: Transport) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            log.debug("%s: there are %d connections for metrics already", transport.peer, len(self._open))
            transport.close()
            return
        self._open.add(
            _Conversation(self._core, transport, self._page, self._content_type, self._open.discard)
        )

    def remove_path(self) -> None:
        """Take a UNIX socket out of the file system, for a process that ends; nothing of the host is called."""
        self._listener.remove_path()

    def close(self) -> None:
        """Close the listener and all connections."""
        self._listener.close()
        for conversation in list(self._open):
            conversation.close()


def _is_local(address: MetricsAddress) -> bool:
    """Whether only this machine's own users can connect there."""
    try:
        return address.unix_path is not None or ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.host == "localhost"


class _Conversation:
    """One connection: a request, its answer, the end."""

    def __init__(
        self,
        core: CoreInterface,
        transport: Transport,
        page: Page,
        content_type: str,
        closed: Callable[["_Conversation"], None],
    ) -> None:
        self._core = core
        self._transport = transport
        self._page = page
        self._content_type = content_type
        self._closed = closed
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_REQUEST)
        self._unsent = memoryview(b"")
        self._answered = False
        self._head_only = False
        self._timer = core.timer_add(self.close)
        core.timer_start(self._timer, TIME_LIMIT_MS)
        self._watch = core.watch_add(transport.fileno(), WatchEvent.READ, self._on_ready)

    def _on_ready(self, events: WatchEvent) -> None:
        try:
            if self._answered:
                self._go_on()
            else:
                self._read()
        except OSError as error:
            log.debug("%s: the connection for metrics broke: %s", self._transport.peer, error)
            self.close()
        except Exception:
            # The loop is the host's: an error in here must not reach it.
            log.exception("%s: a request for metrics failed", self._transport.peer)
            self.close()

    def _read(self) -> None:
        data = self._transport.receive(RECEIVE_SIZE)
        if data is None:
            return
        if not data:
            self.close()
            return
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            self._answer(error.error_status_hint, b"this is no request that is understood here\n")
            return
        if isinstance(event, h11.Request):
            self._on_request(event)

    def _on_request(self, request: h11.Request) -> None:
        self._head_only = request.method == b"HEAD"
        if request.target.partition(b"?")[0] != PATH:
            self._answer(404, b"there is nothing but /metrics here\n")
        elif request.method != b"GET":
            self._answer(405, b"metrics can be read, and that is all: GET\n", allow="GET")
        else:
            try:
                page = self._page()
            except Exception:
                log.exception("the metrics could not be gathered")
                self._answer(500, b"the metrics could not be gathered; the server's log says why\n")
                return
            self._answer(200, page, content_type=self._content_type)

    def _answer(self, status: int, body: bytes, *, content_type: str = PLAIN, allow: str = "") -> None:
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
        if allow:
            headers.append(("Allow", allow))
        head = h11.Response(status_code=status, headers=headers)
        data = h11.Data(data=b"" if self._head_only else body)
        parts = [self._http.send(event) for event in (head, data, h11.EndOfMessage())]
        self._unsent = memoryview(b"".join([part for part in parts if part]))
        self._answered = True
        self._go_on()

    def _go_on(self) -> None:
        """Send what is left, then wait for the peer to hang up: closing at once could destroy the last bytes."""
        if self._unsent:
            self._unsent = self._unsent[self._transport.send([self._unsent]) :]
            if not self._unsent:
                self._transport.shutdown()
        elif discard(self._transport):
            self.close()
            return
        self._core.watch_update_mask(self._watch, WatchEvent.WRITE if self._unsent else WatchEvent.READ)

    def close(self) -> None:
        """Give the connection up; calling it again does nothing."""
        if self._transport.fileno() < 0:
            return
        self._core.watch_remove(self._watch)
        self._core.timer_remove(self._timer)
        self._transport.close()
        self._closed(self)
