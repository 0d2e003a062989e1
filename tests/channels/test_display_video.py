"""A film on the screen, as one client gets it: streams that follow what plays, and exact pixels once it rests."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from gspice.channels import display
from gspice.channels.display import FAST_FRAME_S
from gspice.channels.display_client import DisplayChannelClient
from gspice.channels.display_video import MOST_STREAMS, REST_S
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.stream.compression import Compression, DisplaySettings
from gspice.stream.detect.video_detector import VideoMode, VideoRegion
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.message import Message
from gspice.wire.messages import display as wire
from gspice.wire.messages.base import Pong
from gspice.wire.types import ClipNone, ClipRects
from tests.channels.display_rig import INIT, RecordingSender, Rig, bitmap_copy, fill
from tests.gpu.devices import APIS, open_device

SPEC = SurfaceSpec(200, 160, SurfaceFormat.XRGB32)
FILM = Rect(16, 32, 112, 96)
CAPS = CapSet.of(
    DisplayCap.SIZED_STREAM,
    DisplayCap.STREAM_REPORT,
    DisplayCap.MULTI_CODEC,
    DisplayCap.CODEC_MJPEG,
    DisplayCap.CODEC_VP8,
)
FRAME_S = 1 / 30


class Told:
    """Finds what the test says."""

    regions: ClassVar[list[VideoRegion]] = []
    ends: ClassVar[float | None] = None
    suspects: ClassVar[bool] = False
    hurries: ClassVar[bool] = False

    def __init__(self, screen: object, mode: VideoMode) -> None:
        assert mode is not VideoMode.OFF

    def looked(self, look: object, now: float) -> Sequence[VideoRegion]:
        return tuple(self.regions)

    def deadline(self) -> float | None:
        return self.ends

    def expire(self, now: float) -> Sequence[VideoRegion]:
        Told.ends = None
        return tuple(self.regions)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Told]]:
    monkeypatch.setattr(display, "VideoDetector", Told)
    Told.regions, Told.ends, Told.suspects, Told.hurries = [], None, False, False
    yield Told


def region(rect: Rect = FILM, id: int = 1) -> VideoRegion:
    return VideoRegion(id, rect, 30.0, 0.0)


class Film(Rig):
    """A rig whose guest shows films."""

    def __init__(self, canvas: Canvas | None = None, **settings: Any) -> None:
        super().__init__(primary=False, canvas=canvas)
        self.hub.settings = DisplaySettings(**{"compression": Compression.LZ, **settings})
        self.create_primary(SPEC)
        self.shown = 0

    def client(self, caps: CapSet = CAPS) -> tuple[DisplayChannelClient, RecordingSender]:
        client, sender = self.connect(caps)
        client.receive(INIT, self.now)
        self.answer()
        sender.messages.clear()
        return client, sender

    def frame(self, rect: Rect = FILM) -> None:
        """The next picture of the film."""
        self.shown += 1
        data = b"".join(
            bytes((3 * x + 7 * self.shown & 255, 2 * y & 255, x * y + 5 * self.shown & 255, 0))
            for y in range(rect.height)
            for x in range(rect.width)
        )
        self.submit(bitmap_copy(rect, data))
        self.later(FRAME_S)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.hub.push(self.now)
        self.answer()

    def rest(self) -> None:
        for _ in range(20):
            self.later(0.1)


def kinds(sender: RecordingSender) -> list[type[Message]]:
    """What was sent, without pings."""
    return [kind for kind in sender.take() if kind.__name__ != "Ping"]


def test_what_plays_becomes_a_stream() -> None:
    rig = Film()
    _, sender = rig.client()
    rig.frame()
    assert wire.DisplayStreamCreate not in kinds(sender)
    Told.regions = [region()]
    rig.frame()
    create, activate, data = [m for m in sender.messages if "Stream" in type(m).__name__]
    assert isinstance(create, wire.DisplayStreamCreate) and isinstance(data, wire.DisplayStreamData)
    assert (create.dest, create.clip, create.surface_id) == (FILM, ClipNone(), 0)
    assert (create.stream_width, create.stream_height) == (FILM.width, FILM.height)
    assert create.codec == 2  # VP8 comes before MJPEG
    assert (
        isinstance(activate, wire.DisplayStreamActivateReport) and activate.stream_id == create.id == data.id
    )
    assert data.mm_time >= int(rig.now * 1000) and len(data.data) > 100
    sender.messages.clear()
    for _ in range(5):
        rig.frame()
    assert set(kinds(sender)) == {wire.DisplayStreamData}


def test_a_picture_that_stands_still_is_sent_exactly_and_the_stream_stays() -> None:
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    rig.frame()
    kinds(sender)
    rig.later(REST_S / 2)
    assert kinds(sender) == []
    assert client.lags
    rig.rest()
    assert all(kind.__name__ == "DisplayCopy" for kind in kinds(sender)) and not client.lags
    assert client._view is not None and not client._view.video and not client._view.lossy
    rig.frame()
    assert kinds(sender) == [wire.DisplayStreamData]


def test_the_end_of_a_film_is_exact() -> None:
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    rig.frame()
    sender.messages.clear()
    Told.regions, Told.ends = [], rig.now + 0.01
    rig.rest()
    sent = kinds(sender)
    assert sent[0] is wire.DisplayStreamDestroy and {kind.__name__ for kind in sent[1:]} == {"DisplayCopy"}
    assert not client.lags


def test_one_that_moves_goes_on_elsewhere_where_the_client_can() -> None:
    there = FILM.translate(30, 20)
    for caps, moves in ((CAPS, True), (CapSet.of(DisplayCap.MULTI_CODEC, DisplayCap.CODEC_VP8), False)):
        rig = Film()
        _, sender = rig.client(caps)
        Told.regions = [region()]
        rig.frame()
        sender.messages.clear()
        Told.regions = [region(there)]
        rig.frame(there)
        sent = [m for m in sender.messages if "Stream" in type(m).__name__]
        if moves:
            (sized,) = sent
            assert isinstance(sized, wire.DisplayStreamDataSized) and sized.dest == there
            assert (sized.width, sized.height) == (FILM.width, FILM.height)
        else:
            assert [type(m) for m in sent[:2]] == [wire.DisplayStreamDestroy, wire.DisplayStreamCreate]
        sender.messages.clear()
        rig.rest()
        assert any(type(m).__name__ == "DisplayCopy" for m in sender.messages)


def test_what_lies_over_a_film_is_sent_exactly_and_clipped_out_of_it() -> None:
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    sender.messages.clear()
    dialog = Rect(32, 48, 80, 80)
    Told.regions = [region()._replace(covered=(dialog,))]
    rig.frame()
    clip, *others = [m for m in sender.messages if not isinstance(m, wire.DisplayStreamData)]
    assert isinstance(clip, wire.DisplayStreamClip) and isinstance(clip.clip, ClipRects)
    assert sum(rect.area for rect in clip.clip.rects) == FILM.area - dialog.area
    assert [m.base.box for m in others] == [dialog]  # type: ignore[attr-defined]
    assert client._view is not None and not client._view.video.overlaps(dialog)
    sender.messages.clear()
    Told.regions = [region()]
    rig.frame()
    assert kinds(sender) == [wire.DisplayStreamClip, wire.DisplayStreamData]
    assert client._view.video.rects() == [FILM]


def test_a_film_that_is_covered_wholly_shows_nothing() -> None:
    rig = Film()
    _, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    sender.messages.clear()
    Told.regions = [region()._replace(covered=(FILM,))]
    rig.frame()
    (clip,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamClip)]
    assert clip.clip == ClipRects(rects=())


def test_another_size_is_another_stream() -> None:
    rig = Film()
    _, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    sender.messages.clear()
    larger = Rect(8, 8, 150, 120)
    Told.regions = [region(larger)]
    rig.frame(larger)
    sent = [m for m in sender.messages if isinstance(m, wire.DisplayStreamDestroy | wire.DisplayStreamCreate)]
    assert isinstance(sent[0], wire.DisplayStreamDestroy)
    assert isinstance(sent[1], wire.DisplayStreamCreate) and sent[1].dest == larger


def test_sides_that_a_codec_cannot_have_are_cut_off_by_the_client() -> None:
    rig = Film()
    odd = Rect(10, 10, 111, 97)
    _, sender = rig.client(CapSet.of(DisplayCap.MULTI_CODEC, DisplayCap.CODEC_H264))
    Told.regions = [region(odd)]
    rig.frame(odd)
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.dest == Rect(10, 10, 112, 98) and create.clip == ClipRects(rects=(odd,))


def test_a_client_that_cannot_show_it_gets_images() -> None:
    rig = Film()
    client, sender = rig.client(CapSet.of(DisplayCap.MULTI_CODEC))
    Told.regions = [region()]
    rig.frame()
    rig.frame()
    assert {kind.__name__ for kind in kinds(sender)} == {"DisplayCopy"}
    assert not client.lags


def test_a_client_that_knows_no_codecs_by_name_gets_mjpeg() -> None:
    rig = Film()
    _, sender = rig.client(CapSet())
    Told.regions = [region()]
    rig.frame()
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.codec == 1
    assert not any(isinstance(m, wire.DisplayStreamActivateReport) for m in sender.messages)


def test_a_browser_gets_mjpeg_whole_and_only_while_it_moves() -> None:
    rig = Film()
    client, sender = rig.connect(CAPS)
    client.receive(replace(INIT, glz_dictionary_window_size=0), rig.now)
    rig.answer()
    sender.messages.clear()
    Told.regions = [region()._replace(covered=(Rect(32, 48, 64, 64),))]
    rig.frame()
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.codec == 1 and create.clip == ClipNone()
    rig.frame()
    sender.messages.clear()
    rig.rest()
    sent = kinds(sender)
    assert sent[0] is wire.DisplayStreamDestroy and {kind.__name__ for kind in sent[1:]} == {"DisplayCopy"}
    rig.submit(fill(Rect(150, 10, 160, 20)))
    rig.later(FRAME_S)
    assert wire.DisplayStreamCreate not in kinds(sender), "nothing moves there"
    rig.frame()
    assert wire.DisplayStreamCreate in kinds(sender)


def test_a_codec_that_the_client_fails_to_show_is_not_sent_again() -> None:
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    (activate,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamActivateReport)]
    sender.messages.clear()

    def report(unique_id: int) -> wire.DisplayStreamReport:
        return wire.DisplayStreamReport(
            stream_id=activate.stream_id, unique_id=unique_id, start_frame_mm_time=0, end_frame_mm_time=0,
            num_frames=0, num_drops=0xFFFFFFFF, last_frame_delay=0, audio_delay=0xFFFFFFFF,
        )  # fmt: skip

    client.receive(report(0), rig.now)
    client.receive(report(0), rig.now)
    assert kinds(sender) == [wire.DisplayStreamDestroy]
    rig.frame()
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.codec == 1
    kinds(sender)
    client.receive(report(0), rig.now)  # of frames of the one before that were under way
    rig.frame()
    assert kinds(sender) == [wire.DisplayStreamData]


def test_the_client_s_own_order_counts() -> None:
    rig = Film()
    client, sender = rig.client()
    client.receive(wire.DisplayPreferredVideoCodecType(codecs=(1, 2)), rig.now)
    Told.regions = [region()]
    rig.frame()
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.codec == 1
    sender.messages.clear()
    client.receive(wire.DisplayPreferredVideoCodecType(codecs=(1,)), rig.now)
    assert not sender.messages, "it is what it was"
    client.receive(wire.DisplayPreferredVideoCodecType(codecs=(2, 1)), rig.now)
    rig.frame()
    destroy, again = [
        m for m in sender.messages if isinstance(m, wire.DisplayStreamDestroy | wire.DisplayStreamCreate)
    ]
    assert isinstance(destroy, wire.DisplayStreamDestroy)
    assert isinstance(again, wire.DisplayStreamCreate) and again.codec == 2


def test_encoders_are_tried_once_before_the_first_stream_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Film()
    warmed: list[tuple[int, ...]] = []
    monkeypatch.setattr(rig.hub.encoder_choice, "warm", warmed.append)
    rig.client()
    rig.client(CapSet.of(DisplayCap.MULTI_CODEC))
    rig.frame()
    assert not warmed
    Told.suspects = True
    rig.frame()
    rig.frame()
    assert warmed == [(2, 1)]


def test_what_may_be_a_video_is_looked_at_though_no_client_can_take_images() -> None:
    rig = Film()
    client, sender = rig.client()
    rig.frame()
    looks = rig.hub.damage.looks
    sender.blocked = True
    rig.frame()
    assert rig.hub.damage.looks == looks
    Told.hurries = True
    rig.frame()
    rig.frame()
    assert rig.hub.damage.looks == looks + 2
    sender.blocked, Told.hurries = False, False
    rig.rest()
    assert not client.lags


def test_a_fast_video_is_looked_at_twice_as_often() -> None:
    def looks(fps: float) -> int:
        rig = Film()
        rig.client()
        Told.regions = [region()._replace(frames_per_second=fps)]
        rig.frame()
        rig.frame()
        before = rig.hub.damage.looks
        for _ in range(8):
            rig.submit(bitmap_copy(FILM, bytes([rig.shown % 251, 5, 6, 0]) * FILM.area))
            rig.shown += 1
            rig.later(1.01 * FAST_FRAME_S)
        return rig.hub.damage.looks - before

    assert (looks(60.0), looks(24.0)) == (8, 4)


def test_an_encoder_that_is_slow_makes_no_haste() -> None:
    rig = Film()
    client, _ = rig.client()
    Told.regions = [region()._replace(frames_per_second=60.0)]
    rig.frame()
    assert client.most_frames > 40
    (stream,) = client._video._streams.values()
    for _ in range(20):
        stream.rate.encoded(0, 0.1, rig.now)
    rig.frame()
    assert 0 < client.most_frames < 12
    before = rig.hub.damage.looks
    rig.submit(fill(FILM, 7))
    rig.later(FAST_FRAME_S)
    assert rig.hub.damage.looks == before
    Told.regions = []
    rig.rest()
    assert client.most_frames == 0


def test_the_operator_s_order_counts() -> None:
    rig = Film(video_codecs=(("spice", "mjpeg"), ("gstreamer", "vp8")))
    _, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    (create,) = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert create.codec == 1


def test_streaming_can_be_turned_off_and_on() -> None:
    rig = Film(video=VideoMode.OFF)
    _, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    assert wire.DisplayStreamCreate not in kinds(sender)
    rig.hub.settings = DisplaySettings(compression=Compression.LZ)
    rig.frame()
    assert wire.DisplayStreamCreate in kinds(sender)
    rig.hub.settings = DisplaySettings(compression=Compression.LZ, video=VideoMode.OFF)
    assert kinds(sender) == [wire.DisplayStreamDestroy]
    rig.rest()
    assert {kind.__name__ for kind in kinds(sender)} == {"DisplayCopy"}


def test_a_surface_that_goes_takes_its_streams_along() -> None:
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    kinds(sender)
    rig.hub.primary_destroyed()
    destroyed: list[type[Message]] = [wire.DisplayStreamDestroy, wire.DisplaySurfaceDestroy]
    assert kinds(sender)[:2] == destroyed
    assert not client.lags


def test_no_more_than_so_many_at_a_time() -> None:
    rig = Film()
    _, sender = rig.client()
    places = [Rect.sized(16 * n, 16 * n, 16, 16) for n in range(MOST_STREAMS + 1)]
    Told.regions = [region(rect, id) for id, rect in enumerate(places)]
    rig.frame(Rect(0, 0, 160, 150))
    created = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
    assert len({m.id for m in created}) == MOST_STREAMS


def test_a_number_does_not_come_again_soon() -> None:
    rig = Film()
    _, sender = rig.client()
    numbers = []
    for id in range(60):
        Told.regions = [region(id=id)]
        rig.frame()
        numbers += [m.id for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
        sender.messages.clear()
    assert numbers == [number % 50 for number in range(60)]


def test_what_stands_beside_a_film_is_sent_at_once() -> None:
    rig = Film()
    _, sender = rig.client()
    Told.regions = [region()]
    for _ in range(10):
        rig.frame()
    sender.messages.clear()
    rig.submit(fill(Rect(150, 10, 160, 20)))
    rig.frame()
    beside = [m for m in sender.messages if type(m).__name__ in ("DisplayFill", "DisplayCopy")]
    assert [m.base.box for m in beside] == [Rect(150, 10, 160, 20)]  # type: ignore[attr-defined]


def test_two_clients_get_their_own_streams() -> None:
    rig = Film()
    (_, one), (_, other) = rig.client(), rig.client(CapSet())
    Told.regions = [region()]
    rig.frame()
    codecs = [
        m.codec for sender in (one, other) for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)
    ]
    assert codecs == [2, 1]


def test_a_later_answer_is_one_for_all_before() -> None:
    """Of a client that stood still for long, the first answers are forgotten."""
    rig = Film()
    client, sender = rig.client()
    Told.regions = [region()]
    rig.frame()
    rig.clients.clear()  # nobody answers
    for _ in range(20):
        rig.frame()
    client.receive(Pong(id=sender.pings[-1].id, timestamp=0), rig.now)
    (stream,) = client._video._streams.values()
    assert stream.dirty or stream.busy or stream.under_way <= 1
    rig.clients.append((client, sender))
    rig.rest()
    assert stream.resting and not client.lags


class FullFilm(Film):
    """Of a guest whose host wants all colours."""

    def __init__(self) -> None:
        super().__init__(full_chroma=True, video_codecs=(("spice", "mjpeg"),))


def test_a_client_that_cannot_show_all_colours_gets_fewer() -> None:
    rig = FullFilm()
    client, sender = rig.client(
        CapSet.of(DisplayCap.STREAM_REPORT, DisplayCap.MULTI_CODEC, DisplayCap.CODEC_MJPEG)
    )
    chroma = []
    for id in range(1, 4):
        Told.regions = [region(id=id)]
        rig.frame()
        rig.frame()
        made = [m for m in sender.messages if isinstance(m, wire.DisplayStreamCreate)]
        if not made:
            break
        (stream,) = client._video._streams.values()
        chroma.append(stream.full_chroma)
        sender.messages.clear()
        client.receive(
            wire.DisplayStreamReport(
                stream_id=made[0].id,
                unique_id=0,
                start_frame_mm_time=0,
                end_frame_mm_time=0,
                num_frames=0,
                num_drops=0xFFFFFFFF,
                last_frame_delay=0,
                audio_delay=0,
            ),
            rig.now,
        )
    assert chroma == [True, False], "and then no stream at all"


@pytest.mark.parametrize("codec", [DisplayCap.CODEC_H264, DisplayCap.CODEC_VP8, DisplayCap.CODEC_MJPEG])
@pytest.mark.parametrize("api", APIS)
def test_what_a_gpu_converts_is_the_same_stream(
    api: str, codec: DisplayCap, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Rect(16, 32, 111, 95)

    def story(canvas: Canvas | None) -> list[bytes]:
        Told.regions = []
        rig = Film(canvas, video_codecs=(("gstreamer", "h264"), ("gstreamer", "vp8"), ("spice", "mjpeg")))
        _, sender = rig.client(CapSet.of(DisplayCap.MULTI_CODEC, codec))
        rig.frame(odd)
        Told.regions = [region(odd)]
        for _ in range(6):
            rig.frame(odd)
        return [bytes(m.data) for m in sender.messages if isinstance(m, wire.DisplayStreamData)]

    made: list[Planes | None] = []
    real = display.DisplayChannel.planes

    def planes(self: display.DisplayChannel, rect: Rect, spec: PlanesSpec) -> Planes | None:
        made.append(real(self, rect, spec))
        return made[-1]

    monkeypatch.setattr(display.DisplayChannel, "planes", planes)
    wanted = story(None)
    assert len(wanted) == 6 and not any(made)
    made.clear()
    with open_device(api) as device:
        canvas = ComputeCanvas(device, owns_device=False)
        canvas.converts = True
        assert story(canvas) == wanted
        canvas.close()
    # The encoder is opened with the first picture, and then it is known what it takes; MJPEG takes pixels.
    assert len([each for each in made if each is not None]) == (0 if codec is DisplayCap.CODEC_MJPEG else 5)
