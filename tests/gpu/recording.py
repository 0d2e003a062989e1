"""A painter that writes primitives down as plain values, and what draws them later, in main memory."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Any

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface
from gspice.gpu.cpu.painter import CpuPainter
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import Painter, Picture
from gspice.gpu.plans.stroke_pen import Pen, RecordingPen
from gspice.pixels import SurfaceFormat
from tests.gpu.source_values import SourceValue, bitmap_value, snapshot_value, surface_value


@dataclass(frozen=True, slots=True)
class Handle:
    """A surface that has no pixels."""

    number: int
    width: int
    height: int
    bits: int


@dataclass(frozen=True, slots=True)
class Slot:
    """What only the replay will know: the pixels of a snapshot, or whether a high byte was set."""

    number: int


@dataclass(slots=True)
class RecordingPainter(Painter[Handle, SourceValue]):
    """Fills ``record``: the name of a primitive and its arguments."""

    name = "recording"
    record: list[tuple[Any, ...]] = field(default_factory=list)
    slots: int = 0
    scratches: int = 0

    def source(
        self,
        data: bytes,
        width: int,
        height: int,
        stride: int,
        *,
        fetch: Fetch,
        pack: Pack,
        top_down: bool = True,
        lut: Collection[int] = (),
        opaque: bool = False,
        key: Hashable = None,
    ) -> SourceValue:
        return bitmap_value(
            data, width, height, stride, fetch=fetch, pack=pack, top_down=top_down, lut=lut, opaque=opaque
        )

    def surface_source(
        self, surface: Handle, *, fetch: Fetch, pack: Pack, lut: Collection[int] = (), opaque: bool = False
    ) -> SourceValue:
        return surface_value(surface, fetch=fetch, pack=pack, lut=lut, opaque=opaque)

    def snapshot(
        self,
        surface: Handle,
        rect: Rect,
        *,
        fetch: Fetch,
        pack: Pack,
        lut: Collection[int] = (),
        opaque: bool = False,
    ) -> SourceValue:
        slot = self._slot()
        value = snapshot_value(slot, rect.width, rect.height, fetch=fetch, pack=pack, lut=lut, opaque=opaque)
        self.record.append(("snapshot", slot, surface, rect, value))
        return value

    def scratch(self, width: int, height: int, bits: int) -> Handle:
        self.scratches += 1
        handle = Handle(-self.scratches, width, height, bits)
        self.record.append(("scratch", handle))
        return handle

    def any_high_byte(self, surface: Handle, rect: Rect) -> Slot:
        slot = self._slot()
        self.record.append(("any_high_byte", slot, surface, rect))
        return slot

    def fill(
        self,
        target: Handle,
        rects: Collection[Rect],
        color: int,
        rop: int,
        mask: SourceValue | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        self.record.append(("fill", target, list(rects), color, rop, mask, mask_dx, mask_dy))

    def blit(
        self,
        target: Handle,
        rects: Collection[Rect],
        source: SourceValue,
        dx: int,
        dy: int,
        rop: int,
        mask: SourceValue | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        self.record.append(("blit", target, list(rects), source, dx, dy, rop, mask, mask_dx, mask_dy))

    def move(self, target: Handle, rects: Collection[Rect], dx: int, dy: int) -> None:
        self.record.append(("move", target, list(rects), dx, dy))

    def tile(
        self,
        target: Handle,
        rects: Collection[Rect],
        pattern: SourceValue,
        tile_x: int,
        tile_y: int,
        rop: int,
        mask: SourceValue | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        self.record.append(
            ("tile", target, list(rects), pattern, tile_x, tile_y, rop, mask, mask_dx, mask_dy)
        )

    def colorkey(
        self, target: Handle, rects: Collection[Rect], source: SourceValue, dx: int, dy: int, key: int
    ) -> None:
        self.record.append(("colorkey", target, list(rects), source, dx, dy, key))

    def rop3(
        self,
        target: Handle,
        rects: Collection[Rect],
        source: SourceValue,
        dx: int,
        dy: int,
        code: int,
        color: int = 0,
        pattern: SourceValue | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
        mask: SourceValue | None = None,
        mask_dx: int = 0,
        mask_dy: int = 0,
    ) -> None:
        self.record.append(
            ("rop3", target, list(rects), source, dx, dy, code, color, pattern, tile_x, tile_y, mask,
             mask_dx, mask_dy)
        )  # fmt: skip

    def composite(
        self,
        op: int,
        picture: Picture,
        target: Handle,
        form: SurfaceFormat,
        rects: Collection[Rect],
        dest: Rect,
        *,
        src_x: int = 0,
        src_y: int = 0,
        mask: Picture | None = None,
        mask_x: int = 0,
        mask_y: int = 0,
        alpha: int = 255,
    ) -> None:
        places = {"src_x": src_x, "src_y": src_y, "mask_x": mask_x, "mask_y": mask_y, "alpha": alpha}
        self.record.append(("composite", op, picture, target, form, list(rects), dest, mask, places))

    def glyphs_color(
        self,
        target: Handle,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        color: int,
    ) -> None:
        self.record.append(("glyphs_color", target, form, list(rects), window, cover, color))

    def glyphs_tile(
        self,
        target: Handle,
        form: SurfaceFormat,
        rects: Collection[Rect],
        window: Rect,
        cover: bytes,
        tile: Handle,
        tile_x: int,
        tile_y: int,
    ) -> None:
        self.record.append(("glyphs_tile", target, form, list(rects), window, cover, tile, tile_x, tile_y))

    def strokes(
        self,
        target: Handle,
        rects: Collection[Rect],
        rop: int,
        draw: Callable[[Pen], None],
        color: int = 0,
        tile: Handle | None = None,
        tile_x: int = 0,
        tile_y: int = 0,
    ) -> None:
        pen = RecordingPen(target.width, target.height, rects, rop)
        draw(pen)
        self.record.append(("spans", target, pen.boxes(), rop, color, tile, tile_x, tile_y))

    def _slot(self) -> Slot:
        self.slots += 1
        return Slot(self.slots)


class Replay:
    """Draws a record on surfaces of main memory, by their numbers."""

    def __init__(self, surfaces: dict[int, Surface]) -> None:
        self._surfaces = dict(surfaces)
        self._slots: dict[Slot, Any] = {}
        self._painter = CpuPainter()

    def run(self, record: list[tuple[Any, ...]]) -> None:
        """Every primitive, in order."""
        for name, *arguments in record:
            special = getattr(self, f"_{name}", None)
            if special is not None:
                special(*arguments)
            else:
                getattr(self._painter, name)(*map(self._real, arguments))

    def _real(self, value: Any) -> Any:
        match value:
            case Handle():
                return self._surfaces[value.number]
            case Slot():
                return self._slots[value]
            case SourceValue(pixels=bytes()):
                return Source(
                    value.pixels,
                    value.width,
                    value.height,
                    value.stride,
                    fetch=value.fetch,
                    pack=value.pack,
                    top_down=value.top_down,
                    lut=value.lut,
                    opaque=value.opaque,
                )
            case SourceValue(pixels=Handle() as handle):
                return self._painter.surface_source(
                    self._surfaces[handle.number],
                    fetch=value.fetch,
                    pack=value.pack,
                    lut=value.lut,
                    opaque=value.opaque,
                )
            case SourceValue():
                return self._slots[value.pixels]
            case Picture():
                return value._replace(pixels=self._real(value.pixels), alpha_if=self._real(value.alpha_if))
            case _:
                return value

    def _snapshot(self, slot: Slot, surface: Handle, rect: Rect, value: SourceValue) -> None:
        self._slots[slot] = self._painter.snapshot(
            self._surfaces[surface.number],
            rect,
            fetch=value.fetch,
            pack=value.pack,
            lut=value.lut,
            opaque=value.opaque,
        )

    def _scratch(self, handle: Handle) -> None:
        self._surfaces[handle.number] = Surface(handle.width, handle.height, handle.bits)

    def _any_high_byte(self, slot: Slot, surface: Handle, rect: Rect) -> None:
        self._slots[slot] = self._painter.any_high_byte(self._surfaces[surface.number], rect)

    def _composite(
        self,
        op: int,
        picture: Picture,
        target: Handle,
        form: SurfaceFormat,
        rects: list[Rect],
        dest: Rect,
        mask: Picture | None,
        places: dict[str, int],
    ) -> None:
        self._painter.composite(
            op,
            self._real(picture),
            self._surfaces[target.number],
            form,
            rects,
            dest,
            mask=self._real(mask),
            **places,
        )

    def _spans(
        self, target: Handle, boxes: bytes, rop: int, color: int, tile: Handle | None, x: int, y: int
    ) -> None:
        surface = self._surfaces[target.number]
        numbers = memoryview(boxes).cast("i")
        for i in range(0, len(numbers), 4):
            box = [Rect(*numbers[i : i + 4])]
            if tile is None:
                self._painter.fill(surface, box, color, rop)
            else:
                pattern = self._surfaces[tile.number]
                low = {8: Pack.LOW8, 16: Pack.LOW16, 32: Pack.WORD32}.get(pattern.bits)
                source = self._painter.surface_source(
                    pattern,
                    fetch=Fetch.RAW if low is not None else Fetch.ALPHA1,
                    pack=low if low is not None else Pack.TO_ALPHA1,
                )
                self._painter.tile(surface, box, source, x, y, rop)
