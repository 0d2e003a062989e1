"""Streams of a scripted server: where their frames are drawn, and what is known of the picture then."""

import io

import pytest
from PIL import Image

from gspice.client.display import DisplayChannel
from gspice.client.server_time import ServerTime
from gspice.client.still_picture import StillPicture
from gspice.client.stream_report import NO_DECODER
from gspice.client.video import CODEC_CAPS, MAX_FINISHED, VideoStreams, caps
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.wire import types as wire
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.enums import VideoCodec
from gspice.wire.message import Message
from gspice.wire.messages import display
from tests.client.fake_server import create_primary, fill
from tests.client.messages import feed

WHOLE = Rect(0, 0, 64, 48)
FILM = Rect(8, 8, 40, 32)
ACTIVATE = display.DisplayStreamActivateReport(stream_id=7, unique_id=9, max_window_size=3, timeout_ms=1000)


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


def test_streams_that_were_never_created_may_be_spoken_of(shown: DisplayChannel) -> None:
    # As libspice-server does where it has no encoder that suits a client.
    corner = wire.ClipRects(rects=(Rect(0, 0, 1, 1),))
    feed(shown, ACTIVATE, display.DisplayStreamClip(id=7, clip=corner), display.DisplayStreamDestroy(id=7))
    feed(shown, display.DisplayStreamDestroyAll(), create(), data(jpeg()))
    assert shown.complete and bright(shown) == FILM, "nothing of it is kept"
    feed(shown, display.DisplayStreamDestroy(id=7))
    assert shown.video.destroyed == 1
    with pytest.raises(ProtocolError, match="stream 7"):
        feed(shown, data(jpeg()))


def test_sizes_that_nobody_has(shown: DisplayChannel) -> None:
    feed(shown, create(stream_width=1 << 20, stream_height=1 << 20), data(jpeg()))
    assert not shown.complete


def test_a_surface_that_there_is_not(shown: DisplayChannel) -> None:
    with pytest.raises(ProtocolError, match="surface 3"):
        feed(shown, create(surface_id=3), data(jpeg()))


def test_a_film_beside_which_all_is_known_is_complete(shown: DisplayChannel) -> None:
    feed(shown, create(), data(b"no file"), data(jpeg()))
    assert shown.complete and shown.unsupported.total() == 1


def test_surfaces_of_few_colours() -> None:
    channel = feed(
        DisplayChannel(), create_primary(64, 48, SurfaceFormat.RGB555), fill(0, WHOLE), display.DisplayMark()
    )
    feed(channel, create(), data(jpeg()))
    assert channel.complete and channel.inexact.rects() == [FILM]
    row = channel.picture()
    assert row.data[row.stride * 10 + 4 * 10] > 240


# Limits


