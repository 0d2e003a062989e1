"""Several canvases that draw the same: each is given what the first is given, and compared with it now and then."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.plans.planners import visible
from gspice.hosts.compare_checks import Checks, Seen
from gspice.hosts.compare_lanes import START, Difference, Kind, Lane, Place, nothing_apart
from gspice.hosts.compare_pixels import few
from gspice.hosts.compare_sampling import allowed
from gspice.pixels import Pixels, SurfaceSpec
from gspice.qxl.ops import Drawable

Value = TypeVar("Value")
ONE_PIXEL = Rect(0, 0, 1, 1)


class Lockstep(Canvas):
    """A canvas that draws on all lanes. Say with ``at`` where each event comes from before it is replayed.

    Surfaces that were drawn on are compared whole every ``every`` commands, when they are destroyed, and by
    ``finish``. Commands that sample between pixels are compared one by one, for only their own area may differ a
    little. What differs is made equal afterwards, so that what follows is judged by itself.
    """

    def __init__(
        self, lanes: Sequence[Lane], clock: Callable[[], float], every: int, seen: Seen | None = None
    ) -> None:
        """``seen`` is told of each difference while both canvases still have it."""
        self._checks = Checks(lanes, seen)
        self._lanes = lanes
        self._canvas = lanes[0].canvas
        self.caps = self._canvas.caps
        self._clock, self._every = clock, every
        self._fine_from: int | None = None
        self._watched: int | None = None
        self._fine_every = 1
        self._place, self._name = START, ""
        self._waiting: deque[Place] = deque()
        self._checked = START
        """All that was drawn up to here was compared."""
        self._looked: dict[int, Place] = {}
        """Where each surface was last compared, whole."""
        self._since = self._turn = 0
        self._touched: set[int] = set()
        self.comparisons = 0
        self.sampled = 0
        """Commands that sampled between pixels."""

    @property
    def alone(self) -> bool:
        """Whether there is nothing left to compare the reference with."""
        return not self._checks.running

    def narrow(self, fine_from: int, watched: int | None = None, every: int = 1) -> None:
        """Compare every ``every`` commands from the event with this index on, surface ``watched`` each time."""
        self._fine_from, self._watched, self._fine_every = fine_from, watched, every

    def at(self, place: Place, name: str, drawable: bool) -> None:
        """The event that comes next; drawables may be submitted later, in the order in which they were told of."""
        self._place, self._name = place, name
        if drawable:
            self._waiting.append(place)

    # The canvas

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """See Canvas; what the reference does holds."""
        self._begin(self._place)
        refused: dict[str, GuestError] = {}

        def make(canvas: Canvas) -> None:
            canvas.create_surface(surface_id, spec, data, stride)

        for lane in self._drawing():
            try:
                self._timed(lane, make, (GuestError,))
            except GuestError as error:
                refused[lane.label] = error
        wrong = refused.get(self._checks.reference.label)
        for lane in self._checks.running:
            own = refused.get(lane.label)
            if own is not None and wrong is None:
                self._no_surface(lane, surface_id, f"refused: {own}")
                lane.lost = f"it has no surface {surface_id}"
            elif own is None and wrong is not None:
                self._no_surface(lane, surface_id, f"made, which the reference does not: {wrong}")
                self._call(lane, lambda canvas: canvas.destroy_surface(surface_id))
        if wrong is not None:
            raise wrong
        self._looked[surface_id] = self._place
        self._drawn({surface_id}, 1, self._place)

    def destroy_surface(self, surface_id: int) -> None:
        """See Canvas. Its pixels are compared before."""
        if surface_id not in self.surfaces():
            raise GuestError(f"surface {surface_id} does not exist")
        self._compare_whole(surface_id, self._place)
        self._touched.discard(surface_id)
        self._looked.pop(surface_id, None)
        for lane in self._drawing():
            self._timed(lane, lambda canvas: canvas.destroy_surface(surface_id))

    def surfaces(self) -> dict[int, SurfaceSpec]:
        """See Canvas."""
        return self._canvas.surfaces()

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """See Canvas; of the reference."""
        pixels = self._call(self._checks.reference, lambda canvas: canvas.read(surface_id, rect))
        assert pixels is not None, "a reference that fails raises"
        return pixels

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """See Canvas; the outcomes of the reference. The time goes to the kind of a batch's first command."""
        outcomes: list[DrawOutcome] = []
        while len(outcomes) < len(batch):
            start = len(outcomes)
            end = self._piece_end(batch, start)
            outcomes += self._piece([(drawable, self._waiting.popleft()) for drawable in batch[start:end]])
        return outcomes

    def finish(self) -> None:
        """Compare all surfaces there are, drawn on or not; after the last event."""
        for surface_id in sorted(self.surfaces()):
            self._compare_whole(surface_id, self._place)
        self._compared(self._place)

    def close(self) -> None:
        """Close all canvases."""
        for lane in self._lanes:
            try:
                lane.canvas.close()
            except Exception as error:
                # One that was given up may not be able to; any other should.
                if not lane.lost:
                    lane.lost = f"closing it failed: {type(error).__name__}: {error}"

    # Drawing

    def _drawing(self) -> list[Lane]:
        return [self._checks.reference, *self._checks.running]

    def _begin(self, place: Place) -> None:
        """This is drawn next: events since the last comparison that drew nothing are not in question."""
        if not self._since:
            self._checked = place.before

    def _piece_end(self, batch: Sequence[Drawable], start: int) -> int:
        """What is submitted at once ends where a comparison is due."""
        if allowed(batch[start]):
            return start + 1
        for end in range(start + 1, len(batch)):
            last, following = self._waiting[end - start - 1], self._waiting[end - start]
            due = self._is_due(last, end - start)
            if due or self._is_fine(last) != self._is_fine(following) or allowed(batch[end]):
                return end
        return len(batch)

    def _is_fine(self, place: Place) -> bool:
        return self._fine_from is not None and place.index >= self._fine_from

    def _is_due(self, place: Place, commands: int) -> bool:
        """Whether a comparison is due when so many more commands are drawn."""
        return self._since + commands >= (self._fine_every if self._is_fine(place) else self._every)

    def _piece(self, piece: Sequence[tuple[Drawable, Place]]) -> list[DrawOutcome]:
        self._begin(piece[0][1])
        drawable, place = piece[-1]
        near = allowed(drawable)
        area = self._area(drawable) if near else []
        if near:
            self.sampled += 1
            # So that no earlier difference is taken for one that may be.
            self._checks.pixels(drawable.surface_id, area, 0, self._checked, place)
        batch = [drawable for drawable, _ in piece]
        outcomes = {lane.label: self._submit(lane, batch, place) for lane in self._in_turn()}
        reference = outcomes[self._checks.reference.label]
        assert reference is not None, "a reference that fails raises"
        for lane in self._checks.running:
            self._checks.outcomes(lane, self._checked, piece, reference, outcomes[lane.label] or [])
        if near:
            self._checks.pixels(drawable.surface_id, area, near, self._checked, place)
        self._drawn({drawable.surface_id for drawable in batch}, len(batch), place)
        return reference

    def _in_turn(self) -> list[Lane]:
        """Who comes first finds nothing in the processor's caches, so each does in its turn."""
        lanes = self._drawing()
        self._turn = (self._turn + 1) % len(lanes)
        return lanes[self._turn :] + lanes[: self._turn]

    def _submit(self, lane: Lane, batch: Sequence[Drawable], place: Place) -> list[DrawOutcome] | None:
        surface_id = batch[-1].surface_id
        there = surface_id in self.surfaces()
        start = self._clock()
        outcomes = self._call(lane, lambda canvas: canvas.submit(batch), place)
        taken = self._clock()
        if outcomes is None:
            return None
        if there:
            # What was submitted is drawn when this pixel comes.
            self._call(lane, lambda canvas: canvas.read(surface_id, ONE_PIXEL), place)
        count = lane.count(type(batch[0].op).__name__)
        count.submit_s += taken - start
        count.wait_s += self._clock() - taken
        if len(outcomes) != len(batch):
            reason = f"{len(outcomes)} outcomes of {len(batch)} commands"
            self._checks.fails(lane, self._checked, place, reason)
            return None
        for drawable, outcome in zip(batch, outcomes, strict=True):
            count = lane.count(type(drawable.op).__name__)
            count.commands += 1
            if outcome.drawn:
                count.pixels += sum([rect.area for rect in outcome.rects])
            else:
                count.refuse(outcome.reason)
        return outcomes

    def _timed(
        self, lane: Lane, call: Callable[[Canvas], None], answer: tuple[type[Exception], ...] = ()
    ) -> None:
        count = lane.count(self._name)
        count.commands += 1
        start = self._clock()
        try:
            self._checks.call(lane, self._checked, self._place, call, answer)
        except GuestError as error:
            count.refuse(str(error))
            raise
        finally:
            count.submit_s += self._clock() - start

    def _call(self, lane: Lane, call: Callable[[Canvas], Value], place: Place | None = None) -> Value | None:
        return self._checks.call(lane, self._checked, place or self._place, call)

    # Comparing

    def _drawn(self, surface_ids: set[int], commands: int, place: Place) -> None:
        self._touched |= surface_ids
        due = self._is_due(place, commands)
        self._since += commands
        if not due:
            return
        if self._watched is not None and self._is_fine(place):
            self._touched.add(self._watched)
        there = self.surfaces()
        for surface_id in sorted(self._touched):
            if surface_id in there:
                self._compare_whole(surface_id, place)
        self._compared(place)

    def _compared(self, place: Place) -> None:
        self.comparisons += 1
        self._touched.clear()
        self._since, self._checked = 0, place

    def _compare_whole(self, surface_id: int, place: Place) -> None:
        spec = self.surfaces()[surface_id]
        since = self._checked if surface_id in self._touched else self._looked.get(surface_id, START)
        self._checks.pixels(surface_id, [Rect(0, 0, spec.width, spec.height)], 0, since, place)
        self._looked[surface_id] = place

    def _area(self, drawable: Drawable) -> list[Rect]:
        """Where a command may draw, inside its surface."""
        spec = self.surfaces().get(drawable.surface_id)
        if spec is None or drawable.bbox.empty:
            return []
        whole = Rect(0, 0, spec.width, spec.height)
        inside = [rect.intersect(whole) for rect in visible(drawable)]
        return few([rect for rect in inside if not rect.empty])

    def _no_surface(self, lane: Lane, surface_id: int, reason: str) -> None:
        self._checks.differs(
            lane, Difference(Kind.SURFACE, self._checked, self._place, surface_id, nothing_apart(), reason)
        )
