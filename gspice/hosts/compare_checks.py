"""The checks of a comparison: what canvases return, what they raise, and the pixels that they hold."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gspice.errors import GSpiceError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.hosts import compare_pixels
from gspice.hosts.compare_lanes import Difference, Kind, Lane, Place, nothing_apart
from gspice.hosts.compare_pixels import Apart
from gspice.qxl.ops import Drawable
from gspice.region import Region

Value = TypeVar("Value")
Seen = Callable[[Lane, Lane, Difference], None]
"""Told of a difference: the reference, the lane that differs, and how."""
TOLD_RECTS = 4
"""Rectangles that are told of one outcome."""


class ReferenceFailed(GSpiceError):
    """The canvas that the others are compared with raised an error that no canvas may raise."""


class Checks:
    """Notes what differs with the lane that it is of. The first lane is the reference, which differs in nothing."""

    def __init__(self, lanes: Sequence[Lane], seen: Seen | None = None) -> None:
        """``seen`` is told of each difference while both canvases still have it."""
        self._lanes, self._seen = lanes, seen

    @property
    def reference(self) -> Lane:
        """What the others are compared with."""
        return self._lanes[0]

    @property
    def running(self) -> list[Lane]:
        """The lanes behind the reference that are still drawn on."""
        return [lane for lane in self._lanes[1:] if not lane.lost]

    @property
    def compared(self) -> list[Lane]:
        """Those of them that are still compared."""
        return [lane for lane in self.running if lane.compared]

    def call(
        self,
        lane: Lane,
        since: Place,
        place: Place,
        call: Callable[[Canvas], Value],
        answer: tuple[type[Exception], ...] = (),
    ) -> Value | None:
        """What the canvas returns; None: it failed, and is given up. ``answer``: errors that come through.

        ReferenceFailed: it is the reference that failed.
        """
        try:
            return call(lane.canvas)
        except Exception as error:
            # Whatever a driver or a half-written canvas raises: that is what is to be found out here.
            if isinstance(error, answer):
                raise
            self.fails(lane, since, place, f"{type(error).__name__}: {error}", error)
            return None

    def fails(
        self, lane: Lane, since: Place, place: Place, reason: str, error: Exception | None = None
    ) -> None:
        """Give a lane up. ReferenceFailed: it is the reference."""
        lane.lost = reason
        if lane is self.reference:
            raise ReferenceFailed(f"the {lane.label} canvas, the reference, failed: {reason}") from error
        self.differs(lane, Difference(Kind.FAILED, since, place, -1, nothing_apart(), reason))

    def differs(self, lane: Lane, difference: Difference) -> None:
        """Note a difference."""
        lane.differs(difference)
        if self._seen is not None:
            self._seen(self.reference, lane, difference)

    def outcomes(
        self,
        lane: Lane,
        since: Place,
        piece: Sequence[tuple[Drawable, Place]],
        want: Sequence[DrawOutcome],
        got: Sequence[DrawOutcome],
    ) -> None:
        """Compare what became of each command."""
        if not lane.compared:
            return
        for (drawable, place), theirs, own in zip(piece, want, got, strict=True):
            if own.drawn != theirs.drawn:
                kind = Kind.OUTCOME
                reason = (
                    f"not drawn: {own.reason}"
                    if theirs.drawn
                    else f"drawn, which the reference does not: {theirs.reason}"
                )
            elif own.rects != theirs.rects and not all(map(Region(own.rects).covers, theirs.rects)):
                kind = Kind.AREA
                reason = f"tells of {_rects(own.rects)}, the reference of {_rects(theirs.rects)}"
            else:
                continue
            self.differs(lane, Difference(kind, since, place, drawable.surface_id, nothing_apart(), reason))

    def pixels(self, surface_id: int, rects: Sequence[Rect], near: int, since: Place, place: Place) -> None:
        """Compare rectangles of a surface on all lanes, and make equal what is not. ``near``: what is allowed."""
        reference = self.reference.canvas

        def look(canvas: Canvas) -> Apart:
            return compare_pixels.compare(canvas, reference, surface_id, rects, near)

        for lane in self.compared:
            found = self.call(lane, since, place, look)
            if found is None or not (found.pixels or found.near):
                continue
            lane.near += found.near
            if found.pixels:
                self.differs(lane, Difference(Kind.PIXELS, since, place, surface_id, found, ""))
            self.call(
                lane,
                since,
                place,
                lambda canvas: compare_pixels.make_equal(canvas, reference, surface_id, rects),
            )


def _rects(rects: Sequence[Rect]) -> str:
    told = ", ".join(str(tuple(rect)) for rect in rects[:TOLD_RECTS])
    return (told + (", ..." if len(rects) > TOLD_RECTS else "")) or "no rectangle"
