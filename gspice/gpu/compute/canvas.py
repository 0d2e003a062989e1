"""The canvas that draws on a GPU, whatever is used to reach it."""

from collections.abc import Callable, Sequence
from typing import Self

from gspice.codec.image import decode as decode_image
from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, CanvasCaps, Changes, DrawOutcome
from gspice.gpu.compute.comparison import Comparison
from gspice.gpu.compute.device import ComputeDevice, Readback
from gspice.gpu.compute.engine import Engine, EngineLimits
from gspice.gpu.compute.packing import packed
from gspice.gpu.compute.painter import RAW_PACK, ComputePainter
from gspice.gpu.compute.primitives import GpuSource, GpuSurface
from gspice.gpu.detour import CpuDetour
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.gpu.plans.formats import Fetch
from gspice.gpu.plans.painting import Plan
from gspice.gpu.plans.planners import plan
from gspice.gpu.plans.reads import Decoder
from gspice.gpu.plans.rops import ROP_CLEAR, ROP_COPY
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import Drawable

MAX_SIDE = 32767
MAX_SURFACE_BYTES = 1 << 30
"""Of one surface, as the guest counts its bytes."""


class ComputeCanvas(Canvas):
    """Records commands, draws them when somebody reads or when many have gathered, and waits only for pixels.

    GpuError: the device failed, and nothing that was drawn is to be had back from it.
    """

    def __init__(
        self,
        device: ComputeDevice,
        limits: EngineLimits | None = None,
        decode: Decoder = decode_image,
        *,
        owns_device: bool = True,
    ) -> None:
        """``owns_device``: it is closed with the canvas."""
        self.device, self._decode, self._owns_device = device, decode, owns_device
        self._engine = Engine(device, limits)
        self.limits = self._engine.limits
        try:
            self._comparison = Comparison(self._engine)
        except BaseException:
            self._engine.close()
            raise
        self._detour = CpuDetour(self._engine)
        self._painter = ComputePainter(device.info.api, self._engine, self._detour)
        self.converts = not device.info.software
        """Whether it makes planes: software does it slower than whoever asks."""
        self._surfaces: dict[int, tuple[GpuSurface, SurfaceSpec]] = {}
        self._reads: set[PackedReadback] = set()
        self.caps = CanvasCaps(
            name=device.info.api,
            device=f"{device.info.name} ({device.info.driver})",
            surface_formats=frozenset(SurfaceFormat),
            max_width=MAX_SIDE,
            max_height=MAX_SIDE,
        )

    @classmethod
    def on(cls, device: ComputeDevice, limits: EngineLimits | None = None) -> Self:
        """A canvas on a device, which is closed where that fails."""
        try:
            return cls(device, limits)
        except BaseException:
            device.close()
            raise

    @property
    def detours(self) -> int:
        """How often the CPU drew what no shader can."""
        return self._detour.taken

    @property
    def bytes_read_back(self) -> int:
        """What has come back from the device so far."""
        return self._engine.read_back

    def create_surface(
        self, surface_id: int, spec: SurfaceSpec, data: bytes | None = None, stride: int = 0
    ) -> None:
        """See Canvas; a ``stride`` of 0: rows without padding."""
        width, height, form = spec
        if surface_id in self._surfaces:
            raise GuestError(f"surface {surface_id} exists already")
        if form not in self.caps.surface_formats:
            raise GuestError(f"surface {surface_id} of unknown format {form}")
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise GuestError(f"surface {surface_id} of {width}x{height}: sides go from 1 to {MAX_SIDE}")
        bits = form.bits_per_pixel
        tight = row_bytes(width, bits)
        if tight * height > MAX_SURFACE_BYTES:
            raise GuestError(f"surface {surface_id} of {width}x{height} takes over {MAX_SURFACE_BYTES} bytes")
        source = None
        if data is not None:
            fetch = Fetch.ALPHA1 if bits == 1 else Fetch.RAW
            try:
                source = GpuSource(data, width, height, stride or tight, fetch=fetch, pack=RAW_PACK[bits])
            except (ValueError, OverflowError) as error:
                raise GuestError(f"data of surface {surface_id}: {error}") from error
        surface = self._engine.surface(width, height, bits)
        whole = [Rect(0, 0, width, height)]
        try:
            if source is None:
                self._painter.fill(surface, whole, 0, ROP_CLEAR)
            else:
                self._painter.blit(surface, whole, source, 0, 0, ROP_COPY)
            self._engine.end_command()
        except BaseException:
            self._engine.release(surface)
            raise
        self._surfaces[surface_id] = surface, SurfaceSpec(width, height, form)

    def destroy_surface(self, surface_id: int) -> None:
        """See Canvas."""
        if surface_id not in self._surfaces:
            raise GuestError(f"surface {surface_id} does not exist")
        surface, _ = self._surfaces.pop(surface_id)
        self._comparison.gone(surface)
        self._engine.release(surface)

    def surfaces(self) -> dict[int, SurfaceSpec]:
        """See Canvas."""
        return {surface_id: spec for surface_id, (_, spec) in self._surfaces.items()}

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        """See Canvas. The device may not have begun when this returns.

        GpuMemoryError: commands before the one that it lacks memory for are drawn, those after it are not.
        """
        plans: list[Plan | None] = []
        outcomes = []
        for drawable in batch:
            try:
                made = plan(drawable, self._surfaces, self._painter, self._decode)
                plans.append(made)
                outcomes.append(DrawOutcome(tuple(made.rects), True))
            except (GuestError, MemoryError, OverflowError) as error:
                plans.append(None)
                outcomes.append(DrawOutcome((), False, str(error)))
        for index, ready in enumerate(plans):
            if ready is None or not ready.rects:
                continue
            try:
                ready.draw()
            except (GuestError, MemoryError, OverflowError) as error:
                outcomes[index] = DrawOutcome((), False, str(error))
            finally:
                self._engine.end_command()
        self._engine.end_submit()
        return outcomes

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """See Canvas; the rows have no padding."""
        surface, spec = self._checked(surface_id, rect)
        data = self._engine.read(surface, rect)
        return Pixels(rect.width, rect.height, row_bytes(rect.width, surface.bits), spec.format, data)

    def changes(self, surface_id: int, rects: Sequence[Rect], since: object | None) -> Changes | None:
        """See Canvas; None too where the device has no memory for it, and for pixels that are not of whole bytes."""
        if surface_id not in self._surfaces:
            raise GuestError(f"surface {surface_id} does not exist")
        for rect in rects:
            self._checked(surface_id, rect)
        surface, spec = self._surfaces[surface_id]
        return self._comparison.changes(surface, spec.format, rects, since)

    def planes(self, surface_id: int, rect: Rect, since: object, spec: PlanesSpec) -> Planes | None:
        """See Canvas; None too where the device has no memory for it, or is the CPU itself."""
        surface, form = self._checked(surface_id, rect)
        if not self.converts:
            return None
        return self._comparison.planes(surface, form.format, rect, since, spec)

    def start_read(self, surface_id: int, rect: Rect) -> "PackedReadback":
        """Begin to read what ``read`` would give now, without waiting for it."""
        surface, _ = self._checked(surface_id, rect)
        words = self._engine.start_read(surface, rect)
        readback = PackedReadback(words, rect, surface.bits, self._reads.discard)
        self._reads.add(readback)
        return readback

    def _checked(self, surface_id: int, rect: Rect) -> tuple[GpuSurface, SurfaceSpec]:
        found = self._surfaces.get(surface_id)
        if found is None:
            raise GuestError(f"surface {surface_id} does not exist")
        _, spec = found
        if rect.empty or not Rect(0, 0, spec.width, spec.height).contains(rect):
            raise GuestError(
                f"surface {surface_id}: rectangle {tuple(rect)} is not inside {spec.width}x{spec.height}"
            )
        return found

    def close(self) -> None:
        """Free all surfaces, give up reads that were not taken, and close the device where it is the canvas's own."""
        self._surfaces.clear()
        for readback in tuple(self._reads):
            readback.close()
        self._comparison.close()
        self._engine.close()
        if self._owns_device:
            self.device.close()


class PackedReadback:
    """Pixels on their way back, in their surface's own format: rows without padding."""

    def __init__(
        self, words: Readback, rect: Rect, bits: int, ended: Callable[["PackedReadback"], None]
    ) -> None:
        """``ended``: told when it holds nothing any more."""
        self._words, self._rect, self._bits, self._ended = words, rect, bits, ended

    def ready(self) -> bool:
        """Whether ``take`` would not wait."""
        return self._words.ready()

    def take(self) -> bytes:
        """Wait for the pixels; once only. GpuLostError; it is closed then too."""
        try:
            return packed(self._words.take(), self._rect.width, self._rect.height, self._bits)
        finally:
            self.close()

    def close(self) -> None:
        """Give up what was not taken; again does nothing."""
        self._words.close()
        self._ended(self)
