"""The replay host: a recording through device, driver and worker, with and without a client."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gspice.cli.screenshot import take_picture
from gspice.client.tls import TlsOptions
from gspice.geometry import Point, Rect
from gspice.hosts.replay import LINGER_S, ReplayHost
from gspice.hosts.replay_picture import picture_hash
from gspice.pixels import Pixels
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
    RecordingError,
)
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer

DATA = Path(__file__).parent.parent / "data"
FIRMWARE = "d83751ecf606836ffcc2b5c6df9bfd832c1a692057ee969d2a8df21bb145b481"
XORG = "39d375a1e7c564c0197d3260a6f656f3fd56c688ba49bc69242b79eee97aed80"


def server() -> SpiceServer:
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0, renderer="cpu"))
    server.tickets.set_noauth()
    return server


class Clock:
    """Time that goes on only where the test lets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def primary(width: int = 64, height: int = 48) -> RecordedMessage:
    surface = RecordedPrimary(width=width, height=height, stride=4 * width, format=32)
    return RecordedMessage(0, MessageNumber.CREATE_PRIMARY, 5_000_000_000, surface)


def fill(color: int, seconds: float = 5.0) -> RecordedCommand:
    op = ops.Fill(ops.Brush(1, color), 8, ops.Mask())
    drawable = ops.Drawable(surface_id=0, bbox=Rect(0, 0, 64, 48), op=op)
    return RecordedCommand(0, 1, int(seconds * 1e9), drawable)


def first_pixel(picture: Pixels | None) -> int:
    assert picture is not None
    return int.from_bytes(picture.data[:3], "little")


@pytest.mark.parametrize(("name", "digest"), [("firmware", FIRMWARE), ("qxl-xorg", XORG)])
def test_a_real_recording_ends_with_its_picture(name: str, digest: str) -> None:
    with RecordingReader(DATA / f"{name}.rec.zst") as events:
        host = ReplayHost(server(), iter(events), real_time=False)
        try:
            host.run()
        finally:
            host.close()
    assert host.error is None
    assert host.picture is not None and picture_hash(host.picture) == digest
    assert not host.guest.skipped


def test_a_client_sees_the_last_picture() -> None:
    events: list[RecordedEvent] = [primary(), *map(fill, range(500)), fill(0x123456)]
    host = ReplayHost(server(), iter(events), real_time=False, wait=True, stay=True)
    pictures: list[Pixels] = []

    def look() -> None:
        try:
            uri = f"spice://127.0.0.1:{host.server.port}"
            # No picture before the recording begins, and that waits for a client.
            pictures.append(take_picture(uri, password="", tls=TlsOptions(), timeout=20, settle=0.2))
        finally:
            host.stop()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        host.run()
    finally:
        thread.join(30)
        host.close()
    assert [first_pixel(picture) for picture in pictures] == [0x123456]


def test_real_time_is_kept() -> None:
    clock = Clock()
    events: list[RecordedEvent] = [primary(), fill(1, 5.0), fill(2, 5.5), fill(3, 7.0)]
    host = ReplayHost(server(), iter(events), real_time=True, clock=clock)
    read_all(host)
    try:
        seen = []
        for now in (1000.0, 1000.4, 1000.51, 1001.9, 1002.01):
            clock.now = now
            for _ in range(5):
                host.loop.run_once(0)
            picture = host.server.snapshot(host.device)
            seen.append((first_pixel(picture), host.ended))
    finally:
        host.close()
    assert seen == [(1, False), (1, False), (2, False), (2, False), (3, True)]


def read_all(host: ReplayHost) -> None:
    """Wait until its few events are in memory."""
    assert host._ahead is not None
    host._ahead._thread.join(20)


def test_long_gaps_are_cut_and_told_and_clocks_that_jump_do_no_harm() -> None:
    clock, notes = Clock(), list[str]()
    events: list[RecordedEvent] = [primary(), fill(1, 5.0), fill(2, 3e9), fill(3, 1.0), fill(4, 2.0)]
    host = ReplayHost(server(), iter(events), real_time=True, clock=clock, note=notes.append)
    read_all(host)
    seen = []
    try:
        for now in (1000.0, 1059.9, 1060.01, 1061.01):
            clock.now = now
            for _ in range(5):
                host.loop.run_once(0)
            seen.append((first_pixel(host.server.snapshot(host.device)), host.ended))
    finally:
        host.close()
    assert seen == [(1, False), (1, False), (3, False), (4, True)]
    assert notes == ["nothing happens for 2999999995 s before event 0: 60 s are waited"]


def test_a_file_that_stalls_keeps_nobody_waiting() -> None:
    stalled, go_on = threading.Event(), threading.Event()

    def events() -> Iterator[RecordedEvent]:
        yield primary()
        yield fill(5)
        stalled.set()
        go_on.wait(30)
        yield fill(6)

    host = ReplayHost(server(), events(), real_time=False)
    try:
        assert stalled.wait(20)
        while host.driver.size == (0, 0):
            host.loop.run_once(1)
        host.stop()
        host.run()
        assert not host.ended and first_pixel(host.picture) == 5
    finally:
        host.close()
        go_on.set()


def test_damage_ends_the_replay_with_what_came_before() -> None:
    def events() -> Iterator[RecordedEvent]:
        yield primary()
        yield fill(7)
        raise RecordingError(99, "no more")

    host = ReplayHost(server(), events(), real_time=False)
    try:
        host.run()
    finally:
        host.close()
    assert isinstance(host.error, RecordingError) and host.error.position == 99
    assert first_pixel(host.picture) == 7


def test_it_waits_for_a_client_and_can_be_stopped() -> None:
    host = ReplayHost(server(), iter([primary()]), real_time=False, wait=True)
    try:
        host.loop.run_once(0.01)
        assert host.driver.size == (0, 0)
        host.stop()
        host.run()
    finally:
        host.close()
    assert not host.ended and host.picture is None


def test_what_was_drawn_before_a_stop_is_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    endless: Iterator[RecordedEvent] = itertools.chain([primary()], map(fill, itertools.count(5)))
    host = ReplayHost(server(), endless, real_time=False)
    take = host.guest.take

    def take_and_stop(event: RecordedEvent) -> None:
        take(event)
        if event == fill(6):
            host.stop()

    monkeypatch.setattr(host.guest, "take", take_and_stop)
    try:
        host.run()
    finally:
        host.close()
    assert not host.ended and first_pixel(host.picture) >= 5


def test_without_a_client_it_does_not_linger() -> None:
    clock = Clock()
    host = ReplayHost(server(), iter([]), real_time=False, clock=clock)
    try:
        host.run()  # would never return: the clock stands still
    finally:
        host.close()
    assert host.ended and host.picture is None
    assert LINGER_S > 0


def test_a_bug_in_the_replay_does_not_hang() -> None:
    def events() -> Iterator[RecordedEvent]:
        yield primary()
        raise ZeroDivisionError

    host = ReplayHost(server(), events(), real_time=False)
    try:
        host.run()
    finally:
        host.close()
    assert host.picture is None


def test_pointer_and_busy_rings() -> None:
    moves = [RecordedCommand(0, 3, 0, ops.CursorMove(Point(x, 0))) for x in range(300)]
    host = ReplayHost(server(), itertools.chain([primary()], moves, [fill(9)]), real_time=False)
    try:
        host.run()
        counters = host.server.statistics(host.device)
    finally:
        host.close()
    assert counters["CursorMove"] == 300
    assert first_pixel(host.picture) == 9
