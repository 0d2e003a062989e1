"""The display channel: scripted messages in, pixels out."""

import pytest

from gspice.client.display import MAX_REASONS, MAX_SURFACE_BYTES, DisplayChannel
from gspice.client.images import GLZ_WINDOW_PIXELS
from gspice.client.video import MAX_STREAMS
from gspice.codec.glz_encode import GlzDictionary
from gspice.codec.lz import LzType
from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.wire import types as wire
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.enums import ImageCompression
from gspice.wire.message import Message
from gspice.wire.messages import base as base_messages
from gspice.wire.messages import display, draw
from tests.client.fake_server import create_primary, fill
from tests.client.messages import CORNER, FRAME, STREAM, WHOLE, base, bitmap, copy, copy_bits, feed, gray

RED, BLUE = b"\0\0\xff\0", b"\xff\0\0\0"
MARK = display.DisplayMark()


@pytest.fixture
def shown() -> DisplayChannel:
    """8x4 pixels of blue, marked."""
    return feed(DisplayChannel(), create_primary(8, 4), fill(0xFF, WHOLE), MARK)


def pixel(channel: DisplayChannel, x: int, y: int) -> bytes:
    picture = channel.pixels()
    at = y * picture.stride + x * 4
    return picture.data[at : at + 4]


# -- the beginning


@pytest.mark.parametrize("compression", [ImageCompression.OFF, ImageCompression.LZ4])
def test_what_is_said_first(compression: ImageCompression) -> None:
    channel = DisplayChannel(compression=compression)
    channel.start(CapSet.of(DisplayCap.PREF_COMPRESSION))
    preference, init = channel.take_output()
    assert preference == display.DisplayPreferredCompression(image_compression=compression)
    assert isinstance(init, display.DisplayInit)
    assert init.glz_dictionary_window_size == GLZ_WINDOW_PIXELS
    assert init.pixmap_cache_size > 0


def test_an_old_server_is_not_asked_for_a_compression() -> None:
    channel = DisplayChannel()
    channel.start(CapSet())
    assert [type(message) for message in channel.take_output()] == [display.DisplayInit]


# -- surfaces


def test_a_picture_is_there_once_it_is_marked() -> None:
    channel = DisplayChannel()
    with pytest.raises(ProtocolError, match="no primary"):
        channel.pixels()
    feed(channel, MARK)
    assert not channel.marked
    feed(channel, create_primary(8, 4), fill(0xFF, WHOLE))
    assert not channel.complete
    feed(channel, MARK)
    assert channel.complete
    assert channel.pixels().data == BLUE * 32


def test_the_surface_is_black_before_anything_is_drawn() -> None:
    assert feed(DisplayChannel(), create_primary(2, 1)).pixels().data == bytes(8)


def test_a_primary_surface_that_goes_takes_its_mark_along(shown: DisplayChannel) -> None:
    changes = shown.changes
    feed(shown, display.DisplaySurfaceDestroy(surface_id=0))
    assert not shown.marked
    assert not shown.complete
    assert shown.changes > changes
    feed(shown, create_primary(4, 4))
    assert not shown.complete
    feed(shown, MARK)
    assert shown.complete
    assert shown.pixels().width == 4


def test_reset_forgets_everything(shown: DisplayChannel) -> None:
    image = bitmap(8, 4, gray(*range(32)), id=5, flags=wire.ImageFlags.CACHE_ME)
    feed(shown, copy(image), display.DisplayReset())
    assert shown.primary is None
    assert 5 not in shown.cache.kept
    feed(shown, create_primary(8, 4))


def test_off_screen_surfaces(shown: DisplayChannel) -> None:
    off = display.DisplaySurfaceCreate(surface_id=7, width=2, height=1, format=32, flags=0)
    feed(shown, off, fill(0xFF0000, CORNER, 7))
    feed(shown, copy(wire.Surface(width=2, height=1, surface_id=7), Rect(6, 3, 8, 4)))
    assert pixel(shown, 6, 3) == RED
    assert pixel(shown, 5, 3) == BLUE
    feed(shown, display.DisplaySurfaceDestroy(surface_id=7))
    assert shown.complete
    assert shown.primary is not None


