"""Recordings drawn on several canvases at once, and the first command that one of them draws otherwise."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.canvas import Canvas
from gspice.hosts.compare_checks import ReferenceFailed, Seen
from gspice.hosts.compare_lanes import START, Difference, Kind, Lane, Place
from gspice.hosts.compare_lockstep import Lockstep
from gspice.hosts.compare_words import event_name
from gspice.hosts.replay_canvas import BATCH, CanvasReplay
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedCommand, RecordedEvent

EVERY = 2 * BATCH
"""Commands between two comparisons: whole batches, and comparing takes no longer than reading then."""
Factory = Callable[[], Canvas]
Follow = Callable[[RecordingReader, Path], Iterator[RecordedEvent]]
"""The events of a reader, told to whoever waits for the end; may end before they do."""


def plain(reader: RecordingReader, file: Path) -> Iterator[RecordedEvent]:
    """Follow without a word."""
    return iter(reader)


@dataclass(slots=True)
class Run:
    """One pass over a recording."""

    lanes: list[Lane]
    events: int = 0
    last: Place = START
    comparisons: int = 0
    sampled: int = 0
    """Commands that sampled between pixels."""
    bad: Counter[str] = field(default_factory=Counter)
    """Commands that a server would have refused."""
    seconds: float = 0.0
    """Reading and comparing included."""
    error: GSpiceError | None = None
    """Why it was not replayed to its end."""

    @property
    def reference(self) -> Lane:
        """What the others were compared with."""
        return self.lanes[0]


@dataclass(frozen=True, slots=True)
class Narrow:
    """Where a pass is to look closely."""

    since: Place
    upto: Place
    """It ends behind this event."""
    watched: int | None
    """A surface to look at even where nothing is drawn on it."""
    every: int = 1


def run(
    file: Path,
    factories: Mapping[str, Factory],
    every: int = EVERY,
    *,
    follow: Follow = plain,
    seen: Seen | None = None,
    narrow: Narrow | None = None,
    by_kind: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> Run:
    """Replay a recording on a canvas of each factory; the first one is the reference.

    ``narrow`` ends it with the first difference. ``by_kind``: a batch holds commands of one kind, so that their times
    are told apart. ConfigError: the file or a canvas cannot be opened; RecordingError, where it is no recording at all.
    """
    start = clock()
    with RecordingReader(file) as reader:
        lanes = make_lanes(factories)
        with closing(Lockstep(lanes, clock, every, seen)) as lockstep:
            done = Run(lanes)
            if narrow is not None:
                lockstep.narrow(narrow.since.index + 1, narrow.watched, narrow.every)
            replay = CanvasReplay(lockstep, clock, by_kind=by_kind)
            try:
                for place, event in _placed(follow(reader, file)):
                    drawable = isinstance(event, RecordedCommand) and isinstance(event.command, ops.Drawable)
                    lockstep.at(place, event_name(event), drawable)
                    replay.event(event)
                    done.events, done.last = place.index + 1, place
                    if lockstep.alone or (narrow is not None and _over(lanes, narrow, place)):
                        break
            except GSpiceError as error:
                done.error = error  # what came before is good
            if not isinstance(done.error, ReferenceFailed):
                try:
                    replay.finish()
                    lockstep.finish()
                except ReferenceFailed as error:
                    done.error = error
            done.comparisons, done.sampled, done.bad = lockstep.comparisons, lockstep.sampled, replay.bad
    done.seconds = clock() - start
    return done


def make_lanes(factories: Mapping[str, Factory]) -> list[Lane]:
    """A canvas of each; all are closed where one cannot be made."""
    lanes: list[Lane] = []
    try:
        for label, make in factories.items():
            lanes.append(Lane(label, make()))
    except BaseException:
        for lane in lanes:
            lane.canvas.close()
        raise
    return lanes


def check_file(file: Path) -> None:
    """ConfigError where a file cannot be read twice: what differs is looked for in it once more.

    RecordingError: it is no recording.
    """
    if not file.exists():
        raise ConfigError(f"{file}: there is no such file")
    if not file.is_file():
        raise ConfigError(f"{file}: is no regular file; what comes through a pipe cannot be replayed again")
    RecordingReader(file).close()


def narrowed(
    file: Path,
    factories: Mapping[str, Factory],
    every: int,
    difference: Difference,
    *,
    follow: Follow = plain,
    seen: Seen | None = None,
    by_kind: bool = False,
) -> Difference | None:
    """The same difference with one command in question, found by drawing it again on the reference and one more canvas.

    Where it comes only from commands that are submitted together it is none of one command: None.
    """
    for narrow in _steps(difference, every):
        done = run(file, factories, every, follow=follow, seen=seen, narrow=narrow, by_kind=by_kind)
        found = done.lanes[1].first
        if found is not None and found.upto.index - found.since.index == 1:
            return found
        if found is not None and narrow.every > 1:
            return narrowed(file, factories, every, found, follow=follow, seen=seen, by_kind=by_kind)
    return None


def _steps(difference: Difference, every: int) -> Iterator[Narrow]:
    """Where to look, the likely place first."""
    watched = difference.surface_id if difference.kind is Kind.PIXELS else None
    if difference.upto.index - difference.since.index <= LONG * every:
        yield Narrow(difference.since, difference.upto, watched)
    else:
        # It was found on a surface that nothing was drawn on for long.
        yield Narrow(difference.since, difference.upto, watched, every)


LONG = 20
"""Windows of more steps than that are narrowed down in two rounds; not all events are commands."""


def _over(lanes: Sequence[Lane], narrow: Narrow, place: Place) -> bool:
    return place.index >= narrow.upto.index or any(lane.first is not None for lane in lanes)


def _placed(events: Iterable[RecordedEvent]) -> Iterator[tuple[Place, RecordedEvent]]:
    for index, event in zip(itertools.count(), events, strict=False):
        yield Place(index, event.counter), event
