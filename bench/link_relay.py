"""A slow link on this machine: a TCP relay with a rate, a delay and a queue, between any client and any server.

``python -m bench.link_relay --listen 5999 --to localhost:5930 --rate 10M --delay 40ms --queue 256k``, or in a benchmark
``with LinkRelay(("localhost", 5930), rate=10e6 / 8, delay=0.040, queue=256 << 10) as relay:`` and connect to its port.

One relay is one link: all its connections, as the channels of a SPICE client are, share one bottleneck each way. A full
queue stops reading, as a link without loss would, and the sender's own TCP feels it. Setting up a connection is not
delayed, and there is neither loss nor slow start: what is measured is the queueing above TCP.
"""

import argparse
import errno
import select
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType

from bench.link_queue import SEGMENT, LinkQueue

TICK = 0.0005
"""Seconds of events that are handled together: this keeps the relay cheap, and is its error of time."""
RECEIVE_SECONDS = 0.004
"""Of the rate, what the kernel may hold on the way in, unseen by the queue."""
LEAST_RECEIVE, MOST_RECEIVE = 4 << 10, 1 << 20
MAX_UNTAKEN = 64 << 10
"""Bytes that a receiver has not taken, beyond which nothing more is read for it."""


@dataclass(slots=True)
class Connection:
    """Bytes that arrived on one connection, ``up`` at the server and ``down`` at the client."""

    client_port: int
    up: int = 0
    down: int = 0
    open: bool = True


class _End:
    """One of the two sockets of a connection, and what has arrived for it."""

    def __init__(self, sock: socket.socket, connection: Connection, queue: "LinkQueue[Parcel]") -> None:
        self.sock = sock
        self.connection = connection
        self.queue = queue
        """For what is read from it."""
        self.other: _End = self
        self.connected = True
        self.exhausted = False
        """Nothing more comes from it."""
        self.untaken: deque[bytes] = deque()
        self.untaken_bytes = 0
        self.finished = False
        """Nothing more goes to it."""

    def fileno(self) -> int:
        return self.sock.fileno()

    def write(self) -> None:
        """Write what it takes; an empty piece is the end of the stream."""
        if not self.connected:
            if failure := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(failure, errno.errorcode.get(failure, "connect"))
            self.connected = True
        while self.untaken:
            data = self.untaken[0]
            if not data:
                self.finished = True
                self.untaken.clear()
                self.sock.shutdown(socket.SHUT_WR)
                return
            try:
                count = self.sock.send(data)
            except BlockingIOError:
                return
            self.untaken_bytes -= count
            self.untaken[0] = data[count:]
            if count == len(data):
                self.untaken.popleft()


Parcel = tuple[_End, bytes]
"""Where to, and what."""


