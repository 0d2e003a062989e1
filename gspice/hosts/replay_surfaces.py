"""Recorded surface ids become ids of the device at hand: images and drawables that name others."""

from collections.abc import Callable

from gspice.errors import GuestError
from gspice.pixels import SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.recording_events import MessageNumber

PRIMARY = 0
DESTROYS_UNNAMED = frozenset({MessageNumber.DESTROY_SURFACE_WAIT, MessageNumber.DESTROY_SURFACE_WAIT_ASYNC})
"""They destroy one surface, and recordings do not say which: it is the one whose id is made anew without having
been destroyed by a command."""

_FIELDS: dict[type[ops.Op], tuple[str, ...]] = {
    ops.Fill: ("brush", "ropd", "mask"),
    ops.Opaque: ("src", "src_area", "brush", "ropd", "scale_mode", "mask"),
    ops.Copy: ("src", "src_area", "ropd", "scale_mode", "mask"),
    ops.Blend: ("src", "src_area", "ropd", "scale_mode", "mask"),
    ops.Blackness: ("mask",),
    ops.Whiteness: ("mask",),
    ops.Invers: ("mask",),
    ops.Rop3: ("src", "src_area", "brush", "rop3", "scale_mode", "mask"),
    ops.Stroke: ("path", "attr_flags", "style", "brush", "fore_mode", "back_mode"),
    ops.Text: ("flags", "glyphs", "back_area", "fore_brush", "back_brush", "fore_mode", "back_mode"),
    ops.Transparent: ("src", "src_area", "src_color", "true_color"),
    ops.AlphaBlend: ("alpha_flags", "alpha", "src", "src_area"),
    ops.Composite: (
        "flags", "src", "mask", "src_transform", "mask_transform", "src_origin", "mask_origin"
    ),
}  # fmt: skip
"""The arguments of the operations that may read an image."""


class SurfaceIds:
    """The device's id of each recorded surface that exists."""

    def __init__(self, spec_of: Callable[[int], SurfaceSpec]) -> None:
        """``spec_of`` gives size and format of a surface by the device's id."""
        self._spec_of = spec_of
        self._ids: dict[int, int] = {}

    def __contains__(self, recorded: object) -> bool:
        return recorded in self._ids

    def add(self, recorded: int, id: int) -> None:
        """A recorded surface has this id now."""
        self._ids[recorded] = id

    def remove(self, recorded: int) -> int:
        """Forget a surface; the id that it had. GuestError: there is none."""
        id = self.id(recorded)
        del self._ids[recorded]
        return id

    def discard(self, recorded: int) -> None:
        """Forget a surface if there is one."""
        self._ids.pop(recorded, None)

    def off_screen(self) -> list[int]:
        """The recorded ids of all surfaces but the primary."""
        return [recorded for recorded in self._ids if recorded != PRIMARY]

    def id(self, recorded: int) -> int:
        """The device's id; GuestError where the recording has no such surface now."""
        id = self._ids.get(recorded)
        if id is None:
            raise GuestError(f"surface {recorded} does not exist")
        return id

    def drawable(self, drawable: ops.Drawable) -> ops.Drawable:
        """The drawable with the device's ids. GuestError: it names a surface that does not exist."""
        return ops.Drawable(
            surface_id=self.id(drawable.surface_id),
            bbox=drawable.bbox,
            op=self._op(drawable.op),
            clip=drawable.clip,
            effect=drawable.effect,
            mm_time=drawable.mm_time,
            self_bitmap_area=drawable.self_bitmap_area,
            surface_deps=tuple((self.id(recorded), rect) for recorded, rect in drawable.surface_deps),
        )

    def _op(self, op: ops.Op) -> ops.Op:
        make: Callable[..., ops.Op] = type(op)
        fields = _FIELDS.get(type(op))
        if fields is None:
            return op
        old = [getattr(op, field) for field in fields]
        new = [self._part(value) for value in old]
        return op if all(a is b for a, b in zip(old, new, strict=True)) else make(*new)

    def _part(self, value: object) -> object:
        match value:
            case ops.SurfaceImage():
                return self.image(value)
            case ops.Brush() if isinstance(value.pattern, ops.SurfaceImage):
                return ops.Brush(value.type, value.color, self.image(value.pattern), value.pos)
            case ops.Mask() if isinstance(value.image, ops.SurfaceImage):
                return ops.Mask(self.image(value.image), value.pos, value.inverse)
        return value

    def image(self, image: ops.SurfaceImage) -> ops.SurfaceImage:
        """The image with the device's id, and the surface's size where it has none. GuestError: no such surface."""
        id = self.id(image.surface_id)
        spec = self._spec_of(id)
        # Some drivers leave 0x0 as the size.
        return ops.SurfaceImage(
            id=image.id,
            flags=image.flags,
            width=image.width or spec.width,
            height=image.height or spec.height,
            surface_id=id,
        )
