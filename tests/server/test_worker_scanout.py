"""Hosts that render by themselves: their buffer takes the primary surface's place, each draw is completed once."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from gspice.geometry import Rect
from gspice.server import worker_messages as m
from gspice.server.owned_descriptors import OwnedDescriptors
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.cursor import CursorInit, CursorReset
from gspice.wire.messages.display import DisplayMark, DisplaySurfaceCreate, DisplaySurfaceDestroy
from gspice.wire.messages.draw import DisplayCopy, DisplayFill
from gspice.wire.types import BrushSolid
from tests.server.scanouts import XR24, HostBuffer
from tests.server.worker_rig import INIT, LinkedPeer, WorkerRig, colors, open_descriptors, worker_rig

ALL = Rect(0, 0, 64, 48)
BLUE, GREEN, RED = 0x0000FF, 0x00FF00, 0xFF0000
WIDTH, HEIGHT = 40, 30
FRAME = Rect(0, 0, WIDTH, HEIGHT)


@pytest.fixture
def rig() -> Iterator[WorkerRig]:
    with worker_rig() as rig:
        yield rig


@pytest.fixture
def host() -> Iterator[HostBuffer]:
    host = HostBuffer(WIDTH, HEIGHT)
    host.fill(255, 0, 0, 0)
    yield host
    host.close()


def seen(rig: WorkerRig) -> tuple[int, int, set[int]] | None:
    """Size and colours of what clients see."""
    pixels = rig.call(m.Snapshot())
    return pixels and (pixels.width, pixels.height, colors(pixels))


def send(rig: WorkerRig, *messages: object) -> None:
    for message in messages:
        rig.worker.dispatcher.send(message)
    rig.call(m.ReadStatistics())


OFF = m.GlScanout(OwnedDescriptors(), 0, 0, (), (), 0, 0, False)


def test_the_picture_changes_at_each_draw_and_there_alone(rig: WorkerRig, host: HostBuffer) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    rig.idle(driver)
    send(rig, host.message())
    assert seen(rig) == (WIDTH, HEIGHT, {0}), "nothing was drawn yet"
    send(rig, m.GlDraw(Rect(0, 0, 1, 1), 1))
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE}), "the first draw shows all of a new buffer"
    host.fill(0, 255, 0, 0)
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE})
    send(rig, m.GlDraw(Rect(-5, 10, 20, 999), 2))
    pixels = rig.call(m.Snapshot())
    rows = np.frombuffer(pixels.data, "<u4").reshape(HEIGHT, WIDTH) & 0xFFFFFF
    assert np.all(rows[10:, :20] == GREEN) and np.count_nonzero(rows == GREEN) == 20 * 20
    driver.fill(ALL, GREEN)
    rig.idle(driver)
    assert rig.device.named("async_complete")[-2:] == [(1,), (2,)]
    send(rig, OFF)
    assert seen(rig) == (64, 48, {GREEN}), "the guest went on drawing behind it"
    rig.until(lambda: rig.primaries[-3:] == [(64, 48, True), (WIDTH, HEIGHT, True), (64, 48, True)])


def pixels_of(peer: LinkedPeer) -> tuple[Rect, set[int]]:
    """The next image that a client gets."""
    fill = peer.receive_type(DisplayFill)
    assert isinstance(fill, DisplayFill) and isinstance(fill.brush, BrushSolid)
    return fill.base.box, {fill.brush.color}


def test_clients_see_one_surface_after_the_other(rig: WorkerRig, host: HostBuffer) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    rig.idle(driver)
    peer = rig.connect()
    peer.send(INIT)
    peer.receive_type(DisplayMark)
    send(rig, host.message(), m.GlDraw(FRAME, 1))
    peer.receive_type(DisplaySurfaceDestroy)
    created = peer.receive_type(DisplaySurfaceCreate)
    assert isinstance(created, DisplaySurfaceCreate)
    assert (created.surface_id, created.width, created.height) == (0, WIDTH, HEIGHT)
    shown = pixels_of(peer)
    if shown == (FRAME, {0}):  # nothing was drawn yet when this was captured
        shown = pixels_of(peer)
    assert shown == (FRAME, {BLUE})
    host.fill(0, 255, 0, 0)
    send(rig, m.GlDraw(Rect(1, 2, 3, 4), 2))
    assert pixels_of(peer) == (Rect(1, 2, 3, 4), {GREEN})
    late = rig.connect(token="late")
    late.send(INIT)
    picture = late.receive_type(DisplayCopy)
    assert isinstance(picture, DisplayCopy) and picture.base.box == FRAME
    send(rig, OFF)
    assert pixels_of(peer) == (ALL, {RED})
    for each in (peer, late):
        each.close()


def test_another_buffer_of_the_same_size_keeps_the_surface(rig: WorkerRig, host: HostBuffer) -> None:
    rig.boot()
    peer = rig.connect()
    peer.send(INIT)
    peer.receive_type(DisplayMark)
    send(rig, host.message(), m.GlDraw(FRAME, 1))
    peer.receive_type(DisplaySurfaceCreate)
    assert pixels_of(peer)[0] == FRAME
    other = HostBuffer(WIDTH, HEIGHT)
    before = open_descriptors()
    for cookie in range(2, 20):
        other.fill(cookie, 0, 0, 0)
        send(rig, other.message(), m.GlDraw(Rect(0, 0, 1, 1), cookie))
        assert pixels_of(peer) == (FRAME, {cookie})
    assert open_descriptors() == before, "buffers that were shown are given back"
    assert rig.primaries.count((WIDTH, HEIGHT, True)) <= 1
    other.close()
    peer.close()


def test_a_scanout_needs_no_primary_surface(rig: WorkerRig, host: HostBuffer) -> None:
    rig.boot(0)
    cursor = rig.connect(ChannelType.CURSOR, token="cursor")
    send(rig, m.GlDraw(FRAME, 1), host.message(), m.GlDraw(FRAME, 2))
    cursor.receive_type(CursorInit)
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE})
    send(rig, m.ResetCursor())
    cursor.receive_type(CursorInit)
    send(rig, OFF, OFF)
    cursor.receive_type(CursorReset)
    assert seen(rig) is None
    send(rig, m.GlDraw(FRAME, 3))
    assert rig.device.named("async_complete")[-3:] == [(1,), (2,), (3,)]
    rig.until(lambda: rig.primaries == [(WIDTH, HEIGHT, True), (0, 0, False)])
    cursor.close()


def test_primary_surfaces_come_and_go_behind_a_scanout(rig: WorkerRig, host: HostBuffer) -> None:
    driver = rig.boot()
    send(rig, host.message(), m.GlDraw(FRAME, 1))
    rig.call(m.DestroySurfaces())
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE})
    driver.set_mode(64, 48)
    rig.until(lambda: rig.device.io_pending is None, driver)
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE})
    send(rig, OFF)
    assert seen(rig) == (64, 48, {0})
    rig.until(lambda: rig.primaries[-1:] == [(64, 48, True)])


def test_buffers_that_cannot_be_read_leave_the_picture_as_it_was(
    rig: WorkerRig, host: HostBuffer, caplog: pytest.LogCaptureFixture
) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    rig.idle(driver)
    before = open_descriptors()
    for cookie in range(5):
        send(rig, host.message(code=0x20202020), m.GlDraw(FRAME, 100 + cookie))
    assert seen(rig) == (64, 48, {RED})
    assert rig.device.named("async_complete")[-5:] == [(100 + n,) for n in range(5)]
    refused = [r for r in caplog.records if "cannot be shown" in r.getMessage()]
    assert len(refused) == 1, "each reason is said once"
    assert open_descriptors() == before


def test_a_buffer_that_goes_away_while_it_is_shown(rig: WorkerRig, caplog: pytest.LogCaptureFixture) -> None:
    host = HostBuffer(WIDTH, HEIGHT)
    host.fill(255, 0, 0, 0)
    rig.boot()
    send(rig, host.message(), m.GlDraw(FRAME, 1))
    os.ftruncate(host.fd, 0)
    send(rig, m.GlDraw(FRAME, 2), m.GlDraw(FRAME, 3))
    assert seen(rig) == (WIDTH, HEIGHT, {BLUE}) and "has 0 bytes" in caplog.text
    assert rig.device.named("async_complete")[-3:] == [(1,), (2,), (3,)]
    host.close()


def test_draws_are_completed_by_a_worker_that_ends_or_has_ended(host: HostBuffer) -> None:
    before = open_descriptors()
    with worker_rig() as rig:
        rig.boot()
        port = rig.worker.port
        port.gl_scanout2((os.dup(host.fd),), WIDTH, HEIGHT, (0,), (4 * WIDTH,), XR24, 0, True)
        port.gl_draw_async(FRAME, 101)
        assert seen(rig) == (WIDTH, HEIGHT, {BLUE})
        rig.worker.dispatcher.send(m.Quit())
        port.gl_draw_async(FRAME, 102)
        rig.worker.dispatcher.send(host.message())
        assert rig.worker.stop_thread()
        port.gl_draw_async(FRAME, 103)
        rig.worker.dispatcher.send(host.message())
        cookies = [cookie for (cookie,) in rig.device.named("async_complete")]
        assert cookies[-3:] == [101, 102, 103] and len(cookies) == len(set(cookies)), "each once"
    assert open_descriptors() <= before
