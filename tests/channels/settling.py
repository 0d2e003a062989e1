"""A display with random drawing, slow clients and late encoders; when all is quiet, every picture must be the canvas's.

Real canvas, hub, encoders, wire bytes and decoders; only time, the pool and the links are played, from one seed.
"""

import contextlib
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest.mock import patch

from gspice.channels import display, display_images
from gspice.channels.base import LinkInfo
from gspice.channels.display import DisplayChannel
from gspice.client.channel import ClientChannel
from gspice.client.display import DisplayChannel as OurClient
from gspice.client.images import KeptImages
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.stream import recall
from gspice.stream.cells import Grid
from gspice.stream.client_caches import ClientCaches
from gspice.stream.compression import Compression, DisplaySettings, WanCompression
from gspice.stream.detect.video_detector import VideoMode, VideoRegion
from gspice.stream.screen import Screen
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages.base import Ack, AckSync, Pong
from gspice.wire.messages.display import DisplayInit, DisplayInvalList, DisplayPreferredCompression
from gspice.wire.messages.draw import DisplayCopy

CAPS = CapSet.of(DisplayCap.MONITORS_CONFIG, DisplayCap.LZ4_COMPRESSION)
FILMS = (
    CapSet(),
    CapSet.of(DisplayCap.MULTI_CODEC),
    CapSet.of(
        DisplayCap.SIZED_STREAM, DisplayCap.MULTI_CODEC, DisplayCap.CODEC_MJPEG, DisplayCap.STREAM_REPORT
    ),
    CapSet.of(DisplayCap.SIZED_STREAM, DisplayCap.MULTI_CODEC, DisplayCap.CODEC_VP8),
)
"""What clients know of films: MJPEG, nothing, and more."""
PUT = 8
CACHES = (0, 1 << 16, 1 << 16, 1 << 17, 1 << 20)
"""Pixels that clients keep: none, hardly more than a screen, as much as they want."""


class RandomDetector:
    """Finds films as the story goes, whatever is drawn; at most two, and none that is not there any more."""

    random = random.Random(0)

    def __init__(self, screen: Screen, mode: VideoMode) -> None:
        self.bounds = screen.bounds
        self.regions: list[VideoRegion] = []
        self.ends: float | None = None
        self.suspects = False
        self.hurries = False

    def looked(self, look: object, now: float) -> Sequence[VideoRegion]:
        rnd = self.random
        self.hurries = rnd.random() < 0.5
        if rnd.random() < 0.1 and len(self.regions) < 2:
            self.regions.append(VideoRegion(rnd.getrandbits(30), self._place(), 30.0, now))
        if rnd.random() < 0.05 and self.regions:
            at = rnd.randrange(len(self.regions))
            old = self.regions[at]
            rect = rnd.choice((self._place(), self._elsewhere(old.rect)))
            self.regions[at] = old._replace(rect=rect, covered=())
        if rnd.random() < 0.1 and self.regions:
            at = rnd.randrange(len(self.regions))
            rect = self.regions[at].rect
            over = [self._place().intersect(rect) for _ in range(rnd.randrange(3))]
            self.regions[at] = self.regions[at]._replace(
                covered=tuple(each for each in over if not each.empty)
            )
        if rnd.random() < 0.05 and self.regions:
            self.ends = now + rnd.choice((0.0, 0.5, 3.0))
        return tuple(self.regions)

    def deadline(self) -> float | None:
        return self.ends

    def expire(self, now: float) -> Sequence[VideoRegion]:
        assert self.ends is not None and now >= self.ends
        self.regions.pop(0)
        self.ends = None
        return tuple(self.regions)

    def _place(self) -> Rect:
        rnd, bounds = self.random, self.bounds
        left, top = rnd.randrange(bounds.width - 10), rnd.randrange(bounds.height - 10)
        return Rect(left, top, rnd.randint(left + 1, bounds.right), rnd.randint(top + 1, bounds.bottom))

    def _elsewhere(self, rect: Rect) -> Rect:
        left = self.random.randint(0, self.bounds.width - rect.width)
        return rect.translate(left - rect.left, 0)


