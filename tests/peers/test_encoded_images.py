"""What our encoders make, stock clients turn into the pixels that went in."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from gspice.codec import jpeg, jpeg_encode, lz_encode, quic
from gspice.codec.lz import LzType
from gspice.geometry import Rect
from gspice.wire.enums import BitmapFlags, JpegAlphaFlags
from gspice.wire.images import Image, Jpeg, JpegAlpha, LzPlt, LzRgb, Palette
from gspice.wire.message import Message
from gspice.wire.messages.draw import DisplayAlphaBlend, DisplayWhiteness
from gspice.wire.types import DisplayBase
from tests.codec.coded import named
from tests.peers.peers import SpiceGtk
from tests.peers.pictures import Picture
from tests.peers.sent_images import SentImages, copy

pytestmark = pytest.mark.peer

LIMIT = 1 << 28

Show = Callable[[int, int, Sequence[Message]], Picture]


@pytest.fixture
def show(spice_gtk: SpiceGtk) -> Iterator[Show]:
    """What spice-gtk holds after these messages."""
    running: list[SentImages] = []

    def show(width: int, height: int, messages: Sequence[Message]) -> Picture:
        running.append(SentImages(width, height, messages))
        uri = f"spice://127.0.0.1:{running[-1].port}"
        answer = spice_gtk.do("connect", uri=uri, want=["main", "display"])
        assert answer["ok"], answer["events"]
        assert spice_gtk.do("wait_primary")["ok"], spice_gtk.log_text()
        picture = spice_gtk.grab()
        spice_gtk.do("disconnect")
        return picture

    yield show
    for server in running:
        server.close()


def pixels_of(name: str) -> Picture:
    image = named(name)
    return np.frombuffer(quic.decode(image.data, LIMIT), np.uint8).reshape(*image.size[::-1], 4).copy()


def plain(picture: Picture) -> Picture:
    """Without the byte that means nothing."""
    return np.concatenate([picture[..., :3], np.zeros_like(picture[..., :1])], axis=-1)


def lz_image(rows: npt.NDArray[np.generic], kind: LzType, width: int, *, top_down: bool = True) -> LzRgb:
    height = len(rows)
    stride = rows.nbytes // height
    data = lz_encode.encode(rows.tobytes(), kind, width, height, stride, top_down=top_down)
    return LzRgb(width=width, height=height, data=data)


PICTURES = ["quic-rgb32-ui", "quic-rgb32-photo", "quic-rgb32-noise", "quic-rgb32-flat"]


@pytest.mark.parametrize("name", PICTURES)
def test_lz_of_32_and_24_bits(show: Show, name: str) -> None:
    pixels = pixels_of(name)
    height, width, _ = pixels.shape
    pixels[..., 3] = np.arange(width)  # means nothing, but to RGBA
    images = [
        lz_image(pixels, LzType.RGB32, width),
        lz_image(pixels, LzType.RGBA, width),
        lz_image(pixels[..., :3], LzType.RGB24, width),
        lz_image(pixels[::-1], LzType.RGB32, width, top_down=False),
    ]
    picture = show(width, 4 * height, [copy(image, 0, i * height) for i, image in enumerate(images)])
    for i in range(len(images)):
        assert np.array_equal(picture[i * height : (i + 1) * height], plain(pixels)), i


def test_lz_of_16_bits(show: Show) -> None:
    image = named("quic-rgb16-ui")
    words = np.frombuffer(quic.decode(image.data, LIMIT), "<u2").reshape(image.size[::-1])
    width, height = image.size
    picture = show(width, height, [copy(lz_image(words | 1 << 15, LzType.RGB16, width), 0, 0)])
    channels = np.stack([words & 31, words >> 5 & 31, words >> 10 & 31, words * 0], axis=-1)
    assert np.array_equal(picture, channels << 3 | channels >> 2)


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        (LzType.PLT8, 8),
        (LzType.PLT4_BE, 4),
        (LzType.PLT4_LE, 4),
        (LzType.PLT1_BE, 1),
        (LzType.PLT1_LE, 1),
    ],
)
def test_lz_of_indices(show: Show, kind: LzType, bits: int) -> None:
    rng = np.random.default_rng(bits)
    grey = pixels_of("quic-rgb32-ui")[..., 1]
    height, width = grey.shape
    indices = grey >> (8 - bits)
    colours = rng.integers(0, 1 << 24, 1 << bits)
    places = np.arange(8 // bits) * bits
    if kind in (LzType.PLT4_BE, LzType.PLT1_BE):
        places = places[::-1]
    groups = np.pad(indices, ((0, 0), (0, -width % len(places)))).reshape(height, -1, len(places))
    rows = (groups << places).sum(axis=-1).astype(np.uint8)
    image = LzPlt(
        width=width,
        height=height,
        bitmap_flags=BitmapFlags.TOP_DOWN,
        palette=Palette(unique=0, entries=tuple(colours.tolist())),
        data=lz_encode.encode(rows.tobytes(), kind, width, height, rows.shape[1]),
    )
    expected = colours.astype("<u4")[indices].view(np.uint8).reshape(height, width, 4)
    assert np.array_equal(show(width, height, [copy(image, 0, 0)]), expected)


def test_jpeg(show: Show) -> None:
    pixels = pixels_of("quic-rgb32-photo")
    height, width, _ = pixels.shape
    data = jpeg_encode.encode(pixels.tobytes(), width, height, width * 4, 85)
    picture = show(width, height, [copy(Jpeg(width=width, height=height, data=data), 0, 0)])
    ours = np.frombuffer(jpeg.decode(data, width, height, LIMIT), np.uint8).reshape(pixels.shape)
    assert abs(picture.astype(int) - ours).max() <= 2
    assert abs(picture.astype(int) - plain(pixels)).mean() < 4


def test_alpha_behind_a_jpeg(show: Show) -> None:
    height, width = 40, 256
    pixels = np.zeros((height, width, 4), np.uint8)  # black, of any density
    pixels[..., 3] = np.arange(width)
    data, size = jpeg_encode.encode_alpha(pixels.tobytes(), width, height, width * 4, 85)
    image: Image = JpegAlpha(
        width=width, height=height, jpeg_flags=JpegAlphaFlags.TOP_DOWN, jpeg_size=size, data=data
    )
    base = DisplayBase(surface_id=0, box=Rect(0, 0, width, height))
    blend = DisplayAlphaBlend(base=base, alpha=255, src=image, src_area=Rect(0, 0, width, height))
    picture = show(width, height, [DisplayWhiteness(base=base), blend])
    expected = np.repeat(255 - np.arange(width)[None, :, None], 3, axis=-1)
    assert abs(picture[..., :3] - expected).max() <= 1
