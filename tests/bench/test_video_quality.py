"""What is kept of a film, decoded, and judged."""

import io

import pytest
from PIL import Image

from bench.traffic_feeder import Fed
from bench.traffic_host import Figures
from bench.video_quality import KeepingDisplay, Window, cells, judged, pictures
from bench.video_quality_film import HEIGHT, WIDTH, frame, shown_at
from gspice.geometry import Rect
from gspice.wire.enums import StreamFlags, VideoCodec
from gspice.wire.messages import display as wire

BEGUN = 50.0
FED = Fed(begun_s=BEGUN, late_s=0.03)
WHOLE = Rect(0, 0, WIDTH, HEIGHT)


def display_with(
    numbers: list[int], *, flags: int = StreamFlags.TOP_DOWN, late_s: float = 0.1
) -> KeepingDisplay:
    """One to which these frames came as MJPEG, each so long after it was drawn."""
    display = KeepingDisplay()
    create = wire.DisplayStreamCreate(
        surface_id=0, id=2, flags=flags, codec=VideoCodec.MJPEG, stream_width=WIDTH, stream_height=HEIGHT,
        src_width=WIDTH, src_height=HEIGHT, dest=WHOLE,
    )  # fmt: skip
    display.receive(create, 1)
    for place, number in enumerate(numbers):
        picture = frame(number)
        file = io.BytesIO()
        Image.fromarray((picture if flags else picture[::-1])[:, :, 2::-1]).save(file, "JPEG", quality=80)
        display.receive(wire.DisplayStreamData(id=2, mm_time=1, data=file.getvalue()), 2 + place)
        display.kept[-1].time = BEGUN + shown_at(number) + late_s
    return display


def window(first: float, last: float) -> Window:
    """The host takes 1.5 s in it, and its guest half a second of that; 3 MB came."""
    cpu = [
        Figures(cpu_s=cpu_s, guest_s=guest_s, read=0, taken=0) for cpu_s, guest_s in ((2.0, 1.0), (3.5, 1.5))
    ]
    return Window([BEGUN + first, BEGUN + last], [1_000_000, 4_000_000], cpu)


def test_frames_are_held_against_the_ones_they_show() -> None:
    run = judged(display_with([24, 25, 26, 48, 48]), window(1.5, 3.5), FED)
    assert run.numbers == {24, 25, 26, 48}
    assert (run.seconds, run.received_bytes, run.cpu_s) == (2.0, 3_000_000, 1.0)
    assert run.lateness == pytest.approx([0.1] * 5)
    assert (len(run.ssims), run.unknown, run.codecs) == (1, 0, ["MJPEG"])
    assert 0.8 < run.ssims[0] < 1.0


def test_only_what_comes_while_it_is_measured_counts() -> None:
    last = shown_at(48) - 0.01
    assert judged(display_with([24, 25, 48]), window(shown_at(25), last), FED).numbers == {24, 25}


def test_what_cannot_be_decoded_is_counted_and_the_next_is_not_lost() -> None:
    display = display_with([24, 25])
    display.kept[0].data = b"no JPEG"
    run = judged(display, window(0.0, 9.0), FED)
    assert (run.unknown, run.numbers) == (1, {25})


def test_streams_with_the_last_row_first_are_turned_round() -> None:
    ((_, picture),) = pictures(display_with([7], flags=0).kept)
    assert picture is not None
    assert abs(picture[:, :, :3].astype(int) - frame(7)[:, :, :3]).mean() < 10


def test_cells_are_by_frames_that_were_shown() -> None:
    run = judged(display_with([24, 25]), window(1.0, 3.0), FED)
    assert cells(run)[2:] == ["1.0", "1500.0", "12.0", "500.0", "0.50", "100", "30"]
