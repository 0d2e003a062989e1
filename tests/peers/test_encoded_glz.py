"""GLZ images of our dictionary, with all their references, are in spice-gtk the pixels that went in."""

import random
import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from gspice.codec.glz_encode import GlzDictionary
from gspice.codec.lz import LzType
from gspice.wire.images import Glz, Image, ZlibGlz
from gspice.wire.message import Message
from tests.peers.peers import SpiceGtk
from tests.peers.pictures import Picture
from tests.peers.sent_images import SentImages, copy
from tests.peers.test_encoded_images import pixels_of, plain

pytestmark = pytest.mark.peer

WIDTH, HEIGHT = 400, 300
WINDOW = 60_000
"""Pixels: fewer than a screen, so that images leave it all the time."""


def shown(spice_gtk: SpiceGtk, messages: Sequence[Message]) -> Picture:
    """What spice-gtk holds after these messages; it would wait for ever for an image that it lacks."""
    server = SentImages(WIDTH, HEIGHT, messages)
    try:
        answer = spice_gtk.do("connect", uri=f"spice://127.0.0.1:{server.port}", want=["main", "display"])
        assert answer["ok"], answer["events"]
        assert spice_gtk.do("wait_primary")["ok"], spice_gtk.log_text()
        picture = spice_gtk.grab()
        spice_gtk.do("disconnect")
        return picture
    finally:
        server.close()


def packed(pixels: Picture, kind: LzType) -> bytes:
    """The rows as encode() takes them, with noise in what means nothing."""
    if kind is LzType.RGB24:
        return pixels[..., :3].tobytes()
    if kind is LzType.RGB16:
        blue, green, red = (pixels[..., channel].astype("<u2") >> 3 for channel in range(3))
        return (blue | green << 5 | red << 10 | 1 << 15).tobytes()
    return pixels.tobytes()


def coded(dictionary: GlzDictionary, pixels: Picture, kind: LzType) -> Glz:
    height, width, _ = pixels.shape
    rows = packed(pixels, kind)
    data = dictionary.encode(rows, kind, width, height, len(rows) // height)
    assert data is not None
    return Glz(width=width, height=height, data=data)


def deflated(image: Glz) -> ZlibGlz:
    data = zlib.compress(image.data, 3)
    return ZlibGlz(width=image.width, height=image.height, glz_size=len(image.data), data=data)


def widened(pixels: Picture, kind: LzType) -> Picture:
    """As spice-gtk shows them: 5 bits by repeating the high ones."""
    return plain(pixels & np.uint8(0xF8) | pixels >> np.uint8(5) if kind is LzType.RGB16 else pixels)


@pytest.mark.parametrize("kinds", [[LzType.RGB32], [LzType.RGBA], list(LzType)[5:9]], ids=str)
def test_images_that_refer_to_each_other(spice_gtk: SpiceGtk, kinds: list[LzType]) -> None:
    rng = random.Random(len(kinds))
    dictionary = GlzDictionary(WINDOW)
    sources = [pixels_of(f"quic-rgb32-{name}") for name in ("ui", "photo", "noise")]
    for pixels in sources:
        pixels[..., 3] = np.arange(pixels.shape[1]) // 3
    expected = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    messages, heads, before = [], [], 0
    for number in range(300):
        pixels, kind = rng.choice(sources), rng.choice(kinds)
        top, left = rng.randrange(pixels.shape[0]), rng.randrange(pixels.shape[1])
        part = pixels[top : top + rng.randrange(1, 90), left : left + rng.randrange(1, 120)]
        height, width, _ = part.shape
        image = coded(dictionary, part, kind)
        before += len(image.data)
        heads.append(number - int.from_bytes(image.data[29:33]))
        sent: Image = deflated(image) if number % 5 == 4 else image
        if number == 150:
            dictionary.forget()
        x, y = rng.randrange(WIDTH - width + 1), rng.randrange(HEIGHT - height + 1)
        messages.append(copy(sent, x, y))
        expected[y : y + height, x : x + width] = widened(part, kind)
    assert heads[-1] > heads[100] > 0  # images have left the window
    assert np.array_equal(shown(spice_gtk, messages), expected)


def test_far_references(spice_gtk: SpiceGtk) -> None:
    dictionary = GlzDictionary(1 << 20)
    noise = pixels_of("quic-rgb32-noise")[:4, :20]
    wide = np.full((HEIGHT, WIDTH, 4), 99, np.uint8)
    tall = np.full((700, 300, 4), 99, np.uint8)
    tall[-1, -20:] = noise[0]  # more than 131,072 pixels from its beginning
    wide[-1, -20:] = noise[1]
    images = [coded(dictionary, pixels, LzType.RGB32) for pixels in (tall, wide)]
    images += [coded(dictionary, noise[2:3, :1], LzType.RGB32) for _ in range(300)]
    last = [coded(dictionary, noise[row : row + 1], LzType.RGB32) for row in (0, 1)]
    assert max(len(image.data) for image in last) < 50
    messages = [copy(image, 0, 0) for image in images[1:]]
    messages = [copy(images[0], 0, -400), *messages, copy(last[0], 50, 50), copy(last[1], 50, 60)]
    expected = wide.copy()
    expected[0, 0] = noise[2, 0]
    expected[50, 50:70], expected[60, 50:70] = noise[0], noise[1]
    assert np.array_equal(shown(spice_gtk, messages), plain(expected))
