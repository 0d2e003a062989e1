"""How true the link relay is: throughput, round trips idle and loaded, and what it costs, beside what was asked for."""

import contextlib
import re
import socket
import statistics
import subprocess
import sys
import threading
import time

import psutil

from bench.link_relay import bits, seconds, size
from bench.machine import describe

LINKS = [
    ("1M", "100ms", "32k"),
    ("10M", "40ms", "256k"),
    ("50M", "10ms", "256k"),
    ("50M", "10ms", "1m"),
    ("200M", "1ms", "256k"),
]
"""Rate, one-way delay and queue, as the relay's command line takes them."""
SECONDS = 5.0
PINGS = 40
MESSAGE = bytes(32)
BLOCK = bytes(16 << 10)
SEND_BUFFER = 64 << 10
SOURCE, ECHO = b"s", b"e"


def main() -> None:
    """Print a line for each link. Its queue is filled by one connection while another plays ping-pong."""
    print(describe())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        for link in LINKS:
            _measure(listener.getsockname()[1], *link)


def _measure(target: int, rate: str, delay: str, queue: str) -> None:
    relay = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.link_relay", "--listen=0", f"--to=127.0.0.1:{target}"),
            *(f"--rate={rate}", f"--delay={delay}", f"--queue={queue}"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert relay.stdout is not None
        line = relay.stdout.readline()
        found = re.search(r"port (\d+)", line)
        if found is None:
            raise RuntimeError(f"the relay did not start: {line!r}")
        port = int(found[1])
        with _connect(port, ECHO) as echo:
            idle = _ping_pong(echo)
            with _connect(port, SOURCE) as source:
                full = size(queue) / bits(rate)
                _count(source, time.monotonic() + 1 + 2 * full)
                loaded: list[float] = []
                player = threading.Thread(target=lambda: loaded.extend(_ping_pong(echo, SECONDS)))
                process = psutil.Process(relay.pid)
                before, start = sum(process.cpu_times()[:2]), time.monotonic()
                player.start()
                count, end = _count(source, start + SECONDS)
                cost = (sum(process.cpu_times()[:2]) - before) / (end - start)
                player.join()
    finally:
        relay.terminate()
        relay.wait()
    taken, round_trip = count / (end - start), 2 * seconds(delay)
    carried = taken + len(loaded) * len(MESSAGE) / (end - start)
    print(
        f"{rate:>5}bit/s, {delay} one way, queue {queue:>4}: {100 * carried / bits(rate):.1f} % of the rate; "
        f"idle round trip {1000 * statistics.median(idle):.1f} ms, at most {1000 * max(idle):.1f} "
        f"({1000 * round_trip:.0f} asked); loaded {1000 * statistics.median(loaded):.1f}, at most "
        f"{1000 * max(loaded):.1f} ({1000 * (round_trip + full):.0f} at a full queue); {100 * cost:.0f} % of a core",
        flush=True,
    )


def _connect(port: int, kind: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(kind)
    return client


def _ping_pong(client: socket.socket, limit: float = float("inf")) -> list[float]:
    times: list[float] = []
    begun = time.monotonic()
    while len(times) < PINGS and time.monotonic() - begun < limit:
        start = time.monotonic()
        client.sendall(MESSAGE)
        left = len(MESSAGE)
        while left:
            left -= len(client.recv(left))
        times.append(time.monotonic() - start)
    return times


def _count(client: socket.socket, until: float) -> tuple[int, float]:
    """Bytes that came until about then, and when the last did."""
    count, now = 0, time.monotonic()
    while now < until:
        count += len(client.recv(1 << 16))
        now = time.monotonic()
    return count, now


def _serve(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            client = listener.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_answer, args=(client,), daemon=True).start()


def _answer(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        if client.recv(1) == SOURCE:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            while True:
                client.sendall(BLOCK)
        while data := client.recv(1 << 12):
            client.sendall(data)