class LateEncoders:
    """A pool whose jobs end when the story says so, in any order."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], Any], Callable[[Any, float], None]]] = []

    def submit(self, job: Callable[[], Any], done: Callable[[Any, float], None], now: float) -> None:
        self.jobs.append((job, done))

    def finish(self, index: int, now: float) -> None:
        job, done = self.jobs.pop(index)
        done(job(), now)


class Person:
    """One client, with all its display channels; ``pixels``: what its cache holds."""

    def __init__(self, number: int, pixels: int) -> None:
        self.number = number
        self.pixels = pixels
        self.caches = ClientCaches()
        self.kept = KeptImages()
        self.channels: dict[int, Client] = {}
        self.has_lost = False
        """A channel was lost, with what was under way on it."""

    def peer(self, channel_type: int, channel_id: int) -> ClientChannel | None:
        """What one of its channels waits for; GLZ images are none of it: each channel has a dictionary of its own."""
        assert channel_type == ChannelType.DISPLAY
        channel = self.channels.get(channel_id)
        return channel.theirs if channel is not None else None


class Client:
    """Both ends of one display channel, and the line between them."""

    def __init__(
        self, world: "World", person: Person, *, compression: Compression | None, window: int, channel_id: int
    ) -> None:
        self.world = world
        self.person = person
        self.channel_id = channel_id
        person.channels[channel_id] = self
        self.line: deque[bytes] = deque()
        self.kinds: deque[type[Message]] = deque()
        self.queued_bytes = 0
        self.blocked = False
        self.serial = 0
        self.come = 0
        """Serial of the last message that has reached the client."""
        self.theirs = OurClient(channel_id, kept=person.kept)
        self.theirs.peer = person.peer
        link = LinkInfo(
            connection_id=person.number,
            channel_type=ChannelType.DISPLAY,
            channel_id=channel_id,
            common_caps=CapSet(),
            channel_caps=CAPS | world.random.choice(FILMS),
            secure=False,
            local=False,
            peer=f"client {person.number}",
            caches=person.caches,
        )
        self.ours = world.hub.connect(link, self)
        if compression is not None:
            self.ours.receive(DisplayPreferredCompression(image_compression=compression), world.now)
        self.ours.receive(
            DisplayInit(
                pixmap_cache_id=1,
                pixmap_cache_size=person.pixels,
                glz_dictionary_id=channel_id,
                glz_dictionary_window_size=window,
            ),
            world.now,
        )

    def send(self, message: Message) -> None:
        data = message.serialize()
        self.line.append(data)
        self.kinds.append(type(message))
        self.queued_bytes += len(data)
        self.serial += 1

    def queue(self, message: Message) -> None:
        self.send(message)

    def flush(self, *, more: bool) -> None:
        return None

    def close(self, reason: str) -> None:
        raise AssertionError(reason)

    def deliver(self, count: int) -> None:
        """So many messages reach the client, and its answers come back."""
        for _ in range(min(count, len(self.line))):
            if not self.theirs.resume():
                break
            data, kind = self.line.popleft(), self.kinds.popleft()
            self.queued_bytes -= len(data)
            self.come += 1
            message = kind.parse(data)
            if isinstance(message, DisplayInvalList) and self.theirs.resume():
                # A client that finds nothing to drop complains. Only what a lost channel had on its way may be missing.
                known = all(resource.id in self.person.kept for resource in message.resources)
                assert known or self.person.has_lost
            self.theirs.receive(message, self.come)
            self.world.counts[kind] += 1
            if isinstance(message, DisplayCopy):
                self.world.counts[type(message.src)] += 1
            for answer in self.theirs.take_output():
                if isinstance(answer, Pong):
                    self.ours.receive(answer, self.world.now)
                else:
                    assert isinstance(answer, Ack | AckSync), answer
        if not self.line:
            self.ours.drained(self.world.now)


class World:
    """One story."""

    def __init__(
        self,
        seed: int,
        *,
        surface_format: SurfaceFormat = SurfaceFormat.XRGB32,
        canvas: Canvas | None = None,
    ) -> None:
        self.random = random.Random(seed)
        self.now = 100.0
        self.canvas = canvas or CpuCanvas()
        self.encoders = LateEncoders()
        self.wakes: list[float] = []
        settings = DisplaySettings(
            compression=self.random.choice(list(Compression)),
            jpeg=self.random.choice([WanCompression.ALWAYS, *WanCompression]),
            zlib_glz=self.random.choice(list(WanCompression)),
        )
        self.hub = DisplayChannel(self.canvas, settings, self.encoders, self.wakes.append)
        self.clients: list[Client] = []
        self.people: list[Person] = []
        self.numbers = 0
        self.counts: Counter[type] = Counter()
        """Messages that came, and images that were drawn, by type."""
        self.pictures: list[Pixels] = []
        """What the whole screen was, to be shown again."""
        self.spec = SurfaceSpec(self.random.randint(20, 260), self.random.randint(20, 200), surface_format)
        self.create()
        self.connect()

    # What happens

    def step(self) -> None:
        """Something at random."""
        (happens,) = self.random.choices(*self._CHOICES)
        happens(self)

    def draw(self) -> None:
        batch = [self._drawable() for _ in range(self.random.choice((1, 1, 1, 5, 20)))]
        drawn = [
            (drawable, outcome.rects)
            for drawable, outcome in zip(batch, self.canvas.submit(batch), strict=True)
            if outcome.drawn
        ]
        self.hub.note(drawn)

    def push(self) -> None:
        self.hub.push(self.now)

    def wait(self) -> None:
        self.now += self.random.choice((0.001, 0.005, 0.02, 0.5))
        if any(when <= self.now for when in self.wakes):
            self.wakes.clear()
            self.push()

    def deliver(self) -> None:
        if self.clients:
            self.random.choice(self.clients).deliver(self.random.choice((1, 2, 5, 100)))

    def finish(self) -> None:
        if self.encoders.jobs:
            self.encoders.finish(self.random.randrange(len(self.encoders.jobs)), self.now)

    def block(self) -> None:
        if self.clients:
            client = self.random.choice(self.clients)
            client.blocked = not client.blocked

    def connect(self) -> None:
        if len(self.clients) < 4:
            if not self.people or self.random.random() < 0.5:
                self.people.append(Person(len(self.people), self.random.choice(CACHES)))
            self.numbers += 1
            compression = self.random.choice([None, None, *Compression])
            window = self.random.choice((0, 1 << 17, 1 << 22))
            person = self.random.choice(self.people)
            self.clients.append(
                Client(self, person, compression=compression, window=window, channel_id=self.numbers)
            )

    def leave(self) -> None:
        if len(self.clients) > 1:
            client = self.clients.pop(self.random.randrange(len(self.clients)))
            client.ours.disconnected(self.now)
            del client.person.channels[client.channel_id]
            client.person.has_lost = True

    def remember(self) -> None:
        """The screen as it is will be shown again."""
        whole = Rect(0, 0, self.spec.width, self.spec.height)
        pixels = self.canvas.read(0, whole)
        if pixels.format in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
            self.pictures.append(pixels)

    def photo(self) -> None:
        """Something smooth as large as the screen, which may be sent lossy."""
        phase, width, height = self.random.randrange(4), self.spec.width, self.spec.height
        rows = [
            bytes((x + y & 255, x * 2 & 255, y + 64 * phase & 255, 0))
            for y in range(height)
            for x in range(width)
        ]
        photo = Pixels(width, height, width * 4, SurfaceFormat.XRGB32, b"".join(rows))
        self.pictures.append(photo)
        self.now += 0.21
        self._show(photo)

    def flip(self) -> None:
        """Something that was there before, after a pause, and time to take some of it."""
        if self.pictures:
            self._show(self.random.choice(self.pictures[-4:]))
            self.now += self.random.choice((0.21, 0.21, 0.3))
            self.push()
            if self.random.random() < 0.7:
                self.finish()
                self.deliver()

    def _show(self, pixels: Pixels) -> None:
        both = Rect(0, 0, min(pixels.width, self.spec.width), min(pixels.height, self.spec.height))
        op = _copy_of(pixels.width, pixels.height, pixels.data, both)
        drawable = ops.Drawable(surface_id=0, bbox=both, op=op)
        self.hub.note([(drawable, self.canvas.submit([drawable])[0].rects)])

    def recreate(self) -> None:
        self.canvas.destroy_surface(0)
        self.hub.primary_destroyed()
        if self.random.random() < 0.5:
            self.push()
        if self.random.random() < 0.5:
            self.spec = self.spec._replace(width=self.random.randint(20, 260))
        self.create()

    _CHOICES = (
        (draw, push, wait, deliver, finish, remember, photo, flip, block, connect, leave, recreate),
        (30, 20, 15, 15, 12, 3, 2, 6, 2, 2, 1, 1),
    )

    def create(self) -> None:
        self.canvas.create_surface(0, self.spec)
        self.hub.primary_created(self.spec)

    # The end

    def settle(self) -> None:
        """Let everything happen that is due, until nothing is."""
        for client in self.clients:
            client.blocked = False
        for _ in range(2000):
            self.push()
            while self.encoders.jobs:
                self.finish()
            for client in self.clients:
                client.deliver(1000)
            self.now += 0.1
            if not self.pending():
                return
        raise AssertionError("it never came to rest")

    def pending(self) -> bool:
        screen = self.hub.screen
        return (
            bool(self.encoders.jobs)
            or (screen is not None and screen.dirty)
            or any(client.line or client.ours.lags for client in self.clients)
        )

    def check(self) -> None:
        """Every client shows what the canvas holds, byte for byte."""
        whole = Rect(0, 0, self.spec.width, self.spec.height)
        expected = self.canvas.read(0, whole)
        for client in self.clients:
            assert client.theirs.complete, client.theirs.unsupported_text()
            found = client.theirs.pixels()
            assert found.format == expected.format
            assert visible(found.data, found.format) == visible(expected.data, expected.format)

    # Drawing

    def _rect(self) -> Rect:
        rnd, (width, height, _) = self.random, self.spec
        left, top = rnd.randrange(width), rnd.randrange(height)
        most = rnd.choice((3, 30, 300))
        return Rect(
            left, top, min(width, left + rnd.randint(1, most)), min(height, top + rnd.randint(1, most))
        )

    def _drawable(self) -> ops.Drawable:
        rect = self._rect()
        make = self.random.choice((self._fill, self._pixels, self._pixels, self._copy_bits, self._invert))
        return ops.Drawable(surface_id=0, bbox=rect, op=make(rect))

    def _fill(self, rect: Rect) -> ops.Op:
        return ops.Fill(ops.Brush(1, self.random.choice((0, 0xFFFFFF, 0x336699))), PUT, ops.Mask())

    def _invert(self, rect: Rect) -> ops.Op:
        return ops.Invers(ops.Mask())

    def _copy_bits(self, rect: Rect) -> ops.Op:
        rnd, (width, height, _) = self.random, self.spec
        return ops.CopyBits(Point(rnd.randint(0, width - rect.width), rnd.randint(0, height - rect.height)))

    def _pixels(self, rect: Rect) -> ops.Op:
        rnd, count = self.random, rect.area
        match rnd.randrange(4):
            case 0:
                data = rnd.randbytes(4 * count)
            case 1:  # smooth
                data = b"".join(
                    bytes((x + y & 255, x * 2 & 255, y & 255, 0))
                    for y in range(rect.height)
                    for x in range(rect.width)
                )
            case 2:  # like text
                data = b"".join(rnd.choices((bytes(4), b"\xff\xff\xff\0", b"\xff\xff\xff\0"), k=count))
            case _:  # what is there already
                pixels = self.canvas.read(0, rect)
                if pixels.format not in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
                    return self._fill(rect)
                data = pixels.data
        return _copy_of(rect.width, rect.height, data)


def _copy_of(width: int, height: int, data: bytes, area: Rect | None = None) -> ops.Op:
    image = ops.BitmapImage(
        id=0, flags=0, width=width, height=height, format=BitmapFormat.XRGB32,
        top_down=True, stride=width * 4, data=data,
    )  # fmt: skip
    return ops.Copy(image, area or Rect(0, 0, width, height), PUT, 0, ops.Mask())


def visible(data: bytes, surface_format: SurfaceFormat) -> bytes:
    """Pixels without the bits that mean nothing."""
    if surface_format is SurfaceFormat.XRGB32:
        clean = bytearray(data)
        clean[3::4] = bytes(len(data) // 4)
        return bytes(clean)
    if surface_format is SurfaceFormat.RGB555:
        clean = bytearray(data)
        clean[1::2] = bytes(byte & 0x7F for byte in clean[1::2])
        return bytes(clean)
    return data


def play(
    seed: int,
    steps: int,
    *,
    surface_format: SurfaceFormat = SurfaceFormat.XRGB32,
    canvas: Canvas | None = None,
) -> World:
    """One story from beginning to end; AssertionError where it ends badly. ``canvas``: without surfaces."""
    RandomDetector.random = random.Random(seed)
    with small_worlds():
        world = World(seed, surface_format=surface_format, canvas=canvas)
        for _ in range(steps):
            world.step()
        world.settle()
        world.check()
        return world


@contextlib.contextmanager
def small_worlds() -> Iterator[None]:
    """What clients keep, found again by cells that fit into screens as small as these."""
    with (
        patch.object(display_images, "CELLS", Grid(16, 8)),
        patch.object(display_images, "MIN_PIXELS", 200),
        patch.object(recall, "MIN_PIXELS", 200),
        patch.object(display, "VideoDetector", RandomDetector),
    ):
        yield