class LinkRelay:
    """The link, from ``with`` to its end; rates in bytes a second, delays in seconds one way, queues in bytes.

    ``up`` goes from clients to the server, ``down`` back; their ``rate``, ``delay`` and ``size`` may be set meanwhile.
    """

    def __init__(
        self, target: tuple[str, int], *, rate: float, delay: float, queue: int, port: int = 0
    ) -> None:
        self.up: LinkQueue[Parcel] = LinkQueue(rate, delay, queue)
        self.down: LinkQueue[Parcel] = LinkQueue(rate, delay, queue)
        self.connections: list[Connection] = []
        """In the order in which they came, ended ones too."""
        self._receive = int(min(max(rate * RECEIVE_SECONDS, LEAST_RECEIVE), MOST_RECEIVE))
        found = socket.getaddrinfo(*target, type=socket.SOCK_STREAM)[0]
        self._family, self._target = found[0], found[4]
        self._listener = self._socket(socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._ends: deque[_End] = deque()
        self._stop, self._stopped = socket.socketpair()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._guard, name="link-relay", daemon=True)

    def __enter__(self) -> "LinkRelay":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.close()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def wait(self) -> None:
        """Go on until it fails or someone interrupts."""
        self._thread.join()

    def _socket(self, family: int) -> socket.socket:
        # Both are set before there is a connection: later they would not bind its window and its segments.
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        sock.setblocking(False)
        return sock

    def _guard(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failure = error
        finally:
            for sock in [self._listener, self._stopped, *(end.sock for end in self._ends)]:
                sock.close()

    def _run(self) -> None:
        while True:
            now = time.monotonic()
            self._deliver(now)
            sources = [
                end
                for end in self._ends
                if end.connected and not end.exhausted and end.other.untaken_bytes < MAX_UNTAKEN
            ]
            readers = [end for end in sources if end.queue.opens(now) <= now]
            writers = [end for end in self._ends if end.untaken or not end.connected]
            wait = self._wait({end.queue for end in sources}, now)
            watched: list[socket.socket | _End] = [self._listener, self._stopped, *readers]
            readable, writable, _ = select.select(watched, writers, [], wait)
            if self._stopped in readable:
                return
            if self._listener in readable:
                self._accept()
            for end in writable:
                self._write(end)
            self._read(deque(end for end in readable if isinstance(end, _End)))

    def _wait(self, wanted: "set[LinkQueue[Parcel]]", now: float) -> float | None:
        times = [at for queue in (self.up, self.down) if (at := queue.next_arrival()) is not None]
        times += [at for queue in wanted if (at := queue.opens(now)) > now]
        return max(min(times) - now, TICK) if times else None

    def _accept(self) -> None:
        try:
            accepted, address = self._listener.accept()
        except BlockingIOError:
            return
        accepted.setblocking(False)
        upstream = self._socket(self._family)
        connection = Connection(client_port=address[1])
        client, server = _End(accepted, connection, self.up), _End(upstream, connection, self.down)
        client.other, server.other = server, client
        server.connected = False
        for sock in (accepted, upstream):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.append(connection)
        self._ends += (client, server)
        if upstream.connect_ex(self._target) not in {0, errno.EINPROGRESS}:
            self._close(client)

    def _deliver(self, now: float) -> None:
        for queue in (self.up, self.down):
            touched: dict[_End, None] = {}
            for end, data in queue.arrivals(now):
                if end.connection.open:
                    end.untaken.append(data)
                    end.untaken_bytes += len(data)
                    if queue is self.up:
                        end.connection.up += len(data)
                    else:
                        end.connection.down += len(data)
                    touched[end] = None
            for end in touched:
                if end.connected:
                    self._write(end)

    def _write(self, end: _End) -> None:
        if not end.connection.open:
            return
        try:
            end.write()
        except OSError:
            self._close(end)
            return
        if end.finished and end.other.finished:
            self._close(end)

    def _read(self, ends: deque[_End]) -> None:
        """A packet from each in turn, while there is something to read and room."""
        now = time.monotonic()
        while ends:
            end = ends.popleft()
            if not end.connection.open or not end.queue.takes(now):
                continue
            try:
                data = end.sock.recv(end.queue.packet)
            except BlockingIOError:
                continue
            except OSError:
                self._close(end)
                continue
            end.queue.push(len(data), (end.other, data), now)
            if data:
                ends.append(end)
            else:
                end.exhausted = True
        self._ends.rotate(1)  # the last packet that fits is not always the same one's

    def _close(self, end: _End) -> None:
        end.connection.open = False
        for each in (end, end.other):
            self._ends.remove(each)
            each.sock.close()


_RATES = {"k": 1e3, "m": 1e6, "g": 1e9}
_SIZES = {"k": 1 << 10, "m": 1 << 20}
_TIMES = {"ms": 1e-3, "s": 1.0}


def _number(text: str, units: dict[str, float]) -> float:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(digits) :].lower()
    if unit and unit not in units:
        raise argparse.ArgumentTypeError(f"{text}: the unit is one of {', '.join(units)}, not {unit}")
    try:
        return float(digits) * units.get(unit, 1.0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: a number was expected") from None


def bits(text: str) -> float:
    """Bytes a second, of bits such as ``10M``."""
    return _number(text, _RATES) / 8


def seconds(text: str) -> float:
    """Seconds, of ``40ms`` or ``1s``."""
    return _number(text, _TIMES)


def size(text: str) -> int:
    """Bytes, of ``256k``."""
    return int(_number(text, {unit: float(value) for unit, value in _SIZES.items()}))


def address(text: str) -> tuple[str, int]:
    """Host and port, of ``localhost:5930``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: HOST:PORT was expected")
    return host.strip("[]"), int(port)


def main(words: list[str]) -> int:
    """Relay until interrupted, then print what was carried."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.link_relay", description="a slow link on this machine"
    )
    parser.add_argument("--listen", type=int, required=True, metavar="PORT")
    parser.add_argument("--to", type=address, required=True, metavar="HOST:PORT")
    parser.add_argument(
        "--rate", type=bits, default=bits("10M"), metavar="BITS", help="each way, such as 10M"
    )
    parser.add_argument("--delay", type=seconds, default=0.040, metavar="TIME", help="one way, such as 40ms")
    parser.add_argument(
        "--queue", type=size, default=256 << 10, metavar="BYTES", help="each way, such as 256k"
    )
    options = parser.parse_args(words)
    relay = LinkRelay(
        options.to, rate=options.rate, delay=options.delay, queue=options.queue, port=options.listen
    )
    try:
        with relay:
            print(f"listening on port {relay.port}", flush=True)
            relay.wait()
    except KeyboardInterrupt:
        pass
    for connection in relay.connections:
        print(f"from port {connection.client_port}: {connection.up} bytes up, {connection.down} down")
    print(f"longest queue: {relay.up.longest} bytes up, {relay.down.longest} down")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
