"""Recordings and canvases for comparisons: canvases that are wrong in one way each."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_sampling import samples
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.recording_events import MessageNumber, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter

WIDTH, HEIGHT = 60, 40
NO_MASK = ops.Mask()
PUT = 8


def drawable(op: ops.Op, box: Rect = Rect(0, 0, WIDTH, HEIGHT), surface_id: int = 0) -> ops.Drawable:  # noqa: B008
    return ops.Drawable(surface_id=surface_id, bbox=box, op=op)


def fill(color: int, box: Rect = Rect(0, 0, WIDTH, HEIGHT), surface_id: int = 0) -> ops.Drawable:  # noqa: B008
    return drawable(ops.Fill(ops.Brush(1, color), PUT, NO_MASK), box, surface_id)


def invers(box: Rect, surface_id: int = 0) -> ops.Drawable:
    return drawable(ops.Invers(NO_MASK), box, surface_id)


def copy(box: Rect, side: int = 8, part: Rect | None = None, surface_id: int = 0) -> ops.Drawable:
    """A bitmap of ``side`` x ``side`` put into the box; scaled where they are of different sizes."""
    image = ops.BitmapImage(
        id=1, flags=0, width=side, height=side, format=BitmapFormat.XRGB32, top_down=True, stride=4 * side,
        data=bytes(number * 37 % 251 for number in range(4 * side * side)),
    )  # fmt: skip
    op = ops.Copy(image, part or Rect(0, 0, side, side), PUT, 0, NO_MASK)
    return drawable(op, box, surface_id)


def off_screen(
    surface_id: int, form: SurfaceFormat = SurfaceFormat.ARGB32, width: int = 16
) -> ops.SurfaceCreate:
    stride = (width * form.bits_per_pixel + 7) // 8
    return ops.SurfaceCreate(surface_id=surface_id, format=form, width=width, height=16, stride=stride)


def record(path: Path, *commands: ops.Command, form: SurfaceFormat = SurfaceFormat.XRGB32) -> Path:
    """A primary of 60x40, event 0, and the commands, events 1 and on."""
    with RecordingWriter(path) as writer:
        stride = WIDTH * form.bits_per_pixel // 8
        primary = RecordedPrimary(width=WIDTH, height=HEIGHT, stride=stride, format=form.value)
        writer.message(MessageNumber.CREATE_PRIMARY, 0, primary)
        for command in commands:
            writer.command(command, 0)
    return path


def usual(count: int = 12) -> list[ops.Command]:
    """Fills, with an inversion as the seventh command."""
    turned = invers(Rect(10, 5, 20, 15))
    return [turned if n == 6 else fill(0x10101 * n, Rect(n % 8, 1, 50, 30)) for n in range(count)]


class Spoils(CpuCanvas):
    """Draws what it is told, and then changes a pixel where ``when`` says so, of the command or of another surface."""

    def __init__(
        self,
        when: Callable[[ops.Drawable, int], bool] = lambda drawable, number: isinstance(
            drawable.op, ops.Invers
        ),
        box: Rect | None = None,
        surface_id: int | None = None,
    ) -> None:
        super().__init__()
        self._when, self._box, self._surface_id = when, box, surface_id
        self._number = 0

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        outcomes = []
        for one in batch:
            outcomes += super().submit([one])
            self._number += 1
            if self._when(one, self._number):
                corner = Rect.sized(one.bbox.left, one.bbox.top, 1, 1)
                target = one.surface_id if self._surface_id is None else self._surface_id
                super().submit([invers(self._box or corner, target)])
        return outcomes


class OnlyInBatches(CpuCanvas):
    """Draws the first command of a batch once more at its end."""

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        outcomes = super().submit(batch)
        if len(batch) > 1:
            super().submit(batch[:1])
        return outcomes


class Rounds(CpuCanvas):
    """Samples ``by`` too much in the lowest channel, where that does not overflow."""

    def __init__(self, by: int = 1) -> None:
        super().__init__()
        self._by = by

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        outcomes = []
        for one in batch:
            outcomes += super().submit([one])
            if samples(one):
                pixels = self.read(one.surface_id, one.bbox)
                data = bytearray(pixels.data)
                data[::4] = bytes(min(255, value + self._by) for value in data[::4])
                image = ops.BitmapImage(
                    id=2, flags=0, width=pixels.width, height=pixels.height, format=BitmapFormat.XRGB32,
                    top_down=True, stride=pixels.stride, data=bytes(data),
                )  # fmt: skip
                area = Rect(0, 0, pixels.width, pixels.height)
                super().submit([drawable(ops.Copy(image, area, PUT, 0, NO_MASK), one.bbox, one.surface_id)])
        return outcomes


class Raises(CpuCanvas):
    """Fails at inversions as no canvas may."""

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        if any(isinstance(one.op, ops.Invers) for one in batch):
            raise RuntimeError("the shader <does> not compile")
        return super().submit(batch)


class Lacks(CpuCanvas):
    """Knows no inversions."""

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        unknown = DrawOutcome((), False, "no such operation")
        return [
            unknown if isinstance(one.op, ops.Invers) else super(Lacks, self).submit([one])[0]
            for one in batch
        ]


class Silent(CpuCanvas):
    """Does not tell where it drew."""

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        return [DrawOutcome((), outcome.drawn, outcome.reason) for outcome in super().submit(batch)]


class Refuses(CpuCanvas):
    """Makes no surfaces of 8 bits."""

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        if spec.format is SurfaceFormat.A8:
            raise GuestError("no surfaces of 8 bits")
        super().create_surface(surface_id, spec, data, stride)


class Unclosable(CpuCanvas):
    """Fails in the very end."""

    def close(self) -> None:
        raise RuntimeError("the context is gone")


class Ticking(CpuCanvas):
    """Takes 5 of the clock's seconds for a batch, and 2 for a read."""

    def __init__(self, clock: "Clock") -> None:
        super().__init__()
        self._clock = clock

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        self._clock.now += 5
        return super().submit(batch)

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        self._clock.now += 2
        return super().read(surface_id, rect)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
