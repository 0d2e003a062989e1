"""Pictures that spice-gtk draws from its image cache, whole and in parts, while others leave it, are the canvas's."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.stream.client_caches import ClientCaches
from gspice.stream.compression import Compression, WanCompression
from gspice.wire.enums import BitmapFlags, ImageFlags
from gspice.wire.images import Bitmap, FromCache, FromCacheLossless, Glz, LzRgb, Quic, ZlibGlz
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping, Pong, WaitForChannels
from gspice.wire.messages.display import DisplayInvalList, DisplayMark, DisplayMonitorsConfig
from gspice.wire.messages.draw import DisplayCopy
from gspice.wire.types import ChannelWait, ResourceId, ResourceType
from tests.channels.display_rig import INIT, RecordingSender, Rig, bitmap_copy, link
from tests.peers.peers import SpiceGtk
from tests.peers.pictures import Picture
from tests.peers.sent_images import SentImages, copy
from tests.peers.test_encoded_images import pixels_of

pytestmark = pytest.mark.peer

SPEC = SurfaceSpec(384, 256, SurfaceFormat.XRGB32)
SCREEN = Rect(0, 0, SPEC.width, SPEC.height)
HOLDS = 3
"""Pictures as large as the screen that the cache has room for."""


class Line(RecordingSender):
    """All messages in their order."""

    def send(self, message: Message) -> None:
        self.serial += 1
        (self.pings if isinstance(message, Ping) else self.messages).append(message)  # type: ignore[arg-type]


class Slides:
    """A screen that shows picture after picture, and what its one client is sent."""

    def __init__(self, compression: Compression, jpeg: WanCompression) -> None:
        self.rig = Rig(primary=False, compression=compression)
        self.rig.hub.settings = replace(self.rig.hub.settings, jpeg=jpeg)
        self.rig.create_primary(SPEC)
        assert self.rig.hub.screen is not None
        self.rig.hub.screen.has_backdrop = False
        self.line = Line()
        self.client = self.rig.hub.connect(replace(link(), caches=ClientCaches()), self.line)
        self.client.receive(replace(INIT, pixmap_cache_size=HOLDS * SCREEN.area), 0.0)
        self._answer()

    def show(self, pixels: Picture, left: int = 0, top: int = 0, *, pause: float = 0.25, rests: bool) -> None:
        height, width, _ = pixels.shape
        self.rig.now += pause
        self.rig.submit(bitmap_copy(Rect.sized(left, top, width, height), pixels.tobytes()))
        for _ in range(20):
            self.rig.now += 0.1 if rests else 0
            self.rig.hub.push(self.rig.now)
            self._answer()

    def _answer(self) -> None:
        pings, self.line.pings = self.line.pings, []
        for ping in pings:
            self.client.receive(Pong(id=ping.id, timestamp=ping.timestamp), self.rig.now)

    def sent(self) -> list[Message]:
        """All but what the stand-in server says by itself."""
        left_out = (DisplayMark, DisplayMonitorsConfig)
        return [message for message in self.line.messages if not isinstance(message, left_out)][2:]

    @property
    def canvas(self) -> Picture:
        rows = self.rig.canvas.read(0, SCREEN)
        picture = np.frombuffer(rows.data, np.uint8).reshape(SPEC.height, SPEC.width, 4).copy()
        picture[..., 3] = 0
        return picture


def pictures() -> list[Picture]:
    """Six screens: parts of a desktop and of a photograph."""
    sources = [np.tile(pixels_of(f"quic-rgb32-{name}"), (3, 3, 1)) for name in ("ui", "photo")]
    return [
        np.ascontiguousarray(np.roll(source, (37 * turn, 61 * turn), (0, 1))[: SPEC.height, : SPEC.width])
        for turn in range(1, 4)
        for source in sources
    ]


def shown(spice_gtk: SpiceGtk, *messages: list[Message]) -> Picture:
    """What spice-gtk holds after these in its last channel; it would wait for ever for an image that it lacks."""
    server = SentImages(SPEC.width, SPEC.height, *messages)
    try:
        answer = spice_gtk.do("connect", uri=f"spice://127.0.0.1:{server.port}", want=["main", "display"])
        assert answer["ok"], answer["events"]
        assert spice_gtk.do("wait_primary")["ok"], spice_gtk.log_text()
        picture = spice_gtk.grab()
        spice_gtk.do("disconnect")
        return picture
    finally:
        server.close()


@pytest.mark.parametrize(
    "compression, jpeg",
    [
        (Compression.AUTO, WanCompression.NEVER),
        (Compression.AUTO_LZ, WanCompression.ALWAYS),
        (Compression.QUIC, WanCompression.NEVER),
        (Compression.OFF, WanCompression.NEVER),
    ],
    ids=str,
)
def test_pictures_that_come_back_come_from_the_cache(
    spice_gtk: SpiceGtk, compression: Compression, jpeg: WanCompression
) -> None:
    slides, images = Slides(compression, jpeg), pictures()
    order = [0, 1, 0, 1, 2, 0, 3, 4, 3, 5, 0, 1, 3, 3]
    grabs = []
    for count, number in enumerate(order):
        slides.show(images[number], rests=count % 5 == 4 or count == len(order) - 1)
        if count % 3 == 1:
            # A window of another picture over it.
            slides.show(images[number - 1][:160, :256], 128, 32, rests=True)
        if count % 5 == 4:
            grabs.append((len(slides.sent()), slides.canvas))
    grabs.append((len(slides.sent()), slides.canvas))
    sent = slides.sent()
    kinds = Counter(type(message.src) for message in sent if isinstance(message, DisplayCopy))
    assert kinds[FromCache] + kinds[FromCacheLossless] >= 8, kinds
    assert sum(kinds[kind] for kind in (Glz, ZlibGlz, LzRgb, Quic, Bitmap)) >= len(images)
    dropped = [message for message in sent if isinstance(message, DisplayInvalList)]
    assert len(dropped) >= 3 and all(each.type == ResourceType.PIXMAP for each in dropped[0].resources)
    for count, canvas in grabs:
        picture = shown(spice_gtk, sent[:count])
        assert np.array_equal(picture, canvas), int((picture != canvas).sum())
    assert "CRITICAL" not in spice_gtk.log_text(), spice_gtk.log_text()


def test_nothing_is_dropped_before_another_channel_has_drawn_it(spice_gtk: SpiceGtk) -> None:
    red, *more = (np.full((SPEC.height, SPEC.width, 4), level, np.uint8) for level in range(100, 0, -2))
    first = [_kept(red, 7), DisplayInvalList(resources=(ResourceId(id=7),))]
    second = [_wait(0, 2), *(_kept(pixels, 0, flags=0) for pixels in more), copy(_from_cache(7), 0, 0)]
    # Messages are counted from 1, which is the surface's.
    first.insert(1, _wait(1, 1 + len(second)))
    assert (shown(spice_gtk, first, second)[..., :3] == 100).all()


def _kept(pixels: Picture, number: int, *, flags: int = ImageFlags.CACHE_ME) -> Message:
    height, width, _ = pixels.shape
    image = Bitmap(
        id=number, flags=flags, width=width, height=height, x=width, y=height, format=BitmapFormat.XRGB32,
        bitmap_flags=BitmapFlags.TOP_DOWN, stride=width * 4, data=pixels.tobytes(),
    )  # fmt: skip
    return copy(image, 0, 0)


def _from_cache(number: int) -> FromCache:
    return FromCache(id=number, width=SPEC.width, height=SPEC.height)


def _wait(channel_id: int, serial: int) -> Message:
    return WaitForChannels(waits=(ChannelWait(channel_type=2, channel_id=channel_id, message_serial=serial),))
