"""Which commands sample between pixels: canvases may round those differently, by 1 in a channel."""

from gspice.geometry import Rect
from gspice.gpu.plans.blending import CompositeFlag
from gspice.qxl import ops

ALLOWED = 1
"""By how much a channel may differ where a command samples between pixels; 0 everywhere else."""
_ONE = 1 << 16


def allowed(drawable: ops.Drawable) -> int:
    """What a channel of a pixel that the command draws on may differ by."""
    return ALLOWED if samples(drawable) else 0


def samples(drawable: ops.Drawable) -> bool:
    """Whether the command scales or transforms an image, so that a pixel is made of several, or of a place between."""
    op = drawable.op
    if isinstance(op, _SCALING):
        return _size(op.src_area) != _size(drawable.bbox)
    if isinstance(op, ops.Composite):
        masked = bool(op.flags & CompositeFlag.HAS_MASK) and op.mask is not None
        return (bool(op.flags & CompositeFlag.HAS_SRC_TRANSFORM) and _between(op.src_transform)) or (
            masked and bool(op.flags & CompositeFlag.HAS_MASK_TRANSFORM) and _between(op.mask_transform)
        )
    return False


_SCALING = (ops.Opaque, ops.Copy, ops.Blend, ops.Rop3, ops.Transparent, ops.AlphaBlend)
"""The operations that fit an area of an image into their bounding box."""


def _size(rect: Rect) -> tuple[int, int]:
    return rect.width, rect.height


def _between(transform: tuple[int, ...] | None) -> bool:
    """Whether a 16.16 matrix does more than to move by whole pixels."""
    if transform is None:
        return False
    t00, t01, t02, t10, t11, t12 = transform
    return (t00, t01, t10, t11) != (_ONE, 0, 0, _ONE) or t02 % _ONE != 0 or t12 % _ONE != 0
