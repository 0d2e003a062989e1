"""From the rings of one device to its canvas and channels: fetch, parse, release, draw, note."""

import logging
from collections import Counter
from collections.abc import Callable

from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel, Drawn
from gspice.errors import GuestError
from gspice.gpu.canvas import Canvas
from gspice.qxl import ops
from gspice.qxl.parser import CommandParser
from gspice.server.command_ring import CommandRing
from gspice.server.guest_surfaces import PRIMARY, GuestSurfaces
from gspice.vdi.qxl import CommandExt, QXLInterface, ReleaseInfo

log = logging.getLogger(__name__)

BATCH = 64
"""Commands drawn in one go."""
BATCH_BYTES = 32 << 20
"""Bytes that the commands of a batch hold: what is parsed and not yet drawn is a copy of guest memory."""
SLICE_S = 0.010
"""Messages and sockets are looked at again after commands have been drawn for so long."""
DRAIN_BATCHES = 64
"""Bound of ``drain``: two full rings, many times over; a guest that writes faster is not waited for."""
LOGGED_BAD_COMMANDS = 20
"""Bad commands whose reason is logged as a warning; after that they are only counted (and logged at debug level)."""

DRAW = 1
"""The type of drawing commands, QXL_CMD_DRAW."""
KEPT = (ops.SurfaceCreate, ops.CursorSet)
"""Commands that are released with what they made: hosts hand them over once more when they load a saved machine."""


