"""One client of a display: what it is sent, in which order, packed how, and how much of it at a time."""

import itertools
import random
from dataclasses import replace

import pytest

from gspice.channels.display_client import QUEUE_HIGH, REST_S
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.stream.compression import Compression, DisplaySettings, WanCompression
from gspice.stream.pacing import FRAME_PIXELS
from gspice.wire.caps import CapSet
from gspice.wire.images import Bitmap, Glz, Jpeg, Lz4, LzRgb, Quic, Surface, ZlibGlz
from gspice.wire.message import Message
from gspice.wire.messages.display import (
    DisplayGlDrawDone,
    DisplayMark,
    DisplayMonitorsConfig,
    DisplayPreferredCompression,
    DisplayStreamReport,
    DisplaySurfaceCreate,
    DisplaySurfaceDestroy,
)
from gspice.wire.messages.draw import DisplayCopy, DisplayFill
from tests.channels.display_rig import (
    ALL_CAPS,
    INIT,
    Rig,
    bitmap_copy,
    copied,
    fill,
)
from tests.channels.settling import LateEncoders


def test_the_first_picture_comes_in_one_piece() -> None:
    rig = Rig()
    rig.submit(fill(Rect(0, 0, 10, 10)))
    client, sender = rig.connect()
    client.receive(INIT, 0)
    assert [m.base.box for m in sender.messages if isinstance(m, DisplayCopy)] == [Rect(0, 0, 640, 480)]


@pytest.mark.parametrize("slow", ["queue", "acks"])
def test_a_slow_client_gets_only_the_newest_state(slow: str) -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.answer()
    sender.messages.clear()
    sender.queued_bytes, sender.blocked = (QUEUE_HIGH + 1, False) if slow == "queue" else (0, True)
    for color in range(1000):
        rig.draw(fill(Rect(0, 0, 20, 20), color + 1))
    assert sender.messages == []
    sender.queued_bytes, sender.blocked = 0, False
    client.drained(rig.now)
    (message,) = sender.messages
    assert isinstance(message, DisplayFill) and message.base.box == Rect(0, 0, 20, 20)
    assert message.brush.color == 1000  # type: ignore[union-attr]


def test_a_client_that_answers_no_frame_gets_no_more_of_them() -> None:
    rig = Rig(compression=Compression.OFF)
    client, sender = rig.connect()
    sender.counts = True
    client.receive(INIT, 0)
    noise = random.Random(2)
    silent = 0
    for _ in range(200):
        before = len(sender.messages)
        rig.submit(bitmap_copy(Rect(0, 0, 300, 300), noise.randbytes(360_000)))
        rig.now += 1
        rig.hub.push(rig.now)
        sender.queued_bytes = 0  # the system has taken it
        silent = silent + 1 if len(sender.messages) == before else 0
    assert silent > 100, "frames go on without an answer"
    rig.draw(fill(Rect(0, 0, 300, 300), 77))
    sender.messages.clear()
    rig.answer()
    assert isinstance(sender.messages[0], DisplayFill), "and then the newest comes"


