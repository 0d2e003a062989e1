"""The display channel, with a canvas behind it and a scripted client in front."""

import pytest

from gspice.channels.base import LinkInfo
from gspice.channels.display import CAPTURE_PIXELS, QUEUE_HIGH, DisplayChannel, DisplayChannelClient
from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Brush, CopyBits, Drawable, Fill, Mask
from gspice.stream.captures import Compression
from gspice.vdi.qxl import Head, MonitorsConfig
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.images import Bitmap, Lz4
from gspice.wire.message import Message
from gspice.wire.messages.display import (
    DisplayGlDrawDone,
    DisplayInit,
    DisplayInvalAllPalettes,
    DisplayMark,
    DisplayMonitorsConfig,
    DisplayPreferredCompression,
    DisplayStreamReport,
    DisplaySurfaceCreate,
    DisplaySurfaceDestroy,
)
from gspice.wire.messages.draw import DisplayCopy, DisplayCopyBits, DisplayFill

SPEC = SurfaceSpec(640, 480, SurfaceFormat.XRGB32)
INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=1 << 20
)
ALL_CAPS = CapSet.of(DisplayCap.MONITORS_CONFIG, DisplayCap.LZ4_COMPRESSION, DisplayCap.SIZED_STREAM)


class RecordingSender:
    """A sender that keeps what it is given; ``queued_bytes`` is the test's to set."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.queued_bytes = 0
        self.blocked = False
        self.serial = 0
        self.closed_with: str | None = None

    def send(self, message: Message) -> None:
        self.messages.append(message)

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
    """A hub with a canvas of its own, and clients."""

    def __init__(self, *, primary: bool = True) -> None:
        self.canvas = CpuCanvas()
        self.hub = DisplayChannel(self.canvas)
        if primary:
            self.create_primary()

    def create_primary(self, spec: SurfaceSpec = SPEC) -> None:
        self.canvas.create_surface(0, spec)
        self.hub.primary_created(spec)

    def connect(
        self, caps: CapSet = ALL_CAPS, *, local: bool = False
    ) -> tuple[DisplayChannelClient, RecordingSender]:
        sender = RecordingSender()
        return self.hub.connect(link(caps, local=local), sender), sender

    def draw(self, drawable: Drawable) -> None:
        (outcome,) = self.canvas.submit([drawable])
        assert outcome.drawn, outcome.reason
        self.hub.note([(drawable, outcome.rects)])
        self.hub.push(0)

    def push_all(self) -> None:
        """As often as it takes, for clients that can always take more."""
        for _ in range(20):
            self.hub.push(0)


def fill(rect: Rect, color: int = 0x123456) -> Drawable:
    return Drawable(surface_id=0, bbox=rect, op=Fill(Brush(1, color), 8, Mask()))


def copied(messages: list[Message]) -> int:
    """Pixels that came as images."""
    return sum(m.base.box.area for m in messages if isinstance(m, DisplayCopy))


def test_nothing_is_sent_before_init_and_then_the_surface_image_monitors_mark() -> None:
    rig = Rig()
    client, sender = rig.connect()
    rig.draw(fill(Rect(0, 0, 10, 10)))
    assert sender.messages == []
    client.receive(INIT, 0)
    messages = list(sender.messages)
    types = sender.take()
    assert types[:2] == [DisplayInvalAllPalettes, DisplaySurfaceCreate]
    assert set(types[2:-2]) == {DisplayCopy}
    assert types[-2:] == [DisplayMonitorsConfig, DisplayMark]
    assert copied(messages) == SPEC.width * SPEC.height


def test_without_a_primary_there_is_nothing_to_show_until_one_is_made() -> None:
    rig = Rig(primary=False)
    client, sender = rig.connect()
    client.receive(INIT, 0)
    assert sender.take() == [DisplayInvalAllPalettes]
    rig.create_primary()
    assert sender.take() == [DisplaySurfaceCreate, DisplayMonitorsConfig, DisplayMark]
    rig.hub.primary_destroyed()
    assert sender.take() == [DisplaySurfaceDestroy]


def test_the_first_picture_comes_in_one_piece() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    assert [m.base.box for m in sender.messages if isinstance(m, DisplayCopy)] == [Rect(0, 0, 640, 480)]


@pytest.mark.parametrize("slow", ["queue", "acks"])
def test_a_slow_client_gets_only_the_newest_state(slow: str) -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    sender.queued_bytes, sender.blocked = (QUEUE_HIGH + 1, False) if slow == "queue" else (0, True)
    for color in range(1000):
        rig.draw(fill(Rect(0, 0, 20, 20), color))
    assert sender.messages == []
    sender.queued_bytes, sender.blocked = 0, False
    client.drained(0)
    assert len(sender.messages) == 1
    (message,) = sender.messages
    assert isinstance(message, DisplayCopy) and message.base.box == Rect(0, 0, 20, 20)


def test_one_slow_client_does_not_hold_another() -> None:
    rig = Rig()
    (slow, slow_sender), (fast, fast_sender) = rig.connect(), rig.connect()
    for client in (slow, fast):
        client.receive(INIT, 0)
    slow_sender.messages.clear()
    fast_sender.messages.clear()
    slow_sender.queued_bytes = QUEUE_HIGH + 1
    rig.draw(fill(Rect(0, 0, 20, 20)))
    assert slow_sender.take() == []
    assert fast_sender.take() == [DisplayFill]


def test_cheap_ops_are_forwarded_with_their_clip() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    clip = (Rect(0, 0, 5, 5), Rect(3, 3, 9, 9))
    rig.draw(Drawable(surface_id=0, bbox=Rect(0, 0, 8, 8), clip=clip, op=Fill(Brush(1, 7), 8, Mask())))
    rig.draw(Drawable(surface_id=0, bbox=Rect(0, 0, 8, 8), op=CopyBits(Point(1, 1))))
    first, second = sender.messages
    assert isinstance(first, DisplayFill) and isinstance(second, DisplayCopyBits)
    rects = first.base.clip.rects  # type: ignore[union-attr]
    assert sum(rect.area for rect in rects) == 25 + 25 - 4, "clip rectangles must not overlap"
    assert second.src == Point(1, 1)


@pytest.mark.parametrize(
    ("caps", "local", "preferred", "kind"),
    [
        (ALL_CAPS, False, None, Lz4),
        (ALL_CAPS, True, None, Bitmap),
        (ALL_CAPS, True, 7, Lz4),
        (ALL_CAPS, False, 1, Bitmap),
        (CapSet(), False, None, Bitmap),
        (CapSet(), False, 7, Bitmap),
    ],
)
def test_images_are_packed_only_for_clients_that_can_and_want(
    caps: CapSet, local: bool, preferred: int | None, kind: type
) -> None:
    rig = Rig()
    client, sender = rig.connect(caps, local=local)
    if preferred is not None:
        client.receive(DisplayPreferredCompression(image_compression=preferred), 0)
    client.receive(INIT, 0)
    images = {type(m.src) for m in sender.messages if isinstance(m, DisplayCopy)}
    assert images == {kind}


def test_a_second_init_and_unasked_messages_are_protocol_errors() -> None:
    rig = Rig()
    client, _ = rig.connect()
    client.receive(INIT, 0)
    with pytest.raises(ProtocolError, match="second INIT"):
        client.receive(INIT, 0)
    with pytest.raises(ProtocolError, match="not expected"):
        client.receive(DisplayGlDrawDone(), 0)


def test_stream_reports_are_taken_without_a_stream() -> None:
    rig = Rig()
    client, sender = rig.connect()
    report = DisplayStreamReport(
        stream_id=99,
        unique_id=0,
        start_frame_mm_time=0,
        end_frame_mm_time=0,
        num_frames=0,
        num_drops=0xFFFFFFFF,
        last_frame_delay=0,
        audio_delay=0,
    )
    client.receive(report, 0)
    assert sender.messages == []


def test_monitors_of_the_guest_replace_the_default_and_go_with_its_driver() -> None:
    rig = Rig()
    assert rig.hub.monitors_message().heads[0].width == SPEC.width
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    heads = (Head(0, 0, 0, 0, 320, 480), Head(1, 0, 320, 0, 320, 480))
    rig.hub.guest_monitors(MonitorsConfig(4, heads))
    (message,) = sender.messages
    assert isinstance(message, DisplayMonitorsConfig)
    assert message.max_allowed == 4 and [head.x for head in message.heads] == [0, 320]
    rig.hub.guest_monitors(MonitorsConfig(4, ()))
    assert len(rig.hub.monitors_message().heads) == 2, "a config without heads is ignored"
    rig.hub.guest_monitors(None)
    assert len(rig.hub.monitors_message().heads) == 1


def test_clients_without_the_monitors_cap_get_no_monitors() -> None:
    rig = Rig()
    client, sender = rig.connect(CapSet())
    client.receive(INIT, 0)
    assert DisplayMonitorsConfig not in sender.take()


def test_the_guest_learns_what_all_clients_can() -> None:
    rig = Rig()
    assert rig.hub.shared_caps() == (False, bytes(58))
    first, _ = rig.connect()
    assert rig.hub.shared_caps() == (True, bytes([0b11]) + bytes(57))
    rig.connect(CapSet.of(DisplayCap.MONITORS_CONFIG))
    assert rig.hub.shared_caps() == (True, bytes([0b10]) + bytes(57))
    first.disconnected(0)
    first.disconnected(0)
    assert rig.hub.shared_caps()[0]


def test_forgotten_pixels_are_captured_anew() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    rig.hub.forget_pixels()
    rig.push_all()
    assert copied(sender.messages) == SPEC.width * SPEC.height


def test_no_push_holds_the_worker_for_long() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    rig.hub.forget_pixels()
    rig.hub.push(0)
    first = copied(sender.messages)
    assert 0 < first <= CAPTURE_PIXELS < SPEC.width * SPEC.height
    client.drained(0)
    assert first < copied(sender.messages) <= 2 * CAPTURE_PIXELS, "what was sent asks for more"


# Settings of the server


def compressed(messages: list[Message]) -> set[type]:
    """What kinds of images came."""
    return {type(m.src) for m in messages if isinstance(m, DisplayCopy)}


@pytest.mark.parametrize("local", [False, True])
def test_image_compression_is_the_servers_until_the_client_asks_for_another(local: bool) -> None:
    rig = Rig()
    rig.draw(fill(Rect(0, 0, 640, 480)))
    client, sender = rig.connect(local=local)
    client.receive(INIT, 0)
    area = Rect(0, 0, 64, 64)

    def sent() -> set[type]:
        sender.take()
        rig.hub.changed([area])
        rig.hub.push(0)
        return compressed(sender.messages)

    packed = {Bitmap} if local else {Lz4}
    assert sent() == packed
    rig.hub.set_compression(Compression.OFF)
    assert sent() == {Bitmap}
    rig.hub.set_compression(Compression.LZ4)
    assert sent() == packed
    client.receive(DisplayPreferredCompression(image_compression=Compression.OFF), 0)
    assert sent() == {Bitmap}
    client.receive(DisplayPreferredCompression(image_compression=Compression.LZ4), 0)
    rig.hub.set_compression(Compression.OFF)
    assert sent() == {Lz4}, "the client's own wish goes before"
    late, late_sender = rig.connect()
    late.receive(INIT, 0)
    assert compressed(late_sender.messages) == {Bitmap}


def test_clients_are_told_of_no_more_monitors_than_the_host_allows() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    heads = tuple(Head(number, 0, number * 100, 0, 100, 100) for number in range(4))
    for config, count, allowed, shown in (
        (MonitorsConfig(8, heads), 2, 2, 2),
        (MonitorsConfig(8, heads), 6, 6, 4),
        (MonitorsConfig(3, heads[:1]), 6, 3, 1),
        (MonitorsConfig(0, heads), 16, 4, 4),
        (None, 1, 1, 1),
    ):
        rig.hub.guest_monitors(config)
        sender.take()
        rig.hub.set_max_monitors(count)
        (message,) = sender.messages
        assert isinstance(message, DisplayMonitorsConfig)
        assert (message.max_allowed, len(message.heads)) == (allowed, shown)


# A host's scanout


class Scanout:
    """Pixels of one colour, and the rectangles that were read."""

    def __init__(self, color: int) -> None:
        self.color = color
        self.read_rects: list[Rect] = []

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        self.read_rects.append(rect)
        data = self.color.to_bytes(4, "little") * rect.area
        return Pixels(rect.width, rect.height, rect.width * 4, SurfaceFormat.XRGB32, data)


def test_a_scanout_hides_what_the_guest_draws_until_it_is_off() -> None:
    rig = Rig()
    client, sender = rig.connect(CapSet())
    client.receive(INIT, 0)
    scanout = Scanout(0xABCDEF)
    small = SurfaceSpec(32, 16, SurfaceFormat.XRGB32)
    sender.take()
    rig.hub.scanout_on(small, scanout)
    assert rig.hub.scanout and rig.hub.primary == small
    assert sender.take() == [DisplaySurfaceDestroy, DisplaySurfaceCreate, DisplayMark]
    rig.hub.push(0)
    assert sender.take() == [DisplayCopy] and scanout.read_rects == [Rect(0, 0, 32, 16)]
    rig.draw(fill(Rect(0, 0, 640, 480)))
    rig.hub.primary_destroyed()
    rig.hub.primary_created(SPEC)
    assert sender.take() == []
    rig.hub.changed([Rect(1, 1, 2, 2)])
    rig.hub.push(0)
    assert sender.take() == [DisplayCopy]
    rig.hub.scanout_off()
    rig.push_all()
    assert (
        sender.messages
        and sum(m.base.box.area for m in sender.messages if isinstance(m, DisplayCopy)) == 640 * 480
    )
    assert [kind for kind in sender.take() if kind is not DisplayCopy] == [
        DisplaySurfaceDestroy,
        DisplaySurfaceCreate,
        DisplayMark,
    ]
    rig.draw(fill(Rect(0, 0, 8, 8)))
    assert sender.take() == [DisplayFill]


def test_a_scanout_without_a_primary_surface_behind_it() -> None:
    rig = Rig(primary=False)
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.hub.scanout_on(SPEC, Scanout(1))
    rig.hub.scanout_off()
    assert sender.take()[-1] == DisplaySurfaceDestroy and rig.hub.primary is None
    rig.hub.scanout_off()
    assert sender.take() == []
