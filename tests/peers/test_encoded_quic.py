"""What our QUIC encoder makes, stock clients turn into the pixels that went in."""

import contextlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from gspice.codec import quic, quic_encode
from gspice.codec.quic import QuicType
from gspice.geometry import Rect
from gspice.wire.images import Quic
from gspice.wire.message import Message
from gspice.wire.messages.draw import DisplayAlphaBlend, DisplayWhiteness
from gspice.wire.types import DisplayBase
from tests.codec.coded import named
from tests.peers.peers import SpiceGtk
from tests.peers.pictures import Picture
from tests.peers.sent_images import SentImages, copy

pytestmark = pytest.mark.peer

LIMIT = 1 << 28


def shown(spice_gtk: SpiceGtk, width: int, height: int, messages: Sequence[Message]) -> Picture:
    """What spice-gtk holds after these messages."""
    with contextlib.closing(SentImages(width, height, messages)) as server:
        answer = spice_gtk.do("connect", uri=f"spice://127.0.0.1:{server.port}", want=["main", "display"])
        assert answer["ok"], answer["events"]
        assert spice_gtk.do("wait_primary")["ok"], spice_gtk.log_text()
        picture = spice_gtk.grab()
        spice_gtk.do("disconnect")
    return picture


def quic_image(rows: npt.NDArray[np.generic], kind: QuicType, width: int) -> Quic:
    height = len(rows)
    data = quic_encode.encode(rows.tobytes(), kind, width, height, rows.nbytes // height)
    return Quic(width=width, height=height, data=data)


def pixels_of(name: str) -> Picture:
    image = named(name)
    return np.frombuffer(quic.decode(image.data, LIMIT), np.uint8).reshape(*image.size[::-1], 4).copy()


def plain(picture: Picture) -> Picture:
    """Without the byte that means nothing."""
    return np.concatenate([picture[..., :3], np.zeros_like(picture[..., :1])], axis=-1)


@pytest.mark.parametrize("name", ["ui", "photo", "noise", "flat"])
def test_32_and_24_bits(spice_gtk: SpiceGtk, name: str) -> None:
    pixels = np.tile(pixels_of(f"quic-rgb32-{name}"), (2, 3, 1))
    height, width, _ = pixels.shape
    pixels[..., 3] = np.arange(width) % 256  # means nothing, but to RGBA
    images = [
        quic_image(pixels, QuicType.RGB32, width),
        quic_image(pixels, QuicType.RGBA, width),
        quic_image(pixels[..., :3], QuicType.RGB24, width),
    ]
    drawn = [copy(image, 0, i * height) for i, image in enumerate(images)]
    picture = shown(spice_gtk, width, 3 * height, drawn)
    for i in range(len(images)):
        assert np.array_equal(picture[i * height : (i + 1) * height], plain(pixels)), i


def test_16_bits(spice_gtk: SpiceGtk) -> None:
    image = named("quic-rgb16-ui")
    words = np.tile(np.frombuffer(quic.decode(image.data, LIMIT), "<u2").reshape(image.size[::-1]), (3, 2))
    height, width = words.shape
    picture = shown(
        spice_gtk, width, height, [copy(quic_image(words | 1 << 15, QuicType.RGB16, width), 0, 0)]
    )
    channels = np.stack([words & 31, words >> 5 & 31, words >> 10 & 31, words * 0], axis=-1)
    assert np.array_equal(picture, channels << 3 | channels >> 2)


def test_alpha(spice_gtk: SpiceGtk) -> None:
    height, width = 40, 256
    pixels = np.zeros((height, width, 4), np.uint8)  # black, of any density
    pixels[..., 3] = np.arange(width)
    pixels[height // 2 :, :, 3] = np.arange(width) // 64 * 85  # runs
    base = DisplayBase(surface_id=0, box=Rect(0, 0, width, height))
    blend = DisplayAlphaBlend(
        base=base,
        alpha=255,
        src=quic_image(pixels, QuicType.RGBA, width),
        src_area=Rect(0, 0, width, height),
    )
    picture = shown(spice_gtk, width, height, [DisplayWhiteness(base=base), blend])
    expected = 255 - np.repeat(pixels[..., 3:].astype(int), 3, axis=-1)
    assert abs(picture[..., :3] - expected).max() <= 1
