"""What is noted of messages."""

from bench.video_streams_client import StreamLog
from gspice.geometry import Rect
from gspice.wire.enums import VideoCodec
from gspice.wire.messages import display as wire
from gspice.wire.types import Clip, ClipNone, ClipRects

PLACE = Rect.sized(10, 20, 100, 50)
HALF = PLACE._replace(right=60)


def created(number: int = 3, dest: Rect = PLACE, clip: Clip = ClipNone()) -> wire.DisplayStreamCreate:  # noqa: B008
    return wire.DisplayStreamCreate(
        surface_id=0, id=number, codec=VideoCodec.H264, stream_width=100, stream_height=50, src_width=100,
        src_height=50, dest=dest, clip=clip,
    )  # fmt: skip


def test_streams_are_where_they_are_from_when_they_are_created_until_they_are_destroyed() -> None:
    log = StreamLog()
    log.note(created(), 1.0)
    log.note(wire.DisplayStreamDestroy(id=3), 2.0)
    assert [log.at(time) for time in (0.9, 1.0, 1.9, 2.0)] == [(), (PLACE,), (PLACE,), ()]
    assert log.codecs() == ["H264"]


def test_a_clip_limits_a_stream() -> None:
    log = StreamLog()
    log.note(created(), 1.0)
    log.note(
        wire.DisplayStreamClip(id=3, clip=ClipRects(rects=(Rect(0, 0, 60, 200), Rect(500, 0, 600, 100)))), 2.0
    )
    log.note(wire.DisplayStreamClip(id=3, clip=ClipRects(rects=())), 3.0)
    assert [log.at(time) for time in (1.5, 2.5, 3.5)] == [(PLACE,), (HALF,), ()]


def test_frames_of_another_place_move_their_stream() -> None:
    log = StreamLog()
    log.note(created(), 1.0)
    log.note(wire.DisplayStreamData(id=3, mm_time=1, data=b"12345"), 1.5)
    log.note(wire.DisplayStreamDataSized(id=3, mm_time=2, width=50, height=50, dest=HALF, data=b"123"), 2.0)
    assert [log.at(time) for time in (1.7, 2.0)] == [(PLACE,), (HALF,)]
    assert log.streams[0].frames == [(1.5, 5), (2.0, 3)]
    assert log.times == [1.0, 2.0], "what changed nothing is no change"


def test_all_may_end_at_once_and_what_does_not_exist_is_left_alone() -> None:
    log = StreamLog()
    log.note(created(1), 1.0)
    log.note(created(2, HALF), 1.1)
    log.note(wire.DisplayStreamDestroyAll(), 2.0)
    log.note(wire.DisplayStreamDestroy(id=9), 2.1)
    log.note(wire.DisplayStreamData(id=1, mm_time=1, data=b"1"), 2.2)
    assert [log.at(time) for time in (1.2, 2.3)] == [(PLACE, HALF), ()]
    assert [len(stream.frames) for stream in log.streams] == [0, 0]