@pytest.mark.parametrize(
    "message",
    [
        create_primary(8, 4),
        create_primary(4, 4, 33),
        display.DisplaySurfaceCreate(surface_id=1, width=0, height=4, format=32, flags=0),
        display.DisplaySurfaceCreate(surface_id=1, width=40000, height=1, format=32, flags=0),
        display.DisplaySurfaceCreate(surface_id=1, width=20000, height=20000, format=32, flags=0),
        display.DisplaySurfaceDestroy(surface_id=1),
        fill(0, WHOLE, 1),
        display.DisplayGlDraw(x=0, y=0, width=1, height=1),
        display.DisplayStreamData(id=0, mm_time=1, data=b""),
        copy(wire.FromCache(id=1, width=8, height=4)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_a_server_must_not_send(message: Message, shown: DisplayChannel) -> None:
    with pytest.raises(ProtocolError):
        feed(shown, message)


def test_the_memory_of_all_surfaces_has_a_limit() -> None:
    channel = DisplayChannel()
    create = [
        display.DisplaySurfaceCreate(surface_id=number, width=8192, height=8192, format=32, flags=0)
        for number in range(MAX_SURFACE_BYTES // (8192 * 8192 * 4) + 1)
    ]
    feed(channel, *create[:-1])
    with pytest.raises(ProtocolError, match="no room"):
        feed(channel, create[-1])
    feed(channel, display.DisplaySurfaceDestroy(surface_id=0), create[0])


def test_monitors_are_kept(shown: DisplayChannel) -> None:
    head = wire.Head(monitor_id=0, surface_id=0, width=8, height=4, x=0, y=0)
    feed(shown, display.DisplayMonitorsConfig(max_allowed=1, heads=(head,)))
    feed(shown, display.DisplayMonitorsConfig(max_allowed=1, heads=()))
    assert shown.monitors == (head,)


# -- drawing


def test_fill_copy_and_clip(shown: DisplayChannel) -> None:
    clip = (Rect(1, 1, 2, 2), Rect(3, 3, 4, 4))
    feed(shown, draw.DisplayFill(base=base(WHOLE, 0, clip), brush=wire.BrushSolid(color=0xFF0000)))
    assert [pixel(shown, x, y) for y in range(4) for x in range(8)].count(RED) == 2
    assert pixel(shown, 1, 1) == pixel(shown, 3, 3) == RED
    feed(shown, copy(bitmap(2, 1, gray(7, 8)), Rect(4, 2, 6, 3)))
    assert pixel(shown, 4, 2) + pixel(shown, 5, 2) == gray(7, 8)
    assert shown.drawn == {"FILL": 2, "COPY": 1}


def test_bottom_up_bitmaps(shown: DisplayChannel) -> None:
    data = gray(1, 2, 3, 4)
    image = wire.Bitmap(width=2, height=2, format=BitmapFormat.XRGB32, x=2, y=2, stride=8, data=data)
    feed(shown, copy(image, Rect(0, 0, 2, 2)))
    assert pixel(shown, 0, 0) + pixel(shown, 1, 1) == gray(3, 2)


def test_copy_bits(shown: DisplayChannel) -> None:
    feed(shown, fill(0xFF0000, Rect(0, 0, 1, 1)), copy_bits(0, 0, Rect(3, 2, 5, 3)))
    assert pixel(shown, 3, 2) == RED
    assert pixel(shown, 4, 2) == BLUE


def test_black_white_inverse(shown: DisplayChannel) -> None:
    feed(
        shown,
        draw.DisplayBlackness(base=base(CORNER)),
        draw.DisplayWhiteness(base=base(Rect(2, 0, 4, 1))),
        draw.DisplayInvers(base=base(Rect(3, 0, 5, 1))),
    )
    row = [pixel(shown, x, 0)[:3] for x in range(5)]
    assert row == [b"\0\0\0", b"\0\0\0", b"\xff\xff\xff", b"\0\0\0", b"\0\xff\xff"]


def test_palette_and_image_caches(shown: DisplayChannel) -> None:
    palette = wire.Palette(unique=9, entries=(0x0000FF, 0xFF0000))
    first = bitmap(
        2,
        1,
        b"\1\0",
        id=5,
        flags=wire.ImageFlags.CACHE_ME,
        format=BitmapFormat.BIT8,
        palette=palette,
        bitmap_flags=wire.BitmapFlags.PAL_CACHE_ME,
    )
    feed(shown, copy(first, CORNER))
    assert pixel(shown, 0, 0) == RED
    feed(shown, copy(wire.FromCache(id=5, width=2, height=1), Rect(2, 0, 4, 1)))
    assert pixel(shown, 2, 0) == RED
    feed(
        shown, display.DisplayInvalPalette(id=8), display.DisplayInvalList(resources=(wire.ResourceId(id=4),))
    )
    assert 5 in shown.cache.kept
    feed(shown, display.DisplayInvalList(resources=(wire.ResourceId(type=0, id=5),)))
    assert 5 in shown.cache.kept
    feed(shown, display.DisplayInvalList(resources=(wire.ResourceId(id=5),)))
    assert 5 not in shown.cache.kept
    again = bitmap(
        2,
        1,
        b"\0\1",
        format=BitmapFormat.BIT8,
        palette_id=9,
        bitmap_flags=wire.BitmapFlags.PAL_FROM_CACHE,
    )
    feed(shown, copy(again, CORNER))
    assert pixel(shown, 1, 0) == RED
    feed(shown, display.DisplayInvalAllPalettes())
    with pytest.raises(ProtocolError, match="palette"):
        feed(shown, copy(again, CORNER))


def test_all_images_can_be_dropped(shown: DisplayChannel) -> None:
    feed(shown, copy(bitmap(8, 4, gray(*range(32)), id=5, flags=wire.ImageFlags.CACHE_ME)))
    assert 5 in shown.cache.kept
    feed(shown, display.DisplayInvalAllPixmaps(waits=()))
    assert 5 not in shown.cache.kept


def test_all_images_are_dropped_once_the_other_channels_have_come_so_far(shown: DisplayChannel) -> None:
    other = DisplayChannel(1, kept=shown.cache.kept)
    shown.peer = lambda channel_type, number: other if (channel_type, number) == (2, 1) else None
    feed(shown, copy(bitmap(8, 4, gray(*range(32)), id=5, flags=wire.ImageFlags.CACHE_ME)))
    waits = (wire.ChannelWait(channel_type=2, channel_id=1, message_serial=2),)
    shown.receive(display.DisplayInvalAllPixmaps(waits=waits), 2)
    assert 5 in other.cache.kept and not shown.resume()
    feed(other, display.DisplayInvalAllPalettes(), display.DisplayInvalAllPalettes())
    assert shown.resume() and 5 not in other.cache.kept


def test_display_channels_draw_what_either_was_told_to_keep(shown: DisplayChannel) -> None:
    other = DisplayChannel(1, kept=shown.cache.kept)
    feed(
        other,
        create_primary(8, 4),
        copy(bitmap(2, 1, gray(7, 9), id=5, flags=wire.ImageFlags.CACHE_ME), CORNER),
    )
    feed(shown, copy(wire.FromCache(id=5, width=2, height=1), CORNER))
    assert pixel(shown, 1, 0) == pixel(other, 1, 0)


def glz(dictionary: GlzDictionary, levels: bytes, box: Rect) -> Message:
    data = dictionary.encode(gray(*levels), LzType.RGB32, box.width, box.height, box.width * 4)
    assert data is not None
    return copy(wire.Glz(width=box.width, height=box.height, data=data), box)


def test_glz_images_refer_to_earlier_ones_whatever_became_of_them(shown: DisplayChannel) -> None:
    dictionary = GlzDictionary(GLZ_WINDOW_PIXELS)
    first, again = (
        glz(dictionary, bytes(range(32)), Rect(100, 0, 108, 4)),
        glz(dictionary, bytes(range(32)), WHOLE),
    )
    assert isinstance(again, draw.DisplayCopy) and isinstance(again.src, wire.Glz)
    assert len(again.src.data) < 50
    feed(shown, first)
    assert shown.unsupported.total() == 1
    feed(shown, again)
    assert shown.pixels().data == gray(*range(32))


def test_a_glz_image_without_the_one_that_it_refers_to(shown: DisplayChannel) -> None:
    dictionary = GlzDictionary(GLZ_WINDOW_PIXELS)
    glz(dictionary, bytes(range(32)), WHOLE)
    with pytest.raises(ProtocolError, match="not in the window"):
        feed(shown, glz(dictionary, bytes(range(32)), WHOLE))


# -- what cannot be drawn


def missing(box: Rect = CORNER) -> Message:
    return copy(wire.Surface(width=box.width, height=box.height, surface_id=9), box)


def test_what_cannot_be_drawn_is_counted_and_leaves_the_picture_incomplete(shown: DisplayChannel) -> None:
    feed(shown, missing(), missing())
    assert not shown.complete
    assert shown.unsupported_text() == "2 x COPY (source surface 9 does not exist)"
    assert pixel(shown, 0, 0) == BLUE
    feed(shown, fill(0, Rect(0, 0, 1, 1)))
    assert not shown.complete
    feed(shown, fill(0, CORNER))
    assert shown.complete


def test_incompleteness_follows_copies(shown: DisplayChannel) -> None:
    feed(shown, missing(), copy_bits(0, 0, Rect(4, 2, 6, 3)), fill(0, CORNER))
    assert not shown.complete
    feed(shown, fill(0, Rect(4, 2, 6, 3)))
    assert shown.complete


def test_what_the_canvas_does_not_draw_says_so(shown: DisplayChannel) -> None:
    feed(shown, copy(bitmap(1, 1, gray(1)), Rect(0, 0, 1000, 99)))
    assert "COPY (bounding box" in shown.unsupported_text()
    assert not shown.complete


def test_made_up_reasons_do_not_pile_up(shown: DisplayChannel) -> None:
    for x in range(1, 200):
        feed(shown, copy(bitmap(1, 1, gray(1)), Rect(0, 0, 1000 + x, 99)))
    assert len(shown.unsupported) <= MAX_REASONS + 1
    assert shown.unsupported.total() == 199


def test_video_frames_are_counted_and_what_follows_mends_the_picture(shown: DisplayChannel) -> None:
    report = display.DisplayStreamActivateReport(stream_id=3, unique_id=1, max_window_size=5, timeout_ms=1000)
    feed(shown, STREAM, report)
    assert shown.complete
    feed(shown, FRAME)
    assert not shown.complete
    assert shown.unsupported == {"video frame (MJPEG)": 1}
    feed(shown, copy(bitmap(2, 1, gray(1, 2)), CORNER), display.DisplayStreamDestroy(id=3))
    assert shown.complete
    with pytest.raises(ProtocolError, match="stream 3"):
        feed(shown, FRAME)


def test_frames_touch_no_more_than_their_clip(shown: DisplayChannel) -> None:
    clip = wire.ClipRects(rects=(Rect(0, 0, 1, 1),))
    feed(shown, STREAM, display.DisplayStreamClip(id=3, clip=clip), FRAME, fill(0, Rect(0, 0, 1, 1)))
    assert shown.complete
    sized = display.DisplayStreamDataSized(
        id=3, mm_time=1, width=8, height=4, dest=Rect(-5, -5, 50, 50), data=b""
    )
    feed(shown, display.DisplayStreamClip(id=3, clip=wire.ClipNone()), sized, fill(0, Rect(0, 0, 8, 3)))
    assert not shown.complete
    feed(shown, fill(0, WHOLE), display.DisplayStreamDestroyAll())
    assert shown.complete


def test_streams_have_a_limit(shown: DisplayChannel) -> None:
    streams = [
        display.DisplayStreamCreate(
            surface_id=0,
            id=number,
            codec=1,
            stream_width=1,
            stream_height=1,
            src_width=1,
            src_height=1,
            dest=CORNER,
        )
        for number in range(MAX_STREAMS + 1)
    ]
    feed(shown, *streams[:-1])
    with pytest.raises(ProtocolError, match="video streams"):
        feed(shown, streams[-1])


# -- pictures


@pytest.mark.parametrize("form", [SurfaceFormat.RGB555, SurfaceFormat.RGB565])
def test_pictures_of_16_bit_surfaces_are_in_32_bits(form: SurfaceFormat) -> None:
    channel = feed(DisplayChannel(), create_primary(2, 1, form), MARK)
    feed(channel, copy(bitmap(2, 1, gray(255, 0)), CORNER))
    assert channel.pixels().format is form
    picture = channel.picture()
    assert (picture.width, picture.height, picture.format) == (2, 1, SurfaceFormat.XRGB32)
    assert picture.data[:3] + picture.data[4:7] == b"\xff\xff\xff\0\0\0"


def test_pictures_of_32_bit_surfaces_are_their_pixels(shown: DisplayChannel) -> None:
    assert shown.picture() == shown.pixels()


def test_acknowledgements_count_drawing(shown: DisplayChannel) -> None:
    shown.receive(base_messages.SetAck(generation=1, window=2), 10)
    shown.receive(copy_bits(0, 0, CORNER), 11)
    shown.receive(fill(0, CORNER), 12)
    assert shown.take_output() == [base_messages.AckSync(generation=1), base_messages.Ack()]


def test_points_of_no_sense_are_not_drawn(shown: DisplayChannel) -> None:
    far = draw.DisplayCopyBits(
        base=base(Rect(-(2**31), -(2**31), 2**31 - 1, 2**31 - 1)), src=Point(2**31 - 1, 0)
    )
    feed(shown, far)
    assert shown.unsupported.total() == 1
    assert shown.pixels().data == BLUE * 32
