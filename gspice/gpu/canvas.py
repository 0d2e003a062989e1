"""The canvas contract: drawing operations in, pixels out. Backends are bit for bit alike for integer operations."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Drawable

SAMPLE_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasCaps:
    """What a backend can do, found out once at start."""

    name: str
    """Backend name as the operator gives it: cpu, opengl, vulkan."""
    device: str
    """What it draws on, for the log."""
    surface_formats: frozenset[SurfaceFormat]
    max_width: int
    max_height: int


@dataclass(frozen=True, slots=True)
class DrawOutcome:
    """What became of one drawable of a batch."""

    rects: tuple[Rect, ...]
    """Disjoint rectangles of its surface whose pixels it may have changed: bbox and clip, inside the surface."""
    drawn: bool
    """False where the canvas does not know this operation; its pixels are then as before."""
    reason: str = ""
    """Why it was not drawn."""


class Changes(NamedTuple):
    """Where a surface is not what it was when somebody looked last, as far as the canvas has compared it."""

    stamp: object
    """Of this answer: what to ask for next time, once all of it was taken over."""
    rows: memoryview
    """The newest pixels of ``rects``, in the rows of the whole surface; good until the next call."""
    stride: int
    rects: list[Rect]
    """Around all changes, inside of what was asked for; the whole surface where nothing was known of before."""
    samples: memoryview | None = None
    """SAMPLE_BYTES of each tile of 16x16 pixels of the surface, what its newest content is like: levels of 16 pixels,
    and how many neighbours differ, and differ much (``gspice.stream.detect.tile_history``). None: that is not known.
    """


class Canvas(ABC):
    """The surfaces of one QXL device. Owned by one thread; none of its calls waits for a client."""

    caps: CanvasCaps

    @abstractmethod
    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """Make a surface, zero-filled or with ``data`` (rows top-down, ``stride`` bytes apart).

        GuestError: the id is taken, the format or size is beyond ``caps``, or ``data`` is too short.
        """

    @abstractmethod
    def destroy_surface(self, surface_id: int) -> None:
        """Free a surface; GuestError where there is none."""

    @abstractmethod
    def surfaces(self) -> dict[int, SurfaceSpec]:
        """All surfaces that exist."""

    @abstractmethod
    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """Draw a batch in order; one outcome each. A drawable that cannot be drawn never stops the rest."""

    @abstractmethod
    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """A copy of the newest pixels of a rectangle inside the surface; GuestError where it is not."""

    def view(self, surface_id: int) -> tuple[memoryview, int] | None:
        """The newest pixels of a whole surface where they lie: rows top-down, and the bytes from one to the next.

        Good until the next call; nobody may write to it. None: they are not in main memory, ``read`` copies them.
        GuestError: there is no such surface.
        """
        return None

    def changes(self, surface_id: int, rects: Sequence[Rect], since: object | None) -> Changes | None:
        """What of ``rects``, all inside the surface, has changed since the answer with that stamp.

        ``since`` None, or of another surface or canvas: all may have. A canvas remembers one answer for a surface, the
        last. None: it keeps nothing to compare with; ``view`` or ``read`` them. GuestError: a rectangle is not inside.
        """
        return None

    def planes(self, surface_id: int, rect: Rect, since: object, spec: PlanesSpec) -> Planes | None:
        """A rectangle of what ``changes`` gave with that stamp, as a video encoder takes it.

        None: it does not have it, or is no better at it than ``spec``'s owner. GuestError: the rectangle is not inside.
        ValueError: it does not fit into the planes.
        """
        return None

    def close(self) -> None:  # noqa: B027 - most backends have nothing to free
        """Free what the backend holds outside Python's memory."""
