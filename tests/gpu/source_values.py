"""Sources as plain values: what a recording painter makes of what planners give."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.painter import SurfaceHandle

FETCH_BITS = {
    Fetch.LUT1_LE: 1,
    Fetch.LUT1_BE: 1,
    Fetch.LUT4_LE: 4,
    Fetch.LUT4_BE: 4,
    Fetch.LUT8: 8,
    Fetch.RGB555: 16,
    Fetch.RGB565: 16,
    Fetch.RGB24: 24,
    Fetch.XRGB32: 32,
    Fetch.ARGB32: 32,
    Fetch.ALPHA8: 8,
    Fetch.ALPHA1: 1,
}
"""Bits of one pixel in memory; those of RAW are the packed ones."""
PACK_BITS = {
    Pack.WORD32: 32,
    Pack.LOW16: 16,
    Pack.LOW8: 8,
    Pack.TO_RGB555: 16,
    Pack.TO_RGB565: 16,
    Pack.TO_ALPHA8: 8,
    Pack.TO_ALPHA1: 1,
}
"""Bits of one pixel of the target."""
MAX_LUT = 256
"""Entries of a table that count."""
_LUTS = (Fetch.LUT1_LE, Fetch.LUT1_BE, Fetch.LUT4_LE, Fetch.LUT4_BE, Fetch.LUT8)
_MAX_SIDE = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class SourceValue:
    """Where pixels are and what is made of them."""

    pixels: Any
    """bytes, a surface, or what the painter calls a snapshot."""
    width: int
    height: int
    stride: int
    """Bytes from one row to the next; 0 where ``pixels`` are not bytes."""
    fetch: Fetch
    pack: Pack
    top_down: bool = True
    lut: tuple[int, ...] = ()
    """At most 256 words of 32 bits; entries beyond its end are 0."""
    opaque: bool = False


def bitmap_value(
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
) -> SourceValue:
    """What ``Painter.source`` is to return; ValueError where the bytes do not hold the pixels."""
    row = (width * _pixel_bits(fetch, pack) + 7) // 8
    fits = 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and stride >= row
    if not fits or len(data) < stride * (height - 1) + row:
        raise ValueError(f"{len(data)} bytes with stride {stride} for {height} rows of {row} bytes")
    return SourceValue(data, width, height, stride, fetch, pack, top_down, _words(fetch, lut), opaque)


def surface_value(
    surface: SurfaceHandle, *, fetch: Fetch, pack: Pack, lut: Collection[int] = (), opaque: bool = False
) -> SourceValue:
    """What ``Painter.surface_source`` is to return."""
    _pixel_bits(fetch, pack)
    words = _words(fetch, lut)
    return SourceValue(surface, surface.width, surface.height, 0, fetch, pack, True, words, opaque)


def snapshot_value(
    snapshot: Any,
    width: int,
    height: int,
    *,
    fetch: Fetch,
    pack: Pack,
    lut: Collection[int] = (),
    opaque: bool = False,
) -> SourceValue:
    """What ``Painter.snapshot`` is to return; ``snapshot`` is the painter's own name for those pixels."""
    _pixel_bits(fetch, pack)
    return SourceValue(snapshot, width, height, 0, fetch, pack, True, _words(fetch, lut), opaque)


def _pixel_bits(fetch: Fetch, pack: Pack) -> int:
    if fetch is not Fetch.RAW:
        return FETCH_BITS[fetch]
    bits = PACK_BITS[pack]
    if bits < 8:
        raise ValueError("pixels of less than a byte cannot be taken raw")
    return bits


def _words(fetch: Fetch, lut: Collection[int]) -> tuple[int, ...]:
    if fetch not in _LUTS:
        return ()
    return tuple(entry & 0xFFFFFFFF for entry in tuple(lut)[:MAX_LUT])