class CommandReader:
    """Owned by the worker's thread. A bad command is dropped, counted, logged and still released."""

    def __init__(
        self,
        *,
        qxl: QXLInterface,
        parser: CommandParser,
        canvas: Canvas,
        surfaces: GuestSurfaces,
        display: DisplayChannel,
        cursor: CursorChannel,
        clock: Callable[[], float],
        record: Callable[[ops.Command], None] | None = None,
    ) -> None:
        self._qxl = qxl
        self._parser = parser
        self._canvas = canvas
        self._surfaces = surfaces
        self._display = display
        self._cursor = cursor
        self._clock = clock
        self._record = record
        self._display_ring = CommandRing(qxl.get_commands, qxl.req_cmd_notification)
        self._cursor_ring = CommandRing(qxl.get_cursor_commands, qxl.req_cursor_notification)
        self._batch: list[ops.Drawable] = []
        self._batch_bytes = 0
        self._cursor_command: ReleaseInfo | None = None
        """The command that set the cursor's shape; see ``KEPT``."""
        self.counters: Counter[str] = Counter()
        """Commands by kind, ``bad`` ones, and operations that were ``not drawn``."""

    def wakeup(self) -> bool:
        """The host says that the rings hold commands; whether anyone slept: else ``pump`` is on its way."""
        slept = self._display_ring.asleep or self._cursor_ring.asleep
        self._display_ring.wakeup()
        self._cursor_ring.wakeup()
        return slept

    def pump(self) -> int | None:
        """Process commands for at most one slice of time.

        Milliseconds until it wants to be called again (0: at once, there is more), or None: only after ``wakeup``.
        """
        start = self._clock()
        while self._step():
            if self._clock() - start >= SLICE_S:
                return 0
        waits = [
            wait for ring in (self._cursor_ring, self._display_ring) if (wait := ring.rest()) is not None
        ]
        return min(waits, default=None)

    def drain(self) -> None:
        """Process what the rings hold now."""
        for _ in range(DRAIN_BATCHES):
            if not self._step():
                return

    def _step(self) -> bool:
        """One batch of each ring; false when both were empty."""
        cursor = self._cursor_ring.take(BATCH)
        display = self._display_ring.take(BATCH)
        if cursor:
            self.process(cursor)
        if display:
            self.process(display)
        return bool(cursor or display)

    def process(self, commands: list[CommandExt], *, reload: bool = False) -> None:
        """Carry out commands in order; each one's guest memory is released as soon as it is not needed.

        ``reload``: they come from a saved machine, and surfaces begin with what their memory holds.
        """
        at = 0
        while at < len(commands):
            if commands[at].type == DRAW and (end := self._take_draws(commands, at)) > at:
                at = end
                continue
            command = commands[at]
            at += 1
            self._guarded(lambda command=command: self._take(command, reload))  # type: ignore[misc]
        self._guarded(self._draw_batch)

    def cursor_reset(self) -> None:
        """The cursor's shape is gone."""
        self._keep_cursor(None)

    def _keep_cursor(self, release: ReleaseInfo | None) -> None:
        old, self._cursor_command = self._cursor_command, release
        self._release(old)

    def _release(self, release: ReleaseInfo | None) -> None:
        if release is not None:
            self._qxl.release_resource(release)

    def _take_draws(self, commands: list[CommandExt], start: int) -> int:
        """The drawing commands from there on, most of all that come, in one go; the index behind them."""
        run = self._parser.parse_draws(commands, start, BATCH_BYTES - self._batch_bytes)
        self._guarded(lambda: self._qxl.release_resources(run.releases))
        for command, error in run.bad:
            self._guarded(lambda command=command, error=error: self._not_parsed(command, error))  # type: ignore[misc]
        if self._record is not None:
            for drawable in run.drawables:
                self._guarded(lambda drawable=drawable: self._record(drawable))  # type: ignore[misc]
        self._batch += run.drawables
        self._batch_bytes += run.held_bytes
        if self._batch_bytes > BATCH_BYTES:
            self._guarded(self._draw_batch)
        return run.end

    def _not_parsed(self, command: CommandExt, error: Exception) -> None:
        if not isinstance(error, GuestError):
            raise error
        self._bad(f"command type {command.type} at {command.data:#x}", error)

    def _take(self, command: CommandExt, reload: bool) -> None:
        release = self._parser.release_info(command)
        value: ops.Command | None = None
        try:
            value = self._parse(command, reload)
        finally:
            if not isinstance(value, KEPT):
                self._release(release)
        if value is not None:
            try:
                self._draw_batch()  # what follows may read or destroy what the batch draws on
            finally:
                self._carry_out(command, value, release)

    def _guarded(self, step: Callable[[], None]) -> None:
        """A fault of our own costs one step: the commands behind it are still taken and released."""
        try:
            step()
        except Exception:
            self.counters["failed"] += 1
            if self.counters["failed"] <= LOGGED_BAD_COMMANDS:
                log.exception("display %d: a command failed", self._qxl.id)
            # Part of a batch may have been drawn that no client heard of.
            self._display.forget_pixels()

    def _parse(self, command: CommandExt, reload: bool) -> "ops.Command | None":
        try:
            value = self._parser.parse(command, reload=reload)
            if self._record is not None:
                self._record(value)
            return value
        except GuestError as error:
            self._bad(f"command type {command.type} at {command.data:#x}", error)
            return None

    def _bad(self, what: str, error: GuestError) -> None:
        self.counters["bad"] += 1
        level = logging.WARNING if self.counters["bad"] <= LOGGED_BAD_COMMANDS else logging.DEBUG
        log.log(level, "display %d: %s dropped: %s", self._qxl.id, what, error)

    def _draw_batch(self) -> None:
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        if not batch:
            return
        drawn: dict[int, list[Drawn]] = {}
        names: list[str] = []
        for drawable, outcome in zip(batch, self._canvas.submit(batch), strict=True):
            name = type(drawable.op).__name__
            if outcome.drawn:
                names.append(name)
                drawn.setdefault(drawable.surface_id, []).append((drawable, outcome.rects))
            else:
                self._not_drawn(name, outcome.reason)
        self.counters.update(names)
        for surface_id, parts in drawn.items():
            self._surfaces.damaged(surface_id, [rect for _, rects in parts for rect in rects])
        if PRIMARY in drawn:
            self._display.note(drawn[PRIMARY], self._clock())

    def _not_drawn(self, name: str, reason: str) -> None:
        self.counters["not drawn"] += 1
        if not self.counters[f"not drawn {name}"]:
            log.warning("display %d: %s not drawn: %s", self._qxl.id, name, reason)
        self.counters[f"not drawn {name}"] += 1

    def _carry_out(self, command: CommandExt, value: "ops.Command", release: ReleaseInfo | None) -> None:
        """``release``: the command, where it is one of ``KEPT``."""
        self.counters[type(value).__name__] += 1
        kept = False
        try:
            match value:
                case ops.SurfaceCreate():
                    self._surfaces.create(value, command.group_id, release)
                    kept = True
                case ops.SurfaceDestroy():
                    if value.surface_id == PRIMARY:
                        raise GuestError("the primary surface is not destroyed by a command")
                    self._surfaces.destroy(value.surface_id)
                case ops.UpdateCommand():
                    try:
                        self._surfaces.update_area(value.surface_id, value.area, clear=False)
                    finally:
                        self._qxl.notify_update(value.update_id)  # the guest waits for it either way
                case ops.MessageCommand():
                    log.debug("display %d: guest says %r", self._qxl.id, value.text[:200])
                case ops.CursorSet():
                    self._cursor.process(value)
                    kept = True
                    self._keep_cursor(release)
                case ops.CursorMove() | ops.CursorHide() | ops.CursorTrail():
                    self._cursor.process(value)
        except GuestError as error:
            self._bad(type(value).__name__, error)
        finally:
            if isinstance(value, KEPT) and not kept:
                self._release(release)