def test_all_streams_together_have_a_limit(shown: DisplayChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gspice.client.video.MAX_ALL_PIXELS", 32 * 24 * 2 - 1)
    feed(shown, create(), data(jpeg()), create(id=8))
    assert shown.complete
    feed(shown, display.DisplayStreamData(id=8, mm_time=5, data=jpeg()))
    assert not shown.complete and shown.video.live[8].decoder is None
    feed(shown, display.DisplayStreamDestroy(id=7), display.DisplayStreamData(id=8, mm_time=6, data=jpeg()))
    assert shown.complete, "there is room again"


def test_not_all_that_is_over_is_remembered() -> None:
    streams = VideoStreams()
    for _ in range(MAX_FINISHED + 5):
        streams.create(create())
        streams.destroy(7)
    assert (streams.created, streams.destroyed) == (MAX_FINISHED + 5, MAX_FINISHED + 5)
    assert len(streams.finished) == MAX_FINISHED and not streams.live


# What is announced


NOTHING = CapSet()
REPORTS = CapSet.of(DisplayCap.STREAM_REPORT)
PREFERENCES = CapSet.of(DisplayCap.PREF_VIDEO_CODEC_TYPE)


def started(server_caps: CapSet = NOTHING, **options: object) -> DisplayChannel:
    channel = DisplayChannel(**options)  # type: ignore[arg-type]
    channel.start(server_caps)
    return channel


def test_who_wants_exact_pixels_announces_that_it_can_show_no_codec() -> None:
    announced = set(DisplayChannel().caps)
    assert announced & set(caps(VideoCodec)) == {DisplayCap.MULTI_CODEC}


def test_every_codec_is_announced() -> None:
    assert set(CODEC_CAPS) == set(VideoCodec)
    assert set(caps(VideoCodec)) <= set(DisplayChannel(video=True).caps)
    assert {DisplayCap.CODEC_VP8, DisplayCap.CODEC_H265, DisplayCap.SIZED_STREAM} <= set(caps(VideoCodec))


def test_some_codecs_are_announced() -> None:
    announced = set(DisplayChannel(video=[VideoCodec.VP8]).caps)
    assert announced & set(caps(VideoCodec)) == set(caps([VideoCodec.VP8]))
    assert DisplayCap.CODEC_MJPEG not in announced


def test_reports_are_announced_where_there_is_a_clock() -> None:
    time = ServerTime(lambda: 0.0)
    assert DisplayCap.STREAM_REPORT in set(DisplayChannel(video=True, server_time=time).caps)
    assert DisplayCap.STREAM_REPORT not in set(DisplayChannel(server_time=time).caps)
    assert DisplayCap.STREAM_REPORT not in set(DisplayChannel(video=True).caps)


def test_preferred_codecs_are_sent_to_who_knows_of_them() -> None:
    order = (VideoCodec.H264, VideoCodec.MJPEG)
    *_, init, preferred = started(PREFERENCES, preferred_codecs=order).take_output()
    assert isinstance(init, display.DisplayInit)
    assert isinstance(preferred, display.DisplayPreferredVideoCodecType) and preferred.codecs == (3, 1)
    for server_caps, codecs in ((NOTHING, order), (PREFERENCES, ())):
        sent = started(server_caps, preferred_codecs=codecs).take_output()
        assert not any(isinstance(each, display.DisplayPreferredVideoCodecType) for each in sent)


# Reports and figures


class Watched:
    """A channel of a server that wants reports, at a time of the test's choice."""

    def __init__(self, server_caps: CapSet = REPORTS) -> None:
        self.now = 10.0
        time = ServerTime(lambda: self.now)
        time.heard(5000)
        self.channel = started(server_caps, video=True, server_time=time)
        self.feed(create_primary(64, 48), fill(0, WHOLE), display.DisplayMark())
        self.reports()

    def feed(self, *messages: Message) -> None:
        feed(self.channel, *messages)

    def reports(self) -> list[display.DisplayStreamReport]:
        return [each for each in self.channel.take_output() if isinstance(each, display.DisplayStreamReport)]


def test_reports_once_they_are_asked_for() -> None:
    watched = Watched()
    watched.feed(create(), *[data(jpeg(), 5100)] * 3)
    assert not watched.reports()
    watched.feed(ACTIVATE, data(jpeg(), 5100), data(b"no file", 5133))
    watched.now = 10.05
    watched.feed(data(jpeg(), 5166))
    (report,) = watched.reports()
    assert (report.stream_id, report.unique_id) == (7, 9)
    assert (report.start_frame_mm_time, report.end_frame_mm_time) == (5100, 5166)
    assert (report.num_frames, report.num_drops, report.last_frame_delay) == (3, 1, 116)


@pytest.mark.parametrize("other", [{"codec": 77}, {"stream_width": 1 << 16, "stream_height": 1 << 16}])
def test_a_server_is_told_once_that_a_stream_cannot_be_shown(other: dict[str, object]) -> None:
    watched = Watched()
    watched.feed(create(**other), ACTIVATE, *[data(jpeg())] * 3)  # type: ignore[arg-type]
    (report,) = watched.reports()
    assert (report.stream_id, report.unique_id, report.num_frames, report.num_drops) == (7, 9, 0, NO_DECODER)
    assert not watched.channel.complete


def test_servers_that_take_no_reports_get_none() -> None:
    watched = Watched(NOTHING)
    watched.feed(create(codec=77), data(jpeg()), create(), ACTIVATE, *[data(jpeg())] * 5)
    assert not watched.reports()


def test_without_a_clock_there_are_no_reports(shown: DisplayChannel) -> None:
    shown.start(REPORTS)
    shown.take_output()
    feed(shown, create(), ACTIVATE, *[data(jpeg())] * 5)
    assert not shown.take_output()


def test_figures_of_streams_that_are_over() -> None:
    watched = Watched()
    watched.feed(create(), data(jpeg()))
    watched.now = 12.5
    watched.feed(data(jpeg(), mm_time=77), display.DisplayStreamDestroy(id=7), create(id=8), create(id=9))
    video = watched.channel.video
    assert (video.created, video.destroyed, sorted(video.live)) == (3, 1, [8, 9])
    watched.feed(display.DisplayStreamDestroyAll())
    assert (video.created, video.destroyed, len(video.live)) == (3, 3, 0)
    first, *others = video.finished
    assert (first.id, first.codec, first.dest, first.mm_time) == (7, "MJPEG", FILM, 77)
    assert (first.frames, first.bytes, first.first_at, first.last_at) == (2, 2 * len(jpeg()), 10.0, 12.5)
    assert first.decoder is None and [each.id for each in others] == [8, 9]
    assert all(each.first_at is None for each in others)


def test_a_film_that_never_rests_is_taken_with_its_newest_frame() -> None:
    watched = Watched()
    still = StillPicture(watched.channel, quiet=0.5, patience=2.0)
    watched.feed(create())
    frames = 0
    while not still.reached(watched.now):
        watched.feed(data(jpeg(upper=0, lower=0)))
        frames += 1
        watched.now += 0.04
        assert frames < 100, "it must end"
    assert frames > 40 and watched.channel.complete
    watched.feed(data(jpeg()))
    assert bright(watched.channel) == FILM
