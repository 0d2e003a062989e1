"""The host's calls about memory, surfaces and monitors, as a worker carries them out."""

from collections.abc import Iterator

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.server import worker_messages as m
from gspice.vdi.qxl import Head, MemSlot
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.cursor import CursorInit, CursorReset
from gspice.wire.messages.display import DisplayMark, DisplayMonitorsConfig
from tests.server.worker_rig import INIT, WorkerRig, primary, worker_rig

COOKIE = 77


@pytest.fixture
def rig() -> Iterator[WorkerRig]:
    with worker_rig() as rig:
        yield rig


def test_every_message_about_surfaces_has_its_handler(rig: WorkerRig) -> None:
    rig.call(m.ReadStatistics())
    about = {type(handler.__self__).__name__ for handler in rig.worker._handlers.values()}  # type: ignore[attr-defined]
    assert about == {"RedWorker", "WorkerChannels", "WorkerSurfaces", "WorkerScanout"}


def test_memslots_come_and_go_synchronously_and_with_a_cookie(rig: WorkerRig) -> None:
    rig.boot(0)
    # Slots of the guest's group lie where its own driver has put them: the host's group is free.
    slot = MemSlot(group_id=0, slot_id=1, generation=0, virt_start=4096, virt_end=8192, addr_delta=0)
    port = rig.worker.port
    port.add_memslot(slot)
    port.add_memslot_async(slot, COOKIE)
    port.del_memslot(0, 1)
    with pytest.raises(GuestError):
        rig.call(
            m.AddMemslot(MemSlot(group_id=9, slot_id=0, generation=0, virt_start=0, virt_end=1, addr_delta=0))
        )
    port.reset_memslots()
    with pytest.raises(GuestError):
        rig.call(m.CreatePrimary(0, primary(rig)))
    assert rig.device.named("async_complete")[-1:] == [(COOKIE,)]


def test_clients_are_told_how_many_monitors_there_may_be(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.monitors_config([Head(0, 0, 0, 0, 32, 48), Head(1, 0, 32, 0, 32, 48)])
    rig.until(lambda: rig.device.io_pending is None, driver)
    peer = rig.connect()
    peer.send(INIT)
    peer.receive_type(DisplayMark)
    rig.worker.port.set_device_info("pci/0000/02.0", 0, 1)
    message = peer.receive_type(DisplayMonitorsConfig)
    assert isinstance(message, DisplayMonitorsConfig)
    assert (message.max_allowed, len(message.heads)) == (1, 1)
    peer.close()


def test_the_cursor_channel_begins_anew_with_each_primary_surface(rig: WorkerRig) -> None:
    rig.boot()
    cursor = rig.connect(ChannelType.CURSOR)
    cursor.receive_type(CursorInit)
    for message in (m.ResetCursor(), m.DestroySurface(0)):
        rig.call(message)
        cursor.receive_type(CursorReset)
        if isinstance(message, m.ResetCursor):
            cursor.receive_type(CursorInit)
    rig.call(m.CreatePrimary(0, primary(rig)))
    cursor.receive_type(CursorInit)
    rig.call(m.ResetImageCache())
    rig.call(m.DestroySurfaces())
    cursor.receive_type(CursorReset)
    assert rig.call(m.Snapshot()) is None
    cursor.close()


def test_an_area_of_a_surface_that_is_gone(rig: WorkerRig) -> None:
    rig.boot()
    rig.call(m.DestroyPrimary(0))
    with pytest.raises(GuestError, match="does not exist"):
        rig.call(m.UpdateArea(0, Rect(0, 0, 1, 1), False))
    with pytest.raises(GuestError, match="no primary surface"):
        rig.call(m.DestroyPrimary(0))
