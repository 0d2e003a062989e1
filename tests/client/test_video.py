"""Streams of a scripted server: where their frames are drawn, and what is known of the picture then."""

import io

import pytest
from PIL import Image

from gspice.client.display import DisplayChannel
from gspice.client.video import CAPS
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.wire import types as wire
from gspice.wire.caps import DisplayCap
from gspice.wire.messages import display
from tests.client.fake_server import create_primary, fill
from tests.client.messages import feed

WHOLE = Rect(0, 0, 64, 48)
FILM = Rect(8, 8, 40, 32)


def jpeg(width: int = 32, height: int = 24, upper: int = 250, lower: int = 250) -> bytes:
    image = Image.new("L", (width, height), upper)
    image.paste(lower, (0, height // 2, width, height))
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def create(dest: Rect = FILM, flags: int = 1, **other: object) -> display.DisplayStreamCreate:
    fields: dict[str, object] = {
        "surface_id": 0, "id": 7, "flags": flags, "codec": 1, "stream_width": 32, "stream_height": 24,
        "src_width": 32, "src_height": 24, "dest": dest, **other,
    }  # fmt: skip
    return display.DisplayStreamCreate(**fields)  # type: ignore[arg-type]


def data(file: bytes, mm_time: int = 5) -> display.DisplayStreamData:
    return display.DisplayStreamData(id=7, mm_time=mm_time, data=file)


@pytest.fixture
def shown() -> DisplayChannel:
    return feed(DisplayChannel(), create_primary(64, 48), fill(0, WHOLE), display.DisplayMark())


def bright(channel: DisplayChannel) -> Rect | None:
    """The rectangle of all pixels that are not dark."""
    picture = channel.pixels()
    at = [
        (x, y)
        for y in range(picture.height)
        for x in range(picture.width)
        if picture.data[y * picture.stride + 4 * x] > 128
    ]
    if not at:
        return None
    xs, ys = [x for x, _ in at], [y for _, y in at]
    box = Rect(min(xs), min(ys), max(xs) + 1, max(ys) + 1)
    assert box.area == len(at)
    return box


def test_frames_are_drawn_and_the_picture_is_about_right(shown: DisplayChannel) -> None:
    feed(shown, create(), data(jpeg()))
    assert bright(shown) == FILM
    assert shown.complete and shown.inexact.rects() == [FILM] and shown.drawn["STREAM"] == 1
    (stream,) = shown.video.live.values()
    assert (stream.frames, stream.bytes, stream.mm_time, stream.codec) == (1, len(jpeg()), 5, "MJPEG")
    feed(shown, display.DisplayStreamDestroy(id=7), fill(0, FILM))
    assert not shown.inexact and not shown.video.live and shown.video.created == 1


def test_a_clip_is_kept(shown: DisplayChannel) -> None:
    corner = Rect(8, 8, 20, 20)
    feed(shown, create(clip=wire.ClipRects(rects=(corner,))), data(jpeg()))
    assert bright(shown) == corner and shown.inexact.rects() == [corner]
    feed(shown, display.DisplayStreamClip(id=7, clip=wire.ClipNone()), data(jpeg()))
    assert bright(shown) == FILM


def test_frames_are_scaled_to_where_they_are_shown(shown: DisplayChannel) -> None:
    feed(shown, create(dest=Rect(0, 0, 64, 48)), data(jpeg()))
    assert bright(shown) == WHOLE


def test_sized_frames_have_a_place_of_their_own(shown: DisplayChannel) -> None:
    there = Rect(40, 30, 56, 42)
    sized = display.DisplayStreamDataSized(
        id=7, mm_time=5, width=16, height=12, dest=there, data=jpeg(16, 12)
    )
    feed(shown, create(), sized)
    assert bright(shown) == there


def test_bottom_up_frames(shown: DisplayChannel) -> None:
    feed(shown, create(flags=0), data(jpeg(upper=250, lower=0)))
    assert bright(shown) == Rect(8, 20, 40, 32)


def test_what_cannot_be_decoded_leaves_its_mark(shown: DisplayChannel) -> None:
    feed(shown, create(), data(b"no file"))
    assert not shown.complete and "MJPEG" in shown.unsupported_text()
    feed(shown, data(jpeg()))
    assert shown.complete
    feed(shown, create(codec=77), data(jpeg()))
    assert not shown.complete and "codec 77" in shown.unsupported_text()


def test_sizes_that_nobody_has(shown: DisplayChannel) -> None:
    feed(shown, create(stream_width=1 << 20, stream_height=1 << 20), data(jpeg()))
    assert not shown.complete


def test_a_surface_that_there_is_not(shown: DisplayChannel) -> None:
    with pytest.raises(ProtocolError, match="surface 3"):
        feed(shown, create(surface_id=3), data(jpeg()))


def test_who_wants_exact_pixels_announces_that_it_can_show_no_codec() -> None:
    announced = set(DisplayChannel().caps)
    assert announced & set(CAPS) == {DisplayCap.MULTI_CODEC}


def test_every_codec_is_announced() -> None:
    assert set(CAPS) <= set(DisplayChannel(video=True).caps)
    assert {DisplayCap.CODEC_VP8, DisplayCap.CODEC_H265, DisplayCap.MULTI_CODEC} <= set(CAPS)
