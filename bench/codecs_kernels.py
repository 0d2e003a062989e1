"""GSpice's image encoders as `bench codecs` calls them, and that what both libraries make is what it should be."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.codecs_images import picture
from bench.libspice.codecs import Codec, Encoded, Picture
from gspice.codec import glz, glz_encode, lz, lz_encode, quic, quic_encode
from gspice.codec.lz import LzType
from gspice.codec.quic import QuicType

WINDOW = 1 << 22
"""Pixels of a GLZ dictionary; spice-gtk announces 3 to 16 times 2**20."""
NOISE = 1024
"""Pixels along each side of the images that a dictionary is filled with before."""


class Kernel(NamedTuple):
    """One way to encode."""

    codec: Codec
    layout: str
    """Of ``codecs_images.LAYOUTS``."""
    kind: int
    """The number that the layout has for this codec."""

    def __str__(self) -> str:
        return f"{self.codec.name} {self.layout}"


KERNELS = (
    Kernel(Codec.QUIC, "RGB32", QuicType.RGB32),
    Kernel(Codec.QUIC, "RGBA", QuicType.RGBA),
    Kernel(Codec.QUIC, "RGB24", QuicType.RGB24),
    Kernel(Codec.QUIC, "RGB16", QuicType.RGB16),
    Kernel(Codec.QUIC, "grey", QuicType.GRAY),
    Kernel(Codec.LZ, "RGB32", LzType.RGB32),
    Kernel(Codec.LZ, "RGBA", LzType.RGBA),
    Kernel(Codec.LZ, "RGB24", LzType.RGB24),
    Kernel(Codec.LZ, "RGB16", LzType.RGB16),
    Kernel(Codec.LZ, "A8", LzType.A8),
    Kernel(Codec.LZ, "palette 8", LzType.PLT8),
    Kernel(Codec.LZ, "palette 4", LzType.PLT4_BE),
    Kernel(Codec.LZ, "palette 1", LzType.PLT1_BE),
    Kernel(Codec.GLZ, "RGB32", LzType.RGB32),
    Kernel(Codec.GLZ, "RGBA", LzType.RGBA),
    Kernel(Codec.GLZ, "RGB24", LzType.RGB24),
    Kernel(Codec.GLZ, "RGB16", LzType.RGB16),
)


def chosen(words: str) -> list[Kernel]:
    """Those whose name begins with one of the words, all of them without one; RuntimeError where a word fits none."""
    wanted = [word.strip().lower() for word in words.split(",") if word.strip()]
    for word in wanted:
        if not any(str(kernel).lower().startswith(word) for kernel in KERNELS):
            raise RuntimeError(f"no kernel {word}; there are {', '.join(map(str, KERNELS))}")
    return [k for k in KERNELS if not wanted or any(str(k).lower().startswith(word) for word in wanted)]


def before(kernel: Kernel) -> list[Picture]:
    """Noise that fills a GLZ dictionary: clients keep one for hours, so its memory is there, and images leave it."""
    if kernel.codec is not Codec.GLZ:
        return []
    chance = np.random.default_rng(5)
    frames = (chance.integers(0, 256, (NOISE, NOISE, 4), np.uint8) for _ in range(WINDOW // NOISE**2))
    return [picture(frame, kernel.layout, kernel.kind) for frame in frames]


def encode(
    kernel: Kernel, pictures: Sequence[Picture], first: Sequence[Picture], *, keep: bool = False
) -> Encoded:
    """One pass of GSpice's, of GLZ with a dictionary of its own, in which ``first`` is before the clock starts."""
    dictionary = glz_encode.GlzDictionary(WINDOW) if kernel.codec is Codec.GLZ else None
    streams = [_encode_one(kernel, each, dictionary) for each in first]
    sizes: list[int] = []
    start = time.thread_time()
    for each in pictures:
        stream = _encode_one(kernel, each, dictionary)
        sizes.append(len(stream))
        if keep:
            streams.append(stream)
    return Encoded(time.thread_time() - start, sizes, streams)


def _encode_one(kernel: Kernel, image: Picture, dictionary: glz_encode.GlzDictionary | None) -> bytes:
    kind, width, height, stride, rows = image
    if dictionary is not None:
        return dictionary.encode(rows, LzType(kind), width, height, stride) or b""
    if kernel.codec is Codec.LZ:
        return lz_encode.encode(rows, LzType(kind), width, height, stride)
    return quic_encode.encode(rows, QuicType(kind), width, height, stride)


def check(
    kernel: Kernel, pictures: Sequence[Picture], ours: Sequence[bytes], theirs: Sequence[bytes]
) -> None:
    """RuntimeError where the streams are not of the same pixels, or those of QUIC not the same bytes."""
    windows = glz.GlzWindow(WINDOW), glz.GlzWindow(WINDOW)
    for number, image in enumerate(pictures):
        pair = ours[number], theirs[number]
        if kernel.codec is Codec.QUIC:
            same = pair[0] == pair[1] and _same_quic(image, pair[0])
        elif kernel.codec is Codec.LZ:
            rows = [lz.decode(stream, 2 * len(image.rows)) for stream in pair]
            same = rows[0] == rows[1]
        else:
            most = 2 * len(image.rows)
            rows = [window.decode(stream, most).data for window, stream in zip(windows, pair, strict=True)]
            same = rows[0] == rows[1]
        if not same:
            raise RuntimeError(
                f"{kernel}: image {number} of {image.width}x{image.height} pixels comes out otherwise"
            )


def _same_quic(image: Picture, stream: bytes) -> bool:
    header = quic.parse_header(stream)
    return (header.width, header.height) == (image.width, image.height)
