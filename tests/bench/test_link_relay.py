"""The relay on real sockets. Times are only held against what a link cannot be faster than."""

import argparse
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from bench import link_relay
from bench.link_relay import LinkRelay

TIMEOUT = 20.0


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        yield listener


@contextmanager
def pair(listener: socket.socket, relay: LinkRelay) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection through the relay."""
    with socket.create_connection(("127.0.0.1", relay.port), timeout=TIMEOUT) as client:
        server = listener.accept()[0]
        server.settimeout(TIMEOUT)
        with server:
            yield client, server


def relay_to(
    listener: socket.socket, *, rate: float = 1e9, delay: float = 0.0, queue: int = 65536
) -> LinkRelay:
    return LinkRelay(listener.getsockname(), rate=rate, delay=delay, queue=queue)


def read_all(sock: socket.socket) -> bytes:
    pieces = []
    while data := sock.recv(65536):
        pieces.append(data)
    return b"".join(pieces)


def test_both_ways_whole_and_half_closed() -> None:
    up, down = random.Random(1).randbytes(300_001), random.Random(2).randbytes(200_003)
    with listening() as listener, relay_to(listener) as relay:
        with pair(listener, relay) as (client, server):

            def serve() -> None:
                got.append(read_all(server))
                server.sendall(down)
                server.shutdown(socket.SHUT_WR)

            got: list[bytes] = []
            thread = threading.Thread(target=serve)
            thread.start()
            client.sendall(up)
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == down
            thread.join()
            assert got == [up]
        (connection,) = relay.connections
        assert (connection.up, connection.down) == (len(up), len(down))
        assert (relay.up.carried, relay.down.carried) == (len(up), len(down))


def test_a_round_trip_takes_both_delays() -> None:
    with (
        listening() as listener,
        relay_to(listener, delay=0.05) as relay,
        pair(listener, relay) as (client, server),
    ):
        start = time.monotonic()
        client.sendall(b"ping")
        assert server.recv(4) == b"ping"
        assert time.monotonic() - start >= 0.05
        server.sendall(b"pong")
        assert client.recv(4) == b"pong"
        assert time.monotonic() - start >= 0.1


def test_connections_share_one_rate() -> None:
    size, rate = 100_000, 1e6
    with listening() as listener, relay_to(listener, rate=rate, queue=20_000) as relay:
        with pair(listener, relay) as (one, far_one), pair(listener, relay) as (two, far_two):
            start = time.monotonic()
            senders = [
                threading.Thread(target=far.sendall, args=(bytes(size),)) for far in (far_one, far_two)
            ]
            for sender in senders:
                sender.start()
            for near in (one, two):
                left = size
                while left:
                    left -= len(near.recv(left))
            for sender in senders:
                sender.join()
            assert time.monotonic() - start >= 2 * size / rate * 0.99
        assert [connection.down for connection in relay.connections] == [size, size]
        assert 20_000 - 2 * 1448 <= relay.down.longest <= 20_000


def test_a_connection_that_nobody_reads_does_not_stop_another() -> None:
    with (
        listening() as listener,
        relay_to(listener) as relay,
        pair(listener, relay) as (_, far_deaf),
        pair(listener, relay) as (client, server),
    ):
        far_deaf.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                far_deaf.send(bytes(65536))
        server.sendall(b"still here")
        assert client.recv(100) == b"still here"


def test_a_server_that_is_gone_ends_the_connection() -> None:
    with listening() as listener:
        relay = relay_to(listener)
    with relay, socket.create_connection(("127.0.0.1", relay.port), timeout=TIMEOUT) as client:
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
        assert [connection.open for connection in relay.connections] == [False]


def test_a_reset_reaches_the_other_side() -> None:
    with listening() as listener, relay_to(listener) as relay, pair(listener, relay) as (client, server):
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server.close()
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""


def test_words_of_the_command_line() -> None:
    assert link_relay.bits("10M") == 1.25e6
    assert link_relay.bits("800") == 100
    assert link_relay.seconds("40ms") == pytest.approx(0.04)
    assert link_relay.seconds("1.5s") == 1.5
    assert link_relay.size("256k") == 256 << 10
    assert link_relay.address("[::1]:5930") == ("::1", 5930)
    assert link_relay.address("localhost:1") == ("localhost", 1)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (link_relay.bits, "10X"),
        (link_relay.seconds, "fast"),
        (link_relay.size, "k"),
        (link_relay.address, "5930"),
    ],
)
def test_words_that_mean_nothing(parse: type, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        parse(text)
