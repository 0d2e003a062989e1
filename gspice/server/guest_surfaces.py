"""The surfaces of one QXL device: where each lies in guest memory, and what of it is newer on the canvas."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import SurfaceCreate
from gspice.region import Region
from gspice.vdi.qxl import DevSurfaceCreate, ReleaseInfo

log = logging.getLogger(__name__)

PRIMARY = 0
KEEP_DATA = 1
MAX_SIDE = 32767
"""Pixels a surface may be wide or high: pixman's own limit."""


@dataclass(slots=True)
class GuestSurface:
    """Guest memory that stands behind one surface."""

    spec: SurfaceSpec
    address: int
    group: int
    stride: int
    """Signed: negative says that the first row lies last."""
    unwritten: Region = field(default_factory=Region)
    """Newer on the canvas than in guest memory."""
    dirty: Region = field(default_factory=Region)
    """Drawn since the host last cleared its dirty region."""
    command: ReleaseInfo | None = None
    """The command that made it, released with it: a host that loads a saved machine hands it over once more."""

    def row_address(self, y: int) -> int:
        step = abs(self.stride)
        row = y if self.stride > 0 else self.spec.height - 1 - y
        return self.address + row * step


class GuestSurfaces:
    """Creates and destroys surfaces on the canvas as the guest asks, and writes pixels back when it wants them."""

    def __init__(self, canvas: Canvas, memslots: MemSlots, release: Callable[[ReleaseInfo], None]) -> None:
        """``release`` gives the command that made a surface back to the guest."""
        self._canvas = canvas
        self._memslots = memslots
        self._release = release
        self._surfaces: dict[int, GuestSurface] = {}

    def __contains__(self, surface_id: object) -> bool:
        return surface_id in self._surfaces

    @property
    def primary(self) -> SurfaceSpec | None:
        """Size and format of surface 0; None while there is none."""
        surface = self._surfaces.get(PRIMARY)
        return surface.spec if surface else None

    def create_primary(self, surface: DevSurfaceCreate) -> SurfaceSpec:
        """Make surface 0 over guest memory. GuestError where size, format, stride or memory do not fit."""
        if PRIMARY in self._surfaces:
            raise GuestError("a primary surface exists already")
        spec = _checked_spec(surface.width, surface.height, surface.format, surface.stride)
        size = abs(surface.stride) * surface.height
        self._memslots.translate(surface.mem, size, surface.group_id)
        guest = GuestSurface(spec, surface.mem, surface.group_id, surface.stride)
        if surface.flags & KEEP_DATA:
            rows = [
                self._memslots.copy(guest.row_address(y), abs(surface.stride), surface.group_id)
                for y in range(spec.height)
            ]
            self._canvas.create_surface(PRIMARY, spec, b"".join(rows), abs(surface.stride))
        else:
            self._canvas.create_surface(PRIMARY, spec)
            # The guest sees what a client sees: zeroes, not what the memory held before.
            guest.unwritten.add(Rect(0, 0, spec.width, spec.height))
        self._surfaces[PRIMARY] = guest
        return spec

    def create(self, command: SurfaceCreate, group: int, release: ReleaseInfo | None = None) -> None:
        """Make an off-screen surface. GuestError where the id is taken or it does not fit.

        ``release``: the command, kept until the surface is destroyed; after an error it stays the caller's.
        """
        if command.surface_id in self._surfaces:
            raise GuestError(f"surface {command.surface_id} exists already")
        spec = SurfaceSpec(command.width, command.height, command.format)
        self._canvas.create_surface(command.surface_id, spec, command.data, abs(command.stride))
        guest = GuestSurface(spec, command.address, group, command.stride, command=release)
        if command.data is None:
            guest.unwritten.add(Rect(0, 0, spec.width, spec.height))  # zeroes, as on a primary surface
        self._surfaces[command.surface_id] = guest

    def destroy(self, surface_id: int) -> None:
        """Free a surface; GuestError where there is none."""
        if surface_id not in self._surfaces:
            raise GuestError(f"surface {surface_id} does not exist")
        surface = self._surfaces.pop(surface_id)
        self._canvas.destroy_surface(surface_id)
        if surface.command is not None:
            self._release(surface.command)

    def destroy_all(self) -> None:
        for surface_id in list(self._surfaces):
            self.destroy(surface_id)

    def damaged(self, surface_id: int, rects: Sequence[Rect]) -> None:
        """The canvas has drawn there."""
        surface = self._surfaces.get(surface_id)
        if surface is not None:
            # All at once: adding to a region of many rectangles costs as much as the region is long.
            area = Region(rects)
            surface.unwritten.add_region(area)
            surface.dirty.add_region(area)

    def update_area(self, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
        """Write newer pixels inside ``rect`` to guest memory; what of it was drawn since it was last cleared.

        With ``clear`` that is forgotten. GuestError: no such surface, or its memory is gone.
        """
        surface = self._surfaces.get(surface_id)
        if surface is None:
            raise GuestError(f"update of surface {surface_id}, which does not exist")
        area = rect.intersect(Rect(0, 0, surface.spec.width, surface.spec.height))
        dirty = surface.dirty.copy()
        dirty.intersect(area)
        self._write_back(surface_id, surface, area)
        if clear:
            surface.dirty.subtract(area)
        return dirty.rects()

    def flush(self) -> None:
        """Write everything newer to guest memory, before the guest sleeps or its driver changes."""
        for surface_id, surface in self._surfaces.items():
            try:
                self._write_back(surface_id, surface, Rect(0, 0, surface.spec.width, surface.spec.height))
            except GuestError as error:
                log.warning("surface %d could not be flushed: %s", surface_id, error)

    def _write_back(self, surface_id: int, surface: GuestSurface, area: Rect) -> None:
        todo = surface.unwritten.copy()
        todo.intersect(area)
        bits = surface.spec.format.bits_per_pixel
        for rect in todo.rects():
            if bits < 8:
                rect = _whole_bytes(rect, surface.spec.width)
            pixels = self._canvas.read(surface_id, rect)
            offset = row_bytes(rect.left, bits)
            for row in range(rect.height):
                start = row * pixels.stride
                self._memslots.store(
                    surface.row_address(rect.top + row) + offset,
                    pixels.data[start : start + row_bytes(rect.width, bits)],
                    surface.group,
                )
        surface.unwritten.subtract(area)


def _whole_bytes(rect: Rect, width: int) -> Rect:
    """The rectangle widened so that its rows of 1-bit pixels begin and end at bytes."""
    return Rect(rect.left & ~7, rect.top, min((rect.right + 7) & ~7, width), rect.bottom)


def _checked_spec(width: int, height: int, format_number: int, stride: int) -> SurfaceSpec:
    try:
        surface_format = SurfaceFormat(format_number)
    except ValueError:
        raise GuestError(f"primary surface format {format_number} is not known") from None
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise GuestError(f"primary surface of {width}x{height} pixels: sides must be 1..{MAX_SIDE}")
    if abs(stride) < row_bytes(width, surface_format.bits_per_pixel):
        raise GuestError(f"primary surface stride {stride} is less than a row of {width} pixels")
    return SurfaceSpec(width, height, surface_format)
