"""What GPU canvases let the CPU draw: pixels go there and come back. For operators that no shader has."""

from collections.abc import Collection
from typing import Any, Protocol

from gspice.geometry import Rect
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.painter import RAW_PACK
from gspice.gpu.compute.primitives import GpuSource, GpuSurface
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.painter import CpuPainter
from gspice.gpu.plans.formats import Fetch
from gspice.gpu.plans.painter import Picture
from gspice.gpu.plans.rops import ROP_COPY
from gspice.pixels import SurfaceFormat, row_bytes


class Reader(Protocol):
    """Where pixels are read from, and where primitives are added that bring them back."""

    def read(self, surface: GpuSurface, rect: Rect) -> bytes: ...
    def add(
        self, kind: int, target: GpuSurface, boxes: list[Rect], source: GpuSource, **words: Any
    ) -> None: ...


class CpuDetour:
    """Composites as the CPU canvas does, which waits until the device has drawn all that came before."""

    def __init__(self, engine: Reader) -> None:
        self._engine = engine
        self._painter = CpuPainter()
        self.taken = 0
        """How often pixels went this way."""

    def __call__(
        self,
        op: int,
        picture: Picture,
        target: GpuSurface,
        form: SurfaceFormat,
        rects: Collection[Rect],
        dest: Rect,
        *,
        src_x: int,
        src_y: int,
        mask: Picture | None,
        mask_x: int,
        mask_y: int,
        alpha: int,
    ) -> None:
        self.taken += 1
        around = Rect(0, 0, 0, 0)
        for rect in rects:
            around = around.union(rect)
        lifted = self._surface(target, around)
        self._painter.composite(
            op,
            self._picture(picture),
            lifted,
            form,
            [rect.translate(-around.left, -around.top) for rect in rects],
            dest.translate(-around.left, -around.top),
            src_x=src_x,
            src_y=src_y,
            mask=None if mask is None else self._picture(mask),
            mask_x=mask_x,
            mask_y=mask_y,
            alpha=alpha,
        )
        width, height, bits = around.width, around.height, target.bits
        drawn = GpuSource(
            lifted.read(Rect(0, 0, width, height)), width, height, row_bytes(width, bits),
            fetch=Fetch.ALPHA1 if bits == 1 else Fetch.RAW, pack=RAW_PACK[bits],
        )  # fmt: skip
        self._engine.add(
            Kind.BLIT, target, list(rects), drawn, rop=ROP_COPY, dx=around.left, dy=around.top,
            opaque=True,
        )  # fmt: skip

    def _surface(self, surface: GpuSurface, rect: Rect) -> Surface:
        made = Surface(rect.width, rect.height, surface.bits)
        made.load(self._engine.read(surface, rect), row_bytes(rect.width, surface.bits))
        return made

    def _picture(self, picture: Picture) -> Picture:
        return picture._replace(pixels=self._pixels(picture.pixels))

    def _pixels(self, pixels: GpuSurface | GpuSource) -> Surface | Source:
        if isinstance(pixels, GpuSurface):
            return self._surface(pixels, Rect(0, 0, pixels.width, pixels.height))
        arguments = dict(pixels.arguments)
        stride = arguments.pop("stride")
        if pixels.surface is None:
            assert pixels.data is not None
            return self._painter.source(pixels.data, pixels.width, pixels.height, stride, **arguments)
        del arguments["top_down"]
        whole = Rect(0, 0, pixels.width, pixels.height)
        return self._painter.surface_source(self._surface(pixels.surface, whole), **arguments)
