"""A canvas on a GPU that may be lost at any moment: the CPU canvas goes on then, with the same pixels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol, runtime_checkable

from gspice.errors import GpuError, GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, CanvasCaps, Changes, DrawOutcome
from gspice.gpu.journal import Checkpoint, Journal, JournalLimits
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import Pixels, SurfaceSpec, row_bytes
from gspice.qxl.ops import Drawable

log = logging.getLogger(__name__)


class PixelRead(Protocol):
    """A read that is under way."""

    def ready(self) -> bool:
        """Whether ``take`` would not wait; never blocks."""

    def take(self) -> bytes:
        """The pixels as they were when the read was started: rows without padding."""


@runtime_checkable
class ReadsAhead(Protocol):
    """A canvas that can start to read and draw on meanwhile."""

    def start_read(self, surface_id: int, rect: Rect) -> PixelRead:
        """Read what the rectangle holds now; what is drawn afterwards is not in it."""


@dataclass(frozen=True, slots=True)
class _Pending:
    checkpoint: Checkpoint
    reads: tuple[PixelRead, ...]


class FailoverCanvas(Canvas):
    """Draws on ``canvas`` until that fails at anything, then on ``fallback``; both are given without surfaces.

    Whatever fails, the call that met it returns what it should. GuestError is no failure, but an answer.
    """

    def __init__(self, canvas: Canvas, fallback: Canvas, limits: JournalLimits | None = None) -> None:
        """``limits``: how much is kept in main memory beside a copy of each surface."""
        self.caps = canvas.caps
        self.lost: str | None = None
        """Why ``fallback`` draws; None while it does not."""
        self.checkpoints = 0
        self.bytes_read_back = 0
        """For checkpoints, since the beginning."""
        self._canvas = canvas
        self._fallback = fallback
        self._journal: Journal | None = Journal(limits)
        """None: there is nothing to fall back to any more."""
        self._pending: _Pending | None = None

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """See Canvas. What the GPU has no room for is made on the CPU canvas, and all else with it."""
        journal = self._journal
        if journal is None:
            self._canvas.create_surface(surface_id, spec, data, stride)
            return
        try:
            if _takes(self._fallback.caps, spec) and not _takes(self.caps, spec):
                raise GpuError(f"a surface of {spec.width}x{spec.height} is more than it takes")
            self._canvas.create_surface(surface_id, spec, data, stride)
            journal.created(surface_id, SurfaceSpec(*spec), data, stride)
        except GuestError:
            raise
        except Exception as error:
            self._fall_back(error, journal).create_surface(surface_id, spec, data, stride)
            return
        self._keep_up(journal)

    def destroy_surface(self, surface_id: int) -> None:
        """See Canvas."""
        journal = self._journal
        if journal is None:
            self._canvas.destroy_surface(surface_id)
            return
        if journal.spec(surface_id) is None:
            raise GuestError(f"surface {surface_id} does not exist")
        try:
            self._canvas.destroy_surface(surface_id)
        except Exception as error:
            # It is there, so that even a GuestError says that the canvas has lost it.
            self._fall_back(error, journal).destroy_surface(surface_id)
            return
        journal.destroyed(surface_id)
        self._keep_up(journal)

    def surfaces(self) -> dict[int, SurfaceSpec]:
        """See Canvas."""
        return self._journal.specs() if self._journal is not None else self._canvas.surfaces()

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """See Canvas."""
        journal = self._journal
        if journal is None:
            return self._canvas.submit(batch)
        try:
            outcomes = self._canvas.submit(batch)
            if len(outcomes) != len(batch):
                raise GpuError(f"{len(outcomes)} outcomes of {len(batch)} commands")
            journal.drew(batch, outcomes)
        except Exception as error:
            return self._fall_back(error, journal).submit(batch)
        self._keep_up(journal)
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """See Canvas."""
        journal = self._journal
        if journal is None:
            return self._canvas.read(surface_id, rect)
        spec = journal.spec(surface_id)
        if spec is None or rect.empty or not Rect(0, 0, spec.width, spec.height).contains(rect):
            _refuse(surface_id, rect, spec)
        try:
            pixels = self._canvas.read(surface_id, rect)
            _check_shape(pixels, spec, rect)
            return pixels
        except Exception as error:
            # The rectangle is right, so that even a GuestError says that the canvas is wrong.
            return self._fall_back(error, journal).read(surface_id, rect)

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        """See Canvas."""
        journal = self._journal
        if journal is None:
            return self._canvas.view(surface_id)
        if journal.spec(surface_id) is None:
            raise GuestError(f"surface {surface_id} does not exist")
        try:
            return self._canvas.view(surface_id)
        except Exception as error:
            # The surface is there, so that even a GuestError says that the canvas is wrong.
            return self._fall_back(error, journal).view(surface_id)

    def changes(self, surface_id: int, rects: Sequence[Rect], since: object | None) -> Changes | None:
        """See Canvas."""
        journal = self._journal
        if journal is None:
            return self._canvas.changes(surface_id, rects, since)
        spec = journal.spec(surface_id)
        if spec is None:
            raise GuestError(f"surface {surface_id} does not exist")
        for rect in rects:
            if rect.empty or not Rect(0, 0, spec.width, spec.height).contains(rect):
                _refuse(surface_id, rect, spec)
        try:
            return self._canvas.changes(surface_id, rects, since)
        except Exception as error:
            # The rectangles are right, so that even a GuestError says that the canvas is wrong.
            return self._fall_back(error, journal).changes(surface_id, rects, since)

    def planes(self, surface_id: int, rect: Rect, since: object, spec: PlanesSpec) -> Planes | None:
        """See Canvas; None too where the canvas fails: whoever asks has the pixels as well."""
        journal = self._journal
        if journal is None:
            return self._canvas.planes(surface_id, rect, since, spec)
        known = journal.spec(surface_id)
        if known is None:
            raise GuestError(f"surface {surface_id} does not exist")
        if rect.empty or not Rect(0, 0, known.width, known.height).contains(rect):
            _refuse(surface_id, rect, known)
        try:
            return self._canvas.planes(surface_id, rect, since, spec)
        except ValueError:
            raise
        except Exception as error:
            self._fall_back(error, journal)
            return None

    def checkpoint(self) -> None:
        """Bring the copy in main memory up to date now, and wait for it; it is kept within its limits anyway."""
        if self._journal is not None:
            try:
                self._settle(self._journal)
                self._start(self._journal)
                self._settle(self._journal)
            except Exception as error:
                self._fall_back(error, self._journal)

    def close(self) -> None:
        """Free both canvases."""
        self._journal = self._pending = None
        _close(self._canvas)
        if self._fallback is not self._canvas:
            self._fallback.close()

    # Keeping the copy

    def _keep_up(self, journal: Journal) -> None:
        """Move the checkpoint on, waiting for it only where too much would be kept."""
        try:
            if self._pending is None and journal.due:
                self._start(journal)
            if self._pending is not None and (
                journal.full or all(read.ready() for read in self._pending.reads)
            ):
                self._settle(journal)
            if journal.full:
                # What that checkpoint was too early for.
                self._start(journal)
                self._settle(journal)
        except Exception as error:
            self._fall_back(error, journal)

    def _start(self, journal: Journal) -> None:
        checkpoint = journal.mark()
        start = self._canvas.start_read if isinstance(self._canvas, ReadsAhead) else self._read_now
        self._pending = _Pending(checkpoint, tuple(start(*area) for area in checkpoint.reads))

    def _settle(self, journal: Journal) -> None:
        if self._pending is not None:
            pixels = [read.take() for read in self._pending.reads]
            journal.commit(self._pending.checkpoint, pixels)
            self._pending = None
            self.checkpoints += 1
            self.bytes_read_back += sum(map(len, pixels))

    def _read_now(self, surface_id: int, rect: Rect) -> PixelRead:
        return _Read(_without_padding(self._canvas.read(surface_id, rect)))

    # Falling back

    def _fall_back(self, error: Exception, journal: Journal) -> Canvas:
        """The canvas that draws from now on, with the pixels of before the call that failed."""
        failed = self._canvas
        self._pending = None
        self.lost = f"{type(error).__name__}: {error}"
        log.error(
            "canvas: %s on %s failed (%s); the %s canvas goes on with the same pixels",
            failed.caps.name,
            failed.caps.device,
            self.lost,
            self._fallback.caps.name,
            exc_info=None if isinstance(error, GpuError) else error,
        )
        try:
            journal.restore(self._fallback)
        except BaseException:
            # The next call tries it once more.
            for surface_id in self._fallback.surfaces():
                self._fallback.destroy_surface(surface_id)
            raise
        self._canvas, self._journal, self.caps = self._fallback, None, self._fallback.caps
        _close(failed)
        return self._canvas


class _Read:
    """A read of a canvas that reads at once."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def ready(self) -> bool:
        return True

    def take(self) -> bytes:
        return self._data


