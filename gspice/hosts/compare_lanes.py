"""What a comparison finds out about each canvas: its times, what it did not draw, where it first differed."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from gspice.gpu.canvas import Canvas
from gspice.hosts.compare_pixels import Apart

MAX_REASONS = 100
OTHER_REASONS = "other reasons"


@dataclass(frozen=True, slots=True)
class Place:
    """An event of a recording."""

    index: int
    """Counted from 0 in the file."""
    number: int
    """As the recording numbers it."""

    @property
    def before(self) -> "Place":
        """The event before it."""
        return Place(self.index - 1, self.number - 1)


START = Place(-1, -1)
"""Before the first event."""


MAX_DIFFERENCES = 100
"""A canvas with so many is compared no more: each of them is looked at pixel by pixel."""


class Kind(StrEnum):
    """How a canvas can differ from the reference."""

    PIXELS = "pixels"
    """Other pixels."""
    OUTCOME = "outcome"
    """One drew the command, and the other did not."""
    AREA = "area"
    """It did not tell of all rectangles that the command changed, so clients would miss some."""
    SURFACE = "surface"
    """One made the surface, and the other did not."""
    FAILED = "failed"
    """It raised an error that no canvas may raise, and was drawn on no more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference of a canvas, as far as it is known when."""

    kind: Kind
    since: Place
    """All was equal up to this event, which is not one of those in question."""
    upto: Place
    """The last of those in question."""
    surface_id: int
    apart: Apart
    """With PIXELS."""
    reason: str
    """With the others."""


@dataclass(slots=True)
class OpTimes:
    """What a canvas took for the commands of one kind."""

    commands: int = 0
    not_drawn: int = 0
    pixels: int = 0
    """Area that was drawn on."""
    submit_s: float = 0.0
    """Until the canvas took the next command."""
    wait_s: float = 0.0
    """From then until a pixel that was read had come: a GPU draws meanwhile."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why those that were not drawn were not."""

    def refuse(self, reason: str) -> None:
        """Count a command that was not drawn. Reasons beyond ``MAX_REASONS`` are counted together."""
        self.not_drawn += 1
        known = reason in self.reasons or len(self.reasons) < MAX_REASONS
        self.reasons[reason if known else OTHER_REASONS] += 1

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.submit_s + self.wait_s


@dataclass(slots=True)
class Lane:
    """One of the canvases, and what became of it. The first of all lanes is the reference."""

    label: str
    """As the operator named it."""
    canvas: Canvas
    times: dict[str, OpTimes] = field(default_factory=dict)
    """By the operation's name."""
    differences: int = 0
    """Comparisons and commands that found one."""
    first: Difference | None = None
    lost: str = ""
    """Why it was drawn on no more."""
    near: int = 0
    """Pixels that differed by no more than sampling may."""

    @property
    def compared(self) -> bool:
        """Whether it is still worth a look."""
        return not self.lost and self.differences < MAX_DIFFERENCES

    def count(self, name: str) -> OpTimes:
        """What ``times`` holds for a kind, begun where it holds nothing yet."""
        return self.times.setdefault(name, OpTimes())

    def differs(self, difference: Difference) -> None:
        """Note a difference; the first one is kept."""
        self.differences += 1
        self.first = self.first or difference


def nothing_apart() -> Apart:
    """For differences that are not of pixels."""
    return Apart()
