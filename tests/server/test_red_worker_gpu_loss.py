"""A worker whose GPU is lost: its clients stay, and all see what they would have seen."""

import pytest

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.pixels import Pixels
from gspice.server import worker_messages as m
from gspice.wire.messages.display import DisplaySurfaceCreate
from gspice.wire.messages.draw import DisplayFill
from tests.gpu.failing_canvas import AheadCanvas, Loss
from tests.server.worker_rig import INIT, worker_rig

ALL = Rect(0, 0, 64, 48)


def story(make_canvas: CpuCanvas | FailoverCanvas) -> tuple[Pixels, int]:
    """What is on the screen at the end, and how many fills a client was told of."""

    def make() -> Canvas:
        return make_canvas

    with worker_rig(make) as rig:
        driver = rig.boot()
        peer = rig.connect()
        peer.send(INIT)
        peer.receive_type(DisplaySurfaceCreate)
        fills = 0
        for step in range(6):
            color = 0x10203 * (step + 1)
            driver.fill(ALL if step < 2 else Rect(8 * step, 4, 64, 40), color)
            rig.idle(driver)
            shown = None
            while shown != color:
                fill = peer.receive_type(DisplayFill)
                shown = fill.brush.color  # type: ignore[attr-defined]
            fills += 1
        pixels = rig.call(m.Snapshot())
        assert rig.closed == []
        peer.close()
        return pixels, fills


@pytest.mark.parametrize("loss", Loss)
def test_a_loss_at_any_call_costs_no_client_and_no_pixel(loss: Loss) -> None:
    want = story(CpuCanvas())
    whole = AheadCanvas()
    assert story(FailoverCanvas(whole, CpuCanvas(), JournalLimits(commands=6))) == want
    assert want[1] == 6 and whole.calls > 8
    for at in range(0, whole.calls, 3):
        canvas = FailoverCanvas(AheadCanvas(at, loss), CpuCanvas(), JournalLimits(commands=6))
        assert story(canvas) == want
