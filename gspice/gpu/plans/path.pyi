from gspice.qxl.ops import PathSegment

MAX_POINTS: int
"""Points that one path may flatten to; a command of legal size whose curves need more is not drawn."""

def flatten(path: tuple[PathSegment, ...]) -> list[bytes]:
    """The lines of a path: for each the points from one to the next, as pairs of native 32-bit x, y in pixels.

    Fixed point becomes whole pixels by rounding halves down. Curves are halved until they are flat; each
    starts at the whole pixel where the line before it ended.
    GuestError: a segment without the points that its flags need, or more points than ``MAX_POINTS``.
    """