def _refuse(surface_id: int, rect: Rect, spec: SurfaceSpec | None) -> NoReturn:
    if spec is None:
        raise GuestError(f"surface {surface_id} does not exist")
    raise GuestError(f"surface {surface_id}: {tuple(rect)} is not inside {spec.width}x{spec.height}")


def _takes(caps: CanvasCaps, spec: SurfaceSpec) -> bool:
    return (
        spec.format in caps.surface_formats
        and 0 < spec.width <= caps.max_width
        and 0 < spec.height <= caps.max_height
    )


def _check_shape(pixels: Pixels, spec: SurfaceSpec, rect: Rect) -> None:
    """GpuError where a canvas returned pixels of another size than it was asked for."""
    row = row_bytes(rect.width, spec.format.bits_per_pixel)
    least = pixels.stride * (rect.height - 1) + row
    if pixels[:2] != (rect.width, rect.height) or pixels.stride < row or len(pixels.data) < least:
        raise GpuError(f"{pixels.width}x{pixels.height} pixels were read of {tuple(rect)}")


def _without_padding(pixels: Pixels) -> bytes:
    row = row_bytes(pixels.width, pixels.format.bits_per_pixel)
    if pixels.stride == row:
        return pixels.data
    starts = range(0, pixels.stride * pixels.height, pixels.stride)
    return b"".join(pixels.data[start : start + row] for start in starts)


def _close(canvas: Canvas) -> None:
    """Free what a canvas holds, as far as a lost one can."""
    try:
        canvas.close()
    except Exception as error:
        log.warning("canvas: %s could not be closed: %s", canvas.caps.name, error)
