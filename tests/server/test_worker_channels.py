"""A worker with clients: channels come, see, are dropped, and are closed with it."""

import gc
from collections.abc import Iterator

import pytest

from gspice.channels.display import CAPS_BYTES
from gspice.geometry import Rect
from gspice.server import worker_messages as m
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import SetAck
from gspice.wire.messages.cursor import CursorInit, CursorMove, CursorReset, CursorSet
from gspice.wire.messages.display import (
    DisplayMark,
    DisplayMonitorsConfig,
    DisplaySurfaceCreate,
    DisplaySurfaceDestroy,
)
from gspice.wire.messages.draw import DisplayFill
from tests.server.worker_rig import INIT, WorkerRig, open_descriptors, our_threads, worker_rig

ALL = Rect(0, 0, 64, 48)


@pytest.fixture
def rig() -> Iterator[WorkerRig]:
    with worker_rig() as rig:
        yield rig


def test_a_display_client_follows_the_device(rig: WorkerRig) -> None:
    driver = rig.boot()
    peer = rig.connect()
    peer.send(INIT)
    assert isinstance(peer.receive(), SetAck), "before all else"
    created = peer.receive_type(DisplaySurfaceCreate)
    assert isinstance(created, DisplaySurfaceCreate) and (created.width, created.height) == (64, 48)
    peer.receive_type(DisplayMark)
    driver.fill(ALL, 0x123456)
    peer.receive_type(DisplayFill)
    driver.set_mode(80, 60)
    peer.receive_type(DisplaySurfaceDestroy)
    peer.receive_type(DisplaySurfaceCreate)
    monitors = peer.receive_type(DisplayMonitorsConfig)
    assert isinstance(monitors, DisplayMonitorsConfig) and monitors.heads[0].width in (64, 80)
    peer.close()


def test_a_cursor_client_follows_the_pointer(rig: WorkerRig) -> None:
    driver = rig.boot()
    peer = rig.connect(ChannelType.CURSOR)
    peer.receive_type(CursorInit)
    driver.set_cursor(0, 1, 1, (0, 0), b"\0\0\0\xff", 5, 6)
    peer.receive_type(CursorSet)
    rig.call(m.SetMouseMode(True))
    driver.move_cursor(7, 8)
    rig.idle(driver)
    rig.call(m.SetMouseMode(False))
    moved = peer.receive_type(CursorMove)
    assert isinstance(moved, CursorMove) and (moved.position.x, moved.position.y) == (7, 8)
    rig.call(m.ResetCursor())
    peer.receive_type(CursorReset)
    peer.receive_type(CursorInit)
    driver.set_mode(32, 32)
    peer.receive_type(CursorReset)
    peer.receive_type(CursorInit)
    peer.close()


def test_the_guest_learns_who_looks_while_its_machine_runs(rig: WorkerRig) -> None:
    rig.boot()
    told = rig.device.named("set_client_capabilities")
    assert told == [(False, bytes(CAPS_BYTES))]
    peer = rig.connect()
    rig.until(lambda: len(rig.device.named("set_client_capabilities")) == 2)
    present, caps = rig.device.named("set_client_capabilities")[1]
    assert present and any(caps)
    peer.close()
    rig.until(lambda: len(rig.device.named("set_client_capabilities")) == 3)
    assert rig.device.named("set_client_capabilities")[2] == told[0]
    rig.call(m.Stop())
    rig.connect(token="later").close()
    rig.until(lambda: len(rig.closed) == 2)
    assert len(rig.device.named("set_client_capabilities")) == 3


def test_hosts_of_an_older_interface_are_not_told_who_looks(rig: WorkerRig) -> None:
    rig.device.minor = 1
    rig.boot()
    rig.connect().close()
    rig.until(lambda: bool(rig.closed))
    assert rig.device.named("set_client_capabilities") == []


def test_dropping_a_client_closes_its_channels_alone(rig: WorkerRig) -> None:
    rig.boot()
    first, second, cursor = rig.connect(token=1), rig.connect(token=2), rig.connect(ChannelType.CURSOR, 3)
    rig.call(m.DisconnectClient(frozenset({1, 3, 99}), "another one came"))
    assert first.wait_closed() and cursor.wait_closed()
    rig.until(lambda: len(rig.closed) == 2)
    assert sorted(rig.closed, key=str) == [(1, "another one came"), (3, "another one came")]
    second.send(INIT)
    second.receive_type(DisplayMark)
    for peer in (first, second, cursor):
        peer.close()


def test_a_client_that_talks_nonsense_is_dropped_and_the_others_stay(rig: WorkerRig) -> None:
    rig.boot()
    bad, good = rig.connect(token="bad"), rig.connect(token="good")
    bad.send_bytes(b"\xff" * 64)
    assert bad.wait_closed()
    rig.until(lambda: bool(rig.closed))
    assert rig.closed[0][0] == "bad"
    good.send(INIT)
    good.receive_type(DisplayMark)
    bad.close()
    good.close()


def test_a_worker_with_clients_ends_and_leaves_nothing() -> None:
    gc.collect()
    before, threads = open_descriptors(), our_threads()
    with worker_rig() as rig:
        rig.boot()
        peers = [rig.connect(token=n) for n in range(5)] + [rig.connect(ChannelType.CURSOR, token=9)]
        peers[0].send(INIT)
        peers[0].receive_type(DisplayMark)
        assert rig.worker.stop_thread()
        assert all(peer.wait_closed() for peer in peers)
        rig.until(lambda: len(rig.closed) == 6)
        told = rig.device.named("set_client_capabilities")
        assert told[-1][0], "a host that ends is not told of each client that goes"
        for peer in peers:
            peer.close()
    assert our_threads() == threads
    assert open_descriptors() == before
