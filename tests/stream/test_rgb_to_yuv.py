"""Pixels to planes, against the same sums in numpy, and against swscale."""

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.stream.rgb_to_yuv import MAX_SIDE, Layout, Plane, convert, halve
from gspice.stream.yuv_weights import Matrix, Weights, weights

Array = npt.NDArray[np.int64]
LIMITED = weights(Matrix.BT709, full_range=False)
FULL = weights(Matrix.BT601, full_range=True)


def noise(width: int, height: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)


def paired(pixels: Array) -> Array:
    """Sums of 2x2 pixels; the last ones of odd sides count twice."""
    height, width = pixels.shape[:2]
    wide = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    summed: Array = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return summed


def weighed(pixels: Array, row: tuple[int, int, int, int], more: int = 0) -> Array:
    total = row[0] * pixels[..., 2] + row[1] * pixels[..., 1] + row[2] * pixels[..., 0] + (row[3] << more)
    shifted: Array = total >> (16 + more)
    return shifted


def expected(pixels: Array, layout: Layout, table: Weights) -> list[Array]:
    luma = weighed(pixels, table.y)
    if layout is Layout.YUV444:
        return [luma, weighed(pixels, table.cb), weighed(pixels, table.cr)]
    fours = paired(pixels)
    cb, cr = weighed(fours, table.cb, 2), weighed(fours, table.cr, 2)
    if layout is Layout.NV12:
        return [luma, np.stack([cb, cr], axis=-1).reshape(cb.shape[0], -1)]
    return [luma, cb, cr]


def shapes(width: int, height: int, layout: Layout) -> list[tuple[int, int]]:
    half = (height + 1) // 2, (width + 1) // 2
    return {
        Layout.YUV420: [(height, width), half, half],
        Layout.YUV444: [(height, width)] * 3,
        Layout.NV12: [(height, width), (half[0], 2 * half[1])],
    }[layout]


def converted(
    data: bytes,
    stride: int,
    rect: Rect,
    width: int,
    height: int,
    layout: Layout,
    table: Weights,
    *,
    halved: bool = False,
    slack: int = 5,
) -> list[Array]:
    """The planes; what lies between their rows must stay as it was."""
    made = []
    planes = []
    for rows, columns in shapes(width, height, layout):
        memory = bytearray(b"\xa5" * ((columns + slack) * rows))
        planes.append(Plane(memory, columns + slack))
        made.append((memory, rows, columns))
    convert(data, stride, rect, planes, width, height, layout, table, halve=halved)
    out = []
    for memory, rows, columns in made:
        whole = np.frombuffer(bytes(memory), np.uint8).reshape(rows, columns + slack)
        assert (whole[:, columns:] == 0xA5).all()
        out.append(whole[:, :columns].astype(np.int64))
    return out


