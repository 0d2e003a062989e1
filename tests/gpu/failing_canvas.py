"""A canvas that stands for one on a GPU: right until a chosen call, and then gone for good."""

from collections.abc import Sequence
from enum import Enum

from gspice.errors import GpuLostError
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import Pixels, SurfaceSpec
from gspice.qxl.ops import Brush, Drawable, Fill, Invers, Mask


class Loss(Enum):
    """What has happened to the pixels when the error is raised."""

    BEFORE = "the call did nothing"
    AFTER = "the call was carried out"
    CORRUPT = "all pixels were spoiled, and the call was carried out"


class FailingCanvas(CpuCanvas):
    """Raises ``error`` at call number ``at``, counted from 0, and at all later ones; never where it is None."""

    def __init__(
        self, at: int | None = None, loss: Loss = Loss.BEFORE, error: Exception | None = None
    ) -> None:
        super().__init__()
        self.at, self.loss = at, loss
        self.error = error or GpuLostError("the driver has reset the context")
        self.calls = 0
        self.closed = 0

    def _call(self) -> bool:
        """Count a call; whether it is to fail. One that did nothing fails here."""
        self.calls += 1
        if self.at is None or self.calls <= self.at:
            return False
        if self.calls > self.at + 1 or self.loss is Loss.BEFORE:
            raise self.error
        if self.loss is Loss.CORRUPT:
            for surface_id, spec in super().surfaces().items():
                box = Rect(0, 0, spec.width, spec.height)
                super().submit([Drawable(surface_id=surface_id, bbox=box, op=Invers(Mask()))])
        return True

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        fails = self._call()
        super().create_surface(surface_id, spec, data, stride)
        if fails:
            raise self.error

    def destroy_surface(self, surface_id: int) -> None:
        fails = self._call()
        super().destroy_surface(surface_id)
        if fails:
            raise self.error

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        fails = self._call()
        outcomes = super().submit(batch)
        if fails:
            raise self.error
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        fails = self._call()
        pixels = super().read(surface_id, rect)
        if fails:
            raise self.error
        return pixels

    def close(self) -> None:
        self.closed += 1
        super().close()


class SlowRead:
    """A read that is ready when it was asked for it ``polls`` times."""

    def __init__(self, canvas: "AheadCanvas", data: bytes, polls: int) -> None:
        self._canvas, self._data, self._polls = canvas, data, polls

    def ready(self) -> bool:
        self._canvas.check()
        self._polls -= 1
        return self._polls < 0

    def take(self) -> bytes:
        self._canvas.check()
        self._canvas.waits += self._polls >= 0
        return self._data


class AheadCanvas(FailingCanvas):
    """The same with reads that take their time."""

    polls = 2
    waits = 0

    def check(self) -> None:
        """Another call."""
        if self._call():
            raise self.error

    def start_read(self, surface_id: int, rect: Rect) -> SlowRead:
        return SlowRead(self, self.read(surface_id, rect).data, self.polls)


def fill(surface_id: int, box: Rect, color: int, ropd: int = 8) -> Drawable:
    """A rectangle of one colour."""
    return Drawable(surface_id=surface_id, bbox=box, op=Fill(Brush(1, color), ropd, Mask()))
