"""A recording drawn straight on a canvas: no device, no server, so that canvases can be compared."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.hosts.replay_surfaces import DESTROYS_UNNAMED, PRIMARY
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl import ops
from gspice.qxl.held_bytes import held_bytes
from gspice.qxl.recording_events import (
    CREATES_PRIMARY,
    DESTROYS_PRIMARY,
    DESTROYS_SURFACES,
    KEEP_DATA,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)

BATCH = 64
"""Drawables handed over at once."""
BATCH_BYTES = 32 << 20
"""What a batch may hold, so that large frames are not kept."""


@dataclass(slots=True)
class OpCount:
    """What became of the commands of one kind."""

    commands: int = 0
    not_drawn: int = 0
    seconds: float = 0.0
    pixels: int = 0
    """Area that was drawn on."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why those that were not drawn were not."""


class CanvasReplay:
    """Feed it events in order, then ``finish``; ``picture`` is then the last primary surface.

    ``clock`` gives the seconds for ``counts``; with ``by_kind`` a batch holds operations of one kind, so that
    their times are told apart.
    """

    def __init__(self, canvas: Canvas, clock: Callable[[], float], *, by_kind: bool = False) -> None:
        self._canvas = canvas
        self._clock = clock
        self._by_kind = by_kind
        self._batch: list[ops.Drawable] = []
        self._batch_bytes = 0
        self._last: Pixels | None = None
        self._unnamed = 0
        """Surfaces that messages destroyed without telling which."""
        self.counts: dict[str, OpCount] = {}
        """By the operation's or command's name."""
        self.primary_refused: str | None = None
        """Why there is no primary surface where the last one was not made."""
        self.bad: Counter[str] = Counter()
        """Commands that a server would have refused, by reason."""

    def event(self, event: RecordedEvent) -> None:
        """Carry out an event."""
        match event:
            case RecordedCommand(command=ops.Drawable() as drawable):
                self._add(drawable)
            case RecordedCommand():
                self._command(event.command)
            case RecordedMessage():
                self._message(event)
            case RecordedBadCommand():
                self.bad[event.reason] += 1

    def flush(self) -> None:
        """Draw what is still waiting."""
        self._draw()

    def finish(self) -> None:
        """Draw what is still waiting, and wait for it."""
        self._draw()
        if PRIMARY in self._canvas.surfaces():
            self._keep_primary()

    @property
    def picture(self) -> Pixels | None:
        """The newest pixels of the primary surface, of the last one where it is gone; None where none was."""
        return self._last

    def count(self, name: str) -> OpCount:
        """What ``counts`` holds for a kind, begun where it holds nothing yet."""
        return self.counts.setdefault(name, OpCount())

    def _add(self, drawable: ops.Drawable) -> None:
        if self._by_kind and self._batch and type(self._batch[-1].op) is not type(drawable.op):
            self._draw()
        self._batch.append(drawable)
        self._batch_bytes += held_bytes(drawable)
        if len(self._batch) >= BATCH or self._batch_bytes >= BATCH_BYTES:
            self._draw()

    def _draw(self) -> None:
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        if not batch:
            return
        start = self._clock()
        outcomes = self._canvas.submit(batch)
        if self._by_kind:
            self.count(type(batch[0].op).__name__).seconds += self._clock() - start
        for drawable, outcome in zip(batch, outcomes, strict=True):
            count = self.count(type(drawable.op).__name__)
            count.commands += 1
            if outcome.drawn:
                count.pixels += sum([rect.area for rect in outcome.rects])
            else:
                count.not_drawn += 1
                count.reasons[outcome.reason] += 1

    def _command(self, command: ops.Command) -> None:
        count = self.count(type(command).__name__)
        count.commands += 1
        if not isinstance(command, ops.SurfaceCreate | ops.SurfaceDestroy):
            return
        # What waits may draw on the surface that goes, or on one that had the id before.
        self._draw()
        start = self._clock()
        try:
            if command.surface_id == PRIMARY:
                raise GuestError("the primary surface is not made or destroyed by a command")
            if isinstance(command, ops.SurfaceDestroy):
                self._canvas.destroy_surface(command.surface_id)
            else:
                self._destroy_unnamed(command.surface_id)
                spec = SurfaceSpec(command.width, command.height, command.format)
                self._canvas.create_surface(command.surface_id, spec, command.data, abs(command.stride))
        except GuestError as error:
            count.not_drawn += 1
            count.reasons[str(error)] += 1
        count.seconds += self._clock() - start

    def _message(self, event: RecordedMessage) -> None:
        if event.number in CREATES_PRIMARY and event.primary is not None:
            self._destroy_primary()
            self._create_primary(event.primary)
        elif event.number in DESTROYS_PRIMARY:
            self._destroy_primary()
        elif event.number in DESTROYS_UNNAMED:
            self._unnamed += 1
        elif event.number in DESTROYS_SURFACES:
            self._unnamed = 0
            self._destroy_primary()
            for surface_id in self._canvas.surfaces():
                self._canvas.destroy_surface(surface_id)

    def _destroy_unnamed(self, surface_id: int) -> None:
        if self._unnamed and surface_id in self._canvas.surfaces():
            self._unnamed -= 1
            self._canvas.destroy_surface(surface_id)

    def _create_primary(self, primary: RecordedPrimary) -> None:
        try:
            spec = primary_spec(primary)
            data = primary.rows() if primary.flags & KEEP_DATA and primary.data else None
            self._canvas.create_surface(PRIMARY, spec, data, abs(primary.stride))
            self.primary_refused = None
        except GuestError as error:
            self.primary_refused = str(error)
            self.bad[str(error)] += 1

    def _destroy_primary(self) -> None:
        self._draw()
        if PRIMARY in self._canvas.surfaces():
            self._keep_primary()
            self._canvas.destroy_surface(PRIMARY)

    def _keep_primary(self) -> None:
        spec = self._canvas.surfaces()[PRIMARY]
        self._last = self._canvas.read(PRIMARY, Rect(0, 0, spec.width, spec.height))


def primary_spec(primary: RecordedPrimary) -> SurfaceSpec:
    """Size and format of a primary surface; GuestError where a guest asked for what there is not."""
    try:
        surface_format = SurfaceFormat(primary.format)
    except ValueError:
        raise GuestError(f"primary surface format {primary.format} is not known") from None
    if min(primary.width, primary.height) <= 0:
        raise GuestError(f"primary surface of {primary.width}x{primary.height}")
    if abs(primary.stride) < row_bytes(primary.width, surface_format.bits_per_pixel):
        raise GuestError(
            f"primary surface stride {primary.stride} is less than a row of {primary.width} pixels"
        )
    return SurfaceSpec(primary.width, primary.height, surface_format)
