"""That every layout is what its codec takes, and that a wrong stream is noticed."""

import numpy as np
import pytest

from bench.codecs_images import LAYOUTS, generated, picture, small
from bench.codecs_kernels import KERNELS, Kernel, check, chosen, encode
from bench.libspice.codecs import Codec, Picture, most_bytes
from gspice.codec import lz
from gspice.codec.lz import LzType

NOISE = np.random.default_rng(0).integers(0, 256, (21, 33, 4), np.uint8)


def pictures(kernel: Kernel) -> list[Picture]:
    return [picture(frame, kernel.layout, kernel.kind) for frame in (NOISE, NOISE[:5, :7])]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_what_is_encoded_is_checked_against_the_other_library(kernel: Kernel) -> None:
    images = pictures(kernel)
    right = encode(kernel, images, [], keep=True)
    assert right.sizes == [len(stream) for stream in right.streams]
    assert all(size < most_bytes(image) for size, image in zip(right.sizes, images, strict=True))
    check(kernel, images, right.streams, right.streams)
    wrong = [image._replace(rows=bytes(len(image.rows))) for image in images]
    with pytest.raises(RuntimeError, match="image 0 of 33x21 pixels"):
        check(kernel, images, right.streams, encode(kernel, wrong, [], keep=True).streams)


def test_what_comes_before_is_not_counted() -> None:
    kernel = Kernel(Codec.GLZ, "RGB32", LzType.RGB32)
    first, second = pictures(kernel)
    both = encode(kernel, [second], [first], keep=True)
    assert len(both.streams) == 2
    assert both.sizes == [len(both.streams[1])]
    assert both.sizes[0] < encode(kernel, [second], []).sizes[0], "its pixels are all in the one before"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_without_padding(layout: str) -> None:
    image = picture(NOISE, layout, 0)
    assert (image.width, image.height) == (33, 21)
    assert len(image.rows) == image.stride * image.height


def test_sixteen_bits_have_the_high_ones_of_each_colour() -> None:
    pixel = np.array([[[0xF8, 0x08, 0x87, 0]]], np.uint8)  # B, G, R
    rows = picture(pixel, "RGB16", LzType.RGB16).rows
    assert int.from_bytes(rows, "little") == 16 << 10 | 1 << 5 | 31


def test_alpha_is_the_fourth_byte() -> None:
    frame = np.zeros((64, 64, 4), np.uint8)
    image = picture(frame, "RGBA", LzType.RGBA)
    assert image.rows[3::4] == picture(frame, "A8", LzType.A8).rows
    assert {0, 255} <= set(image.rows[3::4])
    assert (
        lz.decode(encode(Kernel(Codec.LZ, "RGBA", LzType.RGBA), [image], [], keep=True).streams[0], 1 << 20)
        == image.rows
    )


def test_kernels_are_chosen_by_the_beginnings_of_their_names() -> None:
    assert chosen("") == list(KERNELS)
    assert [str(kernel) for kernel in chosen("glz rgb16, quic g")] == ["QUIC grey", "GLZ RGB16"]
    with pytest.raises(RuntimeError, match="no kernel png; there are QUIC RGB32"):
        chosen("lz,png")


def test_generated_images_are_the_same_each_time_and_change_from_one_to_the_next() -> None:
    one, other = generated(), generated()
    assert {name: [frame.tobytes() for frame in frames] for name, frames in one.items()} == {
        name: [frame.tobytes() for frame in frames] for name, frames in other.items()
    }
    for frames in one.values():
        assert frames[0].tobytes() != frames[1].tobytes()
    assert all(8 <= min(frame.shape[:2]) <= 128 for frame in small([one["text"][0]]))
