"""A recording compared: a pass over it, and for each canvas that differs the command, its pictures, its recording."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gspice.errors import GSpiceError
from gspice.hosts.compare import EVERY, Factory, Follow, Run, check_file, make_lanes, narrowed, plain, run
from gspice.hosts.compare_lanes import Difference, Kind, Lane
from gspice.hosts.compare_pictures import Pictures, take
from gspice.hosts.compare_recording import event_at, save
from gspice.hosts.compare_words import Words, event_words

FIRST = "first-difference"
"""Name of the small recordings; the second has -2 behind it."""
SUFFIX = ".rec"


class Again(StrEnum):
    """What the small recording does when it is compared."""

    SAME = "the same difference"
    OTHER = "another difference"
    NONE = "no difference"


@dataclass(slots=True)
class Finding:
    """The first difference of a canvas."""

    lane: Lane
    difference: Difference
    exact: bool
    """Whether one command is in question."""
    words: Words
    """The command."""
    pictures: Pictures | None
    by_kind: bool = False
    """Whether it showed only in batches of commands of one kind."""
    recording: Path | None = None
    again: Again | None = None
    problem: str = ""
    """Why there is no recording, or why the command could not be found."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file."""

    file: Path
    run: Run
    """In batches as a server makes them, of commands of all kinds."""
    kinds: Run | None
    """Once more, in batches of commands of one kind; None: there was no time, or nothing to compare."""
    findings: list[Finding]

    @property
    def equal(self) -> bool:
        """Whether nothing differs; of what could not be read nothing is known."""
        return not any(lane.differences or lane.lost for run in self.runs for lane in run.lanes)

    @property
    def unread(self) -> bool:
        """Whether nothing of it was compared: it is no recording, or cannot be opened."""
        return self.run.error is not None and not self.run.events

    @property
    def runs(self) -> list[Run]:
        """Both, or the one there is."""
        return [self.run, self.kinds] if self.kinds is not None else [self.run]


def compare_file(
    file: Path,
    factories: Mapping[str, Factory],
    every: int = EVERY,
    *,
    follow: Follow = plain,
    target: Callable[[], Path] | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Result:
    """Compare, and look into the first difference of each canvas. ``target`` names the next small recording.

    ``go_on``: whether to take the time for another look; asked between passes. A file that is no recording is a result
    with an error. ConfigError: a canvas cannot be opened.
    """
    try:
        check_file(file)
    except GSpiceError as error:
        return Result(file, _not_begun(factories, error), None, [])
    album, other_album = _Album(), _Album()
    done = run(file, factories, every, follow=follow, seen=album.seen)
    kinds = None
    if go_on() and not done.reference.lost:
        kinds = run(file, factories, every, follow=follow, seen=other_album.seen, by_kind=True)
    findings = []
    for number in range(1, len(done.lanes)):
        lane, by_kind = done.lanes[number], False
        if lane.first is None and kinds is not None:
            lane, by_kind = kinds.lanes[number], True
        if lane.first is None:
            continue
        pictures = (other_album if by_kind else album).pictures.get(lane.label)
        finding = Finding(lane, lane.first, False, [], pictures, by_kind)
        findings.append(finding)
        finding.problem = "" if go_on() else "stopped before it was narrowed down to one command"
        if go_on():
            two = {label: factories[label] for label in (done.reference.label, lane.label)}
            try:
                _look_into(finding, file, two, every, follow, target, go_on)
            except (GSpiceError, OSError) as error:
                finding.problem = str(error)
    return Result(file, done, kinds, findings)


def _not_begun(factories: Mapping[str, Factory], error: GSpiceError) -> Run:
    lanes = make_lanes(factories)
    for lane in lanes:
        lane.canvas.close()
    return Run(lanes, error=error)


class _Album:
    """Takes pictures of the first difference of each canvas, while there is something to be seen."""

    def __init__(self) -> None:
        self.pictures: dict[str, Pictures] = {}

    def seen(self, reference: Lane, lane: Lane, difference: Difference) -> None:
        if lane.label not in self.pictures and difference is lane.first and difference.kind is Kind.PIXELS:
            self.pictures[lane.label] = take(
                lane.canvas, reference.canvas, difference.surface_id, difference.apart.box
            )


def _look_into(
    finding: Finding,
    file: Path,
    two: dict[str, Factory],
    every: int,
    follow: Follow,
    target: Callable[[], Path] | None,
    go_on: Callable[[], bool],
) -> None:
    album = _Album()
    found = narrowed(
        file, two, every, finding.difference, follow=follow, seen=album.seen, by_kind=finding.by_kind
    )
    if not go_on():
        finding.problem = "stopped before it was narrowed down to one command"
        return
    if found is not None:
        finding.difference, finding.exact = found, True
        finding.pictures = album.pictures.get(finding.lane.label)
        event = event_at(file, found.upto.index, follow)
        finding.words = event_words(event) if event is not None else []
    if target is None:
        return
    finding.recording = path = target()
    difference = finding.difference
    make = next(iter(two.values()))
    save(file, make, difference.since, difference.upto, path, follow)
    again = run(path, two, every=1 if finding.exact else every, by_kind=finding.by_kind).lanes[1].first
    if again is None:
        finding.again = Again.NONE
    else:
        finding.again = Again.SAME if _alike(again, difference) else Again.OTHER


def _alike(one: Difference, other: Difference) -> bool:
    """Whether two differences are one but for their places in recordings."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("kind", "surface_id", "apart", "reason")
    )
