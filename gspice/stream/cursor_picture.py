"""A cursor on a picture, as clients draw it: for films, which have nobody who draws it for them."""

from typing import Any, Final

from gspice.geometry import Point
from gspice.pixels import Pixels
from gspice.qxl.ops import CursorShape

_ALPHA, _MONO, _COLOR4, _COLOR8, _COLOR16, _COLOR24, _COLOR32 = range(7)
"""SPICE_CURSOR_TYPE_*."""
_PALETTES: Final = {_COLOR4: 16, _COLOR8: 256}


def with_cursor(pixels: Pixels, shape: CursorShape, position: Point) -> bytes | bytearray:
    """The picture's rows with the cursor, whose hot spot is at ``position``; 32 bits a pixel, top-down."""
    import numpy as np  # noqa: PLC0415  hosts that make no films go without

    left, top = position.x - shape.hot_x, position.y - shape.hot_y
    right, bottom = min(left + shape.width, pixels.width), min(top + shape.height, pixels.height)
    first_x, first_y = max(left, 0), max(top, 0)
    if first_x >= right or first_y >= bottom:
        return pixels.data
    data = bytearray(pixels.data)
    rows = np.frombuffer(data, np.uint8, pixels.height * pixels.stride).reshape(pixels.height, pixels.stride)
    place = rows[first_y:bottom, 4 * first_x : 4 * right].reshape(bottom - first_y, right - first_x, 4)
    part = np.s_[first_y - top : bottom - top, first_x - left : right - left]
    if shape.type == _ALPHA:
        # Colours come multiplied by alpha.
        source = np.frombuffer(shape.data, np.uint8, 4 * shape.width * shape.height)
        source = source.reshape(shape.height, shape.width, 4)[part].astype(np.uint16)
        under = place * (255 - source[:, :, 3:]) + 127
        blended = np.minimum(source + under // 255, 255).astype(np.uint8)
    else:
        colors, opaque, inverse = _parts(shape, np)
        blended = np.where(opaque[part][:, :, None], colors[part], place)
        blended = np.where(inverse[part][:, :, None], place ^ 255, blended)
    rows[first_y:bottom, 4 * first_x : 4 * right] = blended.reshape(bottom - first_y, -1)
    return data


def _parts(shape: CursorShape, np: Any) -> tuple[Any, Any, Any]:
    """Colours, where they cover what is under them, and where what is under them is inverted."""
    width, height = shape.width, shape.height
    row = (width + 7) // 8
    if shape.type == _MONO:
        bits = _bits(shape.data, 2 * height, row, width, np)
        keeps, sets = bits[:height], bits[height:]
        return np.where(sets, 255, 0).astype(np.uint8)[:, :, None].repeat(4, 2), ~keeps, keeps & sets
    colors = _colors(shape, np)
    keeps = _bits(shape.data[_mask_at(shape) :], height, row, width, np)
    return colors, ~keeps, keeps & colors[:, :, :3].any(axis=2)


def _bits(data: bytes, rows: int, row: int, width: int, np: Any) -> Any:
    packed = np.frombuffer(data, np.uint8, rows * row).reshape(rows, row)
    return np.unpackbits(packed, axis=1)[:, :width].astype(bool)


def _mask_at(shape: CursorShape) -> int:
    """Where a colour cursor's mask begins."""
    row = {
        _COLOR4: (shape.width + 1) // 2,
        _COLOR8: shape.width,
        _COLOR16: 2 * shape.width,
        _COLOR24: 3 * shape.width,
        _COLOR32: 4 * shape.width,
    }[shape.type]
    return row * shape.height + 4 * _PALETTES.get(shape.type, 0)


def _colors(shape: CursorShape, np: Any) -> Any:
    """B, G, R, X of each pixel of a colour cursor."""
    width, height, data = shape.width, shape.height, shape.data
    count = width * height
    colors = np.zeros((height, width, 4), np.uint8)
    if shape.type == _COLOR32:
        colors[:] = np.frombuffer(data, np.uint8, 4 * count).reshape(height, width, 4)
    elif shape.type == _COLOR24:
        colors[:, :, :3] = np.frombuffer(data, np.uint8, 3 * count).reshape(height, width, 3)
    elif shape.type == _COLOR16:
        words = np.frombuffer(data, "<u2", count).reshape(height, width)
        for channel, shift in enumerate((0, 5, 10)):
            five = words >> shift & 31
            colors[:, :, channel] = five << 3 | five >> 2
    else:
        if shape.type == _COLOR8:
            indices = np.frombuffer(data, np.uint8, count).reshape(height, width)
        else:
            row = (width + 1) // 2
            packed = np.frombuffer(data, np.uint8, row * height).reshape(height, row)
            indices = np.stack((packed >> 4, packed & 15), axis=2).reshape(height, 2 * row)[:, :width]
        size = _PALETTES[shape.type]
        at = _mask_at(shape) - 4 * size
        palette = np.frombuffer(data, np.uint8, 4 * size, at).reshape(size, 4)
        colors[:] = palette[indices]
    return colors