@pytest.mark.parametrize(
    ("caps", "local", "preferred", "kind"),
    [
        (ALL_CAPS, False, None, ZlibGlz),
        (ALL_CAPS, True, None, Bitmap),
        (ALL_CAPS, True, 7, Lz4),
        (ALL_CAPS, False, 1, Bitmap),
        (ALL_CAPS, False, 3, LzRgb),
        (ALL_CAPS, False, 4, Quic),
        (CapSet(), False, 5, ZlibGlz),
        (CapSet(), False, 6, LzRgb),
        (CapSet(), False, 7, LzRgb),
    ],
)
def test_images_are_packed_only_for_clients_that_can_and_want(
    caps: CapSet, local: bool, preferred: int | None, kind: type
) -> None:
    rig = Rig()
    for x in range(0, 638, 3):
        rig.submit(fill(Rect(x, x // 2, x + 2, 400), x * x))
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


def test_clients_without_the_monitors_cap_get_no_monitors() -> None:
    rig = Rig()
    client, sender = rig.connect(CapSet())
    client.receive(INIT, 0)
    assert DisplayMonitorsConfig not in sender.take()


def test_no_frame_holds_the_encoders_for_long() -> None:
    rig = Rig(primary=False)
    rig.create_primary(SurfaceSpec(2000, 1500, SurfaceFormat.XRGB32))
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.answer()
    sender.messages.clear()
    for x in range(0, 2000, 2):
        rig.submit(fill(Rect(x, 0, x + 1, 1500), x))
    rig.hub.push(1)
    first = copied(sender.messages)
    assert 0 < first <= FRAME_PIXELS < 2000 * 1500
    client.drained(1)
    assert first < copied(sender.messages) <= 2 * FRAME_PIXELS, "what was sent asks for more"


def compressed(messages: list[Message]) -> set[type]:
    """What kinds of images came."""
    return {type(m.src) for m in messages if isinstance(m, DisplayCopy)}


@pytest.mark.parametrize("local", [False, True])
def test_image_compression_is_the_servers_until_the_client_asks_for_another(local: bool) -> None:
    rig = Rig()
    client, sender = rig.connect(local=local)
    client.receive(INIT, 0)
    colors = itertools.count(1)

    def sent() -> set[type]:
        sender.take()
        rig.submit(fill(Rect(0, 0, 64, 64), next(colors)))
        rig.submit(fill(Rect(5, 5, 60, 60), next(colors)))
        rig.push()
        return compressed(sender.messages)

    def server(compression: Compression) -> None:
        rig.hub.settings = DisplaySettings(compression=compression)

    assert sent() == ({Bitmap} if local else {Glz})
    server(Compression.OFF)
    assert sent() == {Bitmap}
    server(Compression.LZ4)
    assert sent() == ({Bitmap} if local else {Lz4})
    client.receive(DisplayPreferredCompression(image_compression=Compression.OFF), 0)
    assert sent() == {Bitmap}
    client.receive(DisplayPreferredCompression(image_compression=Compression.LZ4), 0)
    server(Compression.OFF)
    assert sent() == {Lz4}, "the client's own wish goes before"
    late, late_sender = rig.connect()
    late.receive(INIT, 0)
    assert compressed(late_sender.messages) == {Bitmap}


def text_and_photo(rig: Rig) -> None:
    """Something smooth on the screen."""
    pixels = bytearray()
    for y in range(200):
        for x in range(300):
            pixels += bytes((x & 255, y & 255, (x + y) & 255, 0))
    rig.submit(bitmap_copy(Rect(0, 0, 300, 200), bytes(pixels)))


def test_photographs_are_exact_again_once_they_rest() -> None:
    rig = Rig()
    rig.hub.settings = DisplaySettings(compression=Compression.AUTO, jpeg=WanCompression.ALWAYS)
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    text_and_photo(rig)
    rig.now += 1
    for _ in range(20):
        rig.hub.push(rig.now)
        rig.answer()
    assert compressed(sender.messages) == {Jpeg} and copied(sender.messages) == 300 * 200
    sender.take()
    assert client.lags and rig.wakes[-1] == pytest.approx(rig.now + REST_S)
    rig.now = rig.wakes[-1]
    for _ in range(20):
        rig.hub.push(rig.now)
        rig.answer()
    assert compressed(sender.messages) <= {Glz, ZlibGlz, Quic} and copied(sender.messages) >= 300 * 200
    assert not client.lags


def test_a_client_without_a_dictionary_gets_no_jpeg_whatever_the_server_wants() -> None:
    rig = Rig()
    rig.hub.settings = DisplaySettings(compression=Compression.AUTO, jpeg=WanCompression.ALWAYS)
    client, sender = rig.connect()
    client.receive(replace(INIT, glz_dictionary_window_size=0), 0)
    rig.push_all()
    sender.take()
    text_and_photo(rig)
    rig.now += 1
    for _ in range(20):
        rig.hub.push(rig.now)
        rig.answer()
    assert compressed(sender.messages) == {Quic} and copied(sender.messages) == 300 * 200
    assert not client.lags


def test_what_comes_meanwhile_follows_the_frame_that_is_being_packed() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    late = rig.hub._encoders = LateEncoders()
    text_and_photo(rig)
    rig.push()
    rig.hub.set_max_monitors(1)
    rig.hub.primary_destroyed()
    rig.create_again()
    assert sender.take() == []
    late.finish(0, rig.now)
    kinds = sender.take()
    assert kinds[-5:] == [
        DisplayMonitorsConfig,
        DisplaySurfaceDestroy,
        DisplaySurfaceCreate,
        DisplayMonitorsConfig,
        DisplayMark,
    ]
    assert set(kinds[:-5]) == {DisplayCopy}


def test_what_is_small_does_not_wait_until_the_rest_of_its_frame_is_packed() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    late = rig.hub._encoders = LateEncoders()
    echo = Rect(400, 300, 416, 316)
    text_and_photo(rig)
    rig.submit(fill(echo, 0xFF))
    rig.now += 1
    rig.hub.push(rig.now)
    (first,) = sender.messages
    assert isinstance(first, DisplayFill) and first.base.box == echo and len(sender.pings) == 1
    frames = client.statistics.frames
    late.finish(0, rig.now)
    assert copied(sender.messages) > echo.area and len(sender.pings) == 2
    assert client.statistics.frames == frames + 1, "together they are one frame"


def test_a_first_part_that_cannot_be_packed_on_the_spot_is_sent_before_the_rest() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    late = rig.hub._encoders = rig.hub._here = LateEncoders()  # type: ignore[assignment]
    echo = Rect(400, 300, 416, 316)
    text_and_photo(rig)
    rig.submit(fill(echo, 0xFF))
    rig.push()
    assert sender.take() == []
    late.finish(0, rig.now)
    assert copied(sender.messages) == echo.area
    while client.lags:
        rig.push()
        late.finish(0, rig.now)
    assert copied(sender.messages) == echo.area + 300 * 200, "and nothing is lost, or sent twice"


def test_what_was_packed_for_a_client_that_has_gone_is_dropped() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    late = rig.hub._encoders = LateEncoders()
    text_and_photo(rig)
    rig.push()
    client.disconnected(rig.now)
    late.finish(0, rig.now)
    assert sender.take() == []


def test_clients_keep_what_is_covered() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    text_and_photo(rig)
    rig.push_all()
    sender.backdrop.clear()
    window = Rect(32, 32, 160, 160)
    rig.now += 1
    rig.draw(fill(window, 0xFF0000))
    created, kept = sender.backdrop
    assert isinstance(created, DisplaySurfaceCreate) and created.surface_id == 1 and not created.flags
    assert isinstance(kept, DisplayCopy) and kept.base.surface_id == 1 and kept.base.box == window
    assert isinstance(kept.src, Surface) and kept.src.surface_id == 0 and kept.src_area == window
    sender.take()
    sender.backdrop.clear()
    rig.now += 1
    text_and_photo(rig)
    rig.push()
    assert sender.take() == [], "nothing but a copy"
    back = sender.backdrop[-1]
    assert isinstance(back, DisplayCopy) and back.base.surface_id == 0
    assert isinstance(back.src, Surface) and back.src.surface_id == 1 and back.base.box == window
    rig.hub.primary_destroyed()
    gone = [message for message in sender.backdrop if isinstance(message, DisplaySurfaceDestroy)]
    assert [message.surface_id for message in gone] == sorted({message.surface_id for message in gone}) != []