@settings(max_examples=150, deadline=None)
@given(
    left=st.integers(0, 5),
    top=st.integers(0, 3),
    width=st.integers(1, 75),
    height=st.integers(1, 9),
    more=st.tuples(st.integers(0, 9), st.integers(0, 4)),
    layout=st.sampled_from(Layout),
    table=st.sampled_from([LIMITED, FULL]),
    halved=st.booleans(),
)
def test_gives_what_the_sums_give(
    left: int,
    top: int,
    width: int,
    height: int,
    more: tuple[int, int],
    layout: Layout,
    table: Weights,
    halved: bool,
) -> None:
    source = noise(left + width + 2, top + height + 1, seed=width)
    stride = source.shape[1] * 4
    shown: Array = source[top : top + height, left : left + width].astype(np.int64)
    if halved:
        shown = (paired(shown) + 2) >> 2
    # What is filled up goes on with the last column and row of what was shown, of chroma too.
    high, wide = shown.shape[:2]
    size = wide + more[0], high + more[1]
    wanted = []
    step = 2 if layout is Layout.NV12 else 1
    for index, (plane, (rows, columns)) in enumerate(
        zip(expected(shown, layout, table), shapes(*size, layout), strict=True)
    ):
        pairs = plane.reshape(plane.shape[0], -1, step if index else 1)
        added = (0, rows - pairs.shape[0]), (0, columns // pairs.shape[2] - pairs.shape[1]), (0, 0)
        wanted.append(np.pad(pairs, added, mode="edge").reshape(rows, columns))
    rect = Rect.sized(left, top, width, height)
    got = converted(source.tobytes(), stride, rect, *size, layout, table, halved=halved)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_extremes_stay_within_a_byte() -> None:
    corners = np.array([[r, g, b, 255] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.uint8)
    data = np.repeat(corners, 2, axis=0)[None].repeat(2, axis=0)
    for table in (LIMITED, FULL):
        for layout in (Layout.YUV420, Layout.YUV444):
            got = converted(data.tobytes(), 64, Rect(0, 0, 16, 2), 16, 2, layout, table)
            for one, other in zip(got, expected(data.astype(np.int64), layout, table), strict=True):
                np.testing.assert_array_equal(one, other)
                assert other.min() >= 0 and other.max() <= 255


@pytest.mark.parametrize(
    ("matrix", "full_range", "colorspace"),
    [(Matrix.BT601, False, 5), (Matrix.BT709, False, 1), (Matrix.BT601, True, 5)],
)
def test_swscale_takes_it_for_what_it_is(matrix: Matrix, full_range: bool, colorspace: int) -> None:
    """FFmpeg turns the planes back into nearly the same pixels."""
    source = noise(64, 48)
    frame = av.VideoFrame(64, 48, "yuv444p")
    planes = [Plane(memoryview(plane), plane.line_size) for plane in frame.planes]
    table = weights(matrix, full_range=full_range)
    convert(source.tobytes(), 256, Rect(0, 0, 64, 48), planes, 64, 48, Layout.YUV444, table)
    back = frame.reformat(
        format="bgr24", src_colorspace=colorspace, src_color_range=2 if full_range else 1, dst_color_range=2
    )
    error = back.to_ndarray().astype(np.int64) - source[..., :3]
    assert np.abs(error).mean() < 1.5


def test_halving_takes_means() -> None:
    source = noise(7, 5)
    wanted = (paired(source[1:, 2:].astype(np.int64)) + 2) >> 2
    got = np.frombuffer(halve(source.tobytes(), 28, Rect(2, 1, 7, 5)), np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(got[..., :3], wanted[..., :3])


ROOM = [Plane(bytearray(64), 8), Plane(bytearray(16), 4), Plane(bytearray(16), 4)]


@pytest.mark.parametrize(
    ("size", "stride", "rect", "planes", "to"),
    [
        (256, 32, Rect(0, 0, 8, 9), ROOM, (8, 9)),
        (255, 32, Rect(0, 0, 8, 8), ROOM, (8, 8)),
        (256, 31, Rect(0, 0, 8, 8), ROOM, (8, 8)),
        (256, 32, Rect(0, 0, 9, 8), ROOM, (9, 8)),
        (256, 32, Rect(-1, 0, 7, 8), ROOM, (8, 8)),
        (256, 32, Rect(4, 0, 4, 8), ROOM, (8, 8)),
        (256, 1 << 40, Rect(0, 0, 8, 1), ROOM, (8, 8)),
        (256, 32, Rect(0, 0, 8, 8), ROOM, (7, 8)),
        (256, 32, Rect(0, 0, 8, 8), ROOM, (MAX_SIDE + 1, 8)),
        (256, 32, Rect(0, 0, 8, 8), ROOM, (10, 8)),
        (256, 32, Rect(0, 0, 8, 8), ROOM[:2], (8, 8)),
        (256, 32, Rect(0, 0, 8, 8), [ROOM[0], ROOM[1], Plane(bytearray(15), 4)], (8, 8)),
        (256, 32, Rect(0, 0, 8, 8), [ROOM[0], ROOM[1], Plane(bytearray(16), 3)], (8, 8)),
    ],
)
def test_what_does_not_fit_is_refused(
    size: int, stride: int, rect: Rect, planes: list[Plane], to: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=r"pixels|rows|planes"):
        convert(bytes(size), stride, rect, planes, *to, Layout.YUV420, LIMITED)


def test_what_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="rows"):
        halve(bytes(63), 16, Rect(0, 0, 4, 4))
