"""A display channel with a canvas behind it, and scripted clients in front."""

import math

from gspice.channels.base import LinkInfo
from gspice.channels.display import DisplayChannel
from gspice.channels.display_client import DisplayChannelClient
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Brush, Copy, Drawable, Fill, Mask
from gspice.stream.compression import Compression, DisplaySettings
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.images import Surface
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping, Pong
from gspice.wire.messages.display import (
    DisplayInit,
    DisplaySurfaceCreate,
    DisplaySurfaceDestroy,
)
from gspice.wire.messages.draw import DisplayCopy, DisplayFill

SPEC = SurfaceSpec(640, 480, SurfaceFormat.XRGB32)
INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=1 << 20
)
ALL_CAPS = CapSet.of(DisplayCap.MONITORS_CONFIG, DisplayCap.LZ4_COMPRESSION, DisplayCap.SIZED_STREAM)


class RecordingSender:
    """A sender that keeps what it is given, pings and the backdrop apart; ``queued_bytes`` is the test's to set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.queued_bytes = 0
        self.blocked = False
        self.serial = 0
        self.closed_with: str | None = None
        self.pings: list[Ping] = []
        self.backdrop: list[Message] = []
        """What is about the surfaces in which clients keep what was covered."""
        self.counts = False
        """Whether ``queued_bytes`` grows as if nothing were ever taken."""

    def send(self, message: Message) -> None:
        self.serial += 1
        if isinstance(message, Ping):
            self.pings.append(message)
        elif (isinstance(message, DisplaySurfaceCreate | DisplaySurfaceDestroy) and message.surface_id) or (
            isinstance(message, DisplayCopy) and (message.base.surface_id or isinstance(message.src, Surface))
        ):
            self.backdrop.append(message)
        else:
            self.messages.append(message)
            if self.counts:
                self.queued_bytes += len(message.serialize())

    def queue(self, message: Message) -> None:
        self.send(message)

    def flush(self, *, more: bool) -> None:
        return None

    def close(self, reason: str) -> None:
        self.closed_with = reason

    def take(self) -> list[type[Message]]:
        """Types of what was sent since the last call."""
        types = [type(message) for message in self.messages]
        self.messages.clear()
        return types


def link(caps: CapSet = ALL_CAPS, *, local: bool = False) -> LinkInfo:
    return LinkInfo(
        connection_id=1,
        channel_type=ChannelType.DISPLAY,
        channel_id=0,
        common_caps=CapSet(),
        channel_caps=caps,
        secure=False,
        local=local,
        peer="test",
    )


class Rig:
    """A hub with a canvas of its own, and clients that answer their pings at once."""

    def __init__(
        self,
        *,
        primary: bool = True,
        compression: Compression = Compression.AUTO_GLZ,
        canvas: Canvas | None = None,
    ) -> None:
        self.canvas = canvas or CpuCanvas()
        self.now = 0.0
        self.wakes: list[float] = []
        self.acted_at = -math.inf
        self.hub = DisplayChannel(
            self.canvas,
            DisplaySettings(compression=compression),
            wake_at=self.wakes.append,
            acted_at=lambda: self.acted_at,
        )
        self.clients: list[tuple[DisplayChannelClient, RecordingSender]] = []
        if primary:
            self.create_primary()

    def create_primary(self, spec: SurfaceSpec = SPEC) -> None:
        self.canvas.create_surface(0, spec)
        self.hub.primary_created(spec)

    def create_again(self) -> None:
        """Another primary surface, after the one before was destroyed."""
        self.canvas.destroy_surface(0)
        self.create_primary()

    def connect(
        self, caps: CapSet = ALL_CAPS, *, local: bool = False
    ) -> tuple[DisplayChannelClient, RecordingSender]:
        sender = RecordingSender()
        client = self.hub.connect(link(caps, local=local), sender)
        self.clients.append((client, sender))
        return client, sender

    def draw(self, drawable: Drawable) -> None:
        self.submit(drawable)
        self.push()

    def submit(self, drawable: Drawable) -> None:
        (outcome,) = self.canvas.submit([drawable])
        assert outcome.drawn, outcome.reason
        self.hub.note([(drawable, outcome.rects)])

    def push(self) -> None:
        """A frame later."""
        self.now += 0.1
        self.hub.push(self.now)
        self.answer()

    def answer(self) -> None:
        for client, sender in self.clients:
            pings, sender.pings = sender.pings, []
            for ping in pings:
                client.receive(Pong(id=ping.id, timestamp=ping.timestamp), self.now)

    def push_all(self) -> None:
        """As often as it takes, for clients that can always take more."""
        for _ in range(20):
            self.push()


def fill(rect: Rect, color: int = 0x123456) -> Drawable:
    return Drawable(surface_id=0, bbox=rect, op=Fill(Brush(1, color), 8, Mask()))


def bitmap_copy(rect: Rect, data: bytes) -> Drawable:
    """These pixels of 32 bits, there."""
    image = BitmapImage(
        id=0, flags=0, width=rect.width, height=rect.height, format=BitmapFormat.XRGB32,
        top_down=True, stride=rect.width * 4, data=data,
    )  # fmt: skip
    return Drawable(
        surface_id=0, bbox=rect, op=Copy(image, Rect(0, 0, rect.width, rect.height), 8, 0, Mask())
    )


def copied(messages: list[Message]) -> int:
    """Pixels that came as images or fills."""
    return sum(m.base.box.area for m in messages if isinstance(m, DisplayCopy | DisplayFill))
