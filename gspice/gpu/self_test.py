"""Whether a canvas draws what the CPU canvas draws: a picture of every operation, compared pixel by pixel.

It takes no clock and starts nothing: who fears a driver that hangs runs it where that does no harm.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu import self_test_pattern as pattern
from gspice.gpu.canvas import Canvas, Changes, DrawOutcome
from gspice.gpu.self_test_pattern import Step
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.region import Region

CHANNELS = {
    SurfaceFormat.A1: ((0, 1),),
    SurfaceFormat.A8: ((0, 8),),
    SurfaceFormat.RGB555: ((10, 5), (5, 5), (0, 5)),
    SurfaceFormat.RGB565: ((11, 5), (5, 6), (0, 5)),
    SurfaceFormat.XRGB32: ((24, 8), (16, 8), (8, 8), (0, 8)),
    SurfaceFormat.ARGB32: ((24, 8), (16, 8), (8, 8), (0, 8)),
}
"""Lowest bit and bits of each channel of a pixel."""


def first_difference(
    canvas: Canvas, reference: Canvas, *, go_on: Callable[[], bool] = lambda: True
) -> str | None:
    """What ``canvas`` does otherwise than ``reference``, in words; None: nothing.

    Both are given without surfaces and are without any afterwards. ``go_on`` is asked now and then: where it says no,
    that is the difference. Whatever the canvas raises comes through: it is not fit then either.
    """
    both = (canvas, reference)
    done: list[int] = []
    try:
        return next(_differences(both, done, go_on), None)
    finally:
        for surface_id in done:
            for one in both:
                if surface_id in one.surfaces():
                    one.destroy_surface(surface_id)


def _differences(both: tuple[Canvas, Canvas], done: list[int], go_on: Callable[[], bool]) -> Iterator[str]:
    """One sentence for each difference, checked one after the other."""
    _create(both, done, pattern.SOURCE_ID, pattern.SOURCE_SPEC)
    for surface_format, surface_id in pattern.SPECS.items():
        if surface_format not in both[0].caps.surface_formats:
            continue
        if not go_on():
            yield "it takes too long"
        spec = pattern.spec(surface_format)
        steps = pattern.steps(surface_format)
        _create(both, done, surface_id, spec)
        where = f"on a surface of {surface_format.name}"
        whole = Rect(0, 0, spec.width, spec.height)
        before = both[0].changes(surface_id, [whole], None)
        kept = bytearray(before.rows) if before is not None else bytearray()
        # All at once, so that the order of commands, and what one reads that another drew, is tested too.
        batch = list(chain.from_iterable(step.drawables(surface_id) for step in steps))
        owners = [step for step in steps for _ in step.ops]
        for step, got, want in zip(owners, *(one.submit(batch) for one in both), strict=True):
            area = Region(got.rects)
            if got.drawn != want.drawn or not all(map(area.covers, want.rects)):
                yield f"{step.name} {where}: {_told(got)}, not {_told(want)}"
        after = both[0].changes(surface_id, [whole], before.stamp) if before is not None else None
        got_pixels, want_pixels = (one.read(surface_id, whole) for one in both)
        if _rows(got_pixels) != _rows(want_pixels):
            yield from (f"{name} {where}: {what}" for name, what in _compare(got_pixels, want_pixels, steps))
        if after is not None and _seen(_taken_over(kept, after, spec)) != _seen(got_pixels):
            yield f"what has changed {where} is not all that has"
        part = Rect(7, 3, spec.width - 5, 11)
        if _rows(both[0].read(surface_id, part)) != _cut(got_pixels, part):
            yield f"reading a part of a surface of {surface_format.name} gives other pixels than reading it all"
    yield from _new_surface(both, done)


def _create(both: tuple[Canvas, Canvas], done: list[int], surface_id: int, spec: SurfaceSpec) -> None:
    stride = row_bytes(spec.width, spec.format.bits_per_pixel) + 3
    data = pattern.noise(surface_id, stride * spec.height)
    done.append(surface_id)
    for one in both:
        one.create_surface(surface_id, spec, data, stride)


def _new_surface(both: tuple[Canvas, Canvas], done: list[int]) -> Iterator[str]:
    """Memory that another surface had is zero again, and what is gone is gone."""
    spec = pattern.SOURCE_SPEC
    for one in both:
        one.destroy_surface(pattern.SOURCE_ID)
        one.create_surface(pattern.SOURCE_ID, spec)
    if any(both[0].read(pattern.SOURCE_ID, Rect(0, 0, spec.width, spec.height)).data):
        yield "a new surface is not black"
    both[0].destroy_surface(pattern.SOURCE_ID)
    try:
        both[0].read(pattern.SOURCE_ID, Rect(0, 0, 1, 1))
    except GuestError:
        return
    yield "a surface that was destroyed can still be read"


def _told(outcome: DrawOutcome) -> str:
    if not outcome.drawn:
        return f"not drawn ({outcome.reason})"
    return f"drawn in {', '.join(str(tuple(rect)) for rect in outcome.rects) or 'no pixel'}"


def _rows(pixels: Pixels) -> list[bytes]:
    row = row_bytes(pixels.width, pixels.format.bits_per_pixel)
    return [pixels.data[y * pixels.stride :][:row] for y in range(pixels.height)]


def _value(pixels: Pixels, x: int, y: int) -> int:
    bits = pixels.format.bits_per_pixel
    start = y * pixels.stride + x * bits // 8
    if bits < 8:
        return pixels.data[start] >> x % 8 & 1
    return int.from_bytes(pixels.data[start : start + bits // 8], "little")


def _taken_over(kept: bytearray, changes: Changes, spec: SurfaceSpec) -> Pixels:
    """What was kept of a surface, and what has changed over it."""
    size, stride = spec.format.bits_per_pixel // 8, changes.stride
    for left, top, right, bottom in changes.rects:
        for y in range(top, bottom):
            row = slice(y * stride + left * size, y * stride + right * size)
            kept[row] = changes.rows[row]
    return Pixels(spec.width, spec.height, stride, spec.format, bytes(kept))


def _seen(pixels: Pixels) -> list[bytes]:
    """Rows without what is no part of a pixel."""
    rows = _rows(pixels)
    if pixels.format is not SurfaceFormat.XRGB32:
        return rows
    return [row[channel::4] for row in rows for channel in range(3)]


def _cut(pixels: Pixels, part: Rect) -> list[bytes]:
    """The rows of a part, packed as ``read`` packs them."""
    bits = pixels.format.bits_per_pixel
    if bits >= 8:
        size = bits // 8
        return [row[part.left * size : part.right * size] for row in _rows(pixels)[part.top : part.bottom]]
    rows = []
    for y in range(part.top, part.bottom):
        row = sum(_value(pixels, part.left + x, y) << x for x in range(part.width))
        rows.append(row.to_bytes(row_bytes(part.width, bits), "little"))
    return rows


def _compare(got: Pixels, want: Pixels, steps: list[Step]) -> Iterator[tuple[str, str]]:
    """Steps whose pixels differ by more than they may, with the first such pixel."""
    for step in steps:
        allowed = 1 if step.near else 0
        for y in range(step.cell.top, step.cell.bottom):
            for x in range(step.cell.left, step.cell.right):
                a, b = _value(got, x, y), _value(want, x, y)
                if a != b and _distance(a, b, got.format) > allowed:
                    place = x - step.cell.left, y - step.cell.top
                    yield step.name, f"pixel {place} of its cell is {a:#x}, not {b:#x}"
                    break
            else:
                continue
            break


def _distance(a: int, b: int, surface_format: SurfaceFormat) -> int:
    """The largest difference in a channel; the unused bits of a pixel count like all others."""
    channels = CHANNELS[surface_format]
    used = sum(((1 << bits) - 1) << low for low, bits in channels)
    if (a ^ b) & ~used:
        return 1 << 8
    return max(abs((a >> low & (1 << bits) - 1) - (b >> low & (1 << bits) - 1)) for low, bits in channels)
