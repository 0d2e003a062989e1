"""Our own client at libspice-server, which streams a film: shown while it plays, and exact once it stands."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench.traffic_host import Host, Library, host
from gspice.client import video
from gspice.client.connection import Client
from gspice.client.display import DisplayChannel
from gspice.client.video_decoders import NoDecoderError
from gspice.geometry import Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import MessageNumber, RecordedPrimary
from gspice.qxl.recording_writer import RecordingWriter
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import Ropd, VideoCodec
from tests.peers.peers import missing
from tests.peers.test_replay_host import need_spice_server

pytestmark = pytest.mark.peer

WIDTH, HEIGHT = 320, 240
FILM = Rect(40, 30, 232, 174)
FRAMES, FRAMES_PER_SECOND = 60, 25
LEAST_DB = 30.0
"""Of a film that codecs find easy."""
PATIENCE_S = 30.0
CODECS = {
    "spice:mjpeg": (VideoCodec.MJPEG, ""),
    "gstreamer:vp8": (VideoCodec.VP8, "vp8enc"),
    "gstreamer:vp9": (VideoCodec.VP9, "vp9enc"),
    "gstreamer:h264": (VideoCodec.H264, "x264enc"),
}
"""What libspice-server is told, what comes of it, and GStreamer's encoder that it takes for it."""
PACKAGES = {"x264enc": "gstreamer1.0-plugins-ugly"}

Picture = npt.NDArray[np.uint8]


def need_encoder(element: str) -> None:
    need_spice_server()
    inspect = shutil.which("gst-inspect-1.0")
    if element and inspect is None:
        missing("gst-inspect-1.0", "gstreamer1.0-tools")
    elif element and inspect and subprocess.run([inspect, "--exists", element], check=False).returncode:
        missing(f"GStreamer's {element}", PACKAGES.get(element, "gstreamer1.0-plugins-good"))


def frame(number: int) -> Picture:
    """B, G, R, X: waves that wander, each its own way."""
    y, x = np.mgrid[0 : FILM.height, 0 : FILM.width]
    picture = np.zeros((FILM.height, FILM.width, 4), np.uint8)
    waves = ((x + 3 * number) / 40, (y + 2 * number) / 30, (x + y - 4 * number) / 50)
    for channel, wave in enumerate(waves):
        picture[..., channel] = 127 + 100 * np.sin(wave)
    return picture


def shown(number: int) -> ops.Drawable:
    image = ops.BitmapImage(
        id=number + 1,
        flags=0,
        width=FILM.width,
        height=FILM.height,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=4 * FILM.width,
        data=frame(number).tobytes(),
    )
    copy = ops.Copy(image, Rect(0, 0, FILM.width, FILM.height), Ropd.OP_PUT, 0, ops.Mask())
    return ops.Drawable(surface_id=0, bbox=FILM, op=copy)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a guest on whose screen it plays."""
    path = tmp_path_factory.mktemp("film") / "film.rec"
    with RecordingWriter(path) as writer:
        screen = RecordedPrimary(
            width=WIDTH, height=HEIGHT, stride=4 * WIDTH, format=32, data=bytes(4 * WIDTH * HEIGHT)
        )
        writer.message(MessageNumber.CREATE_PRIMARY_ASYNC, 0, screen)
        for number in range(FRAMES):
            writer.command(shown(number), int((0.2 + number / FRAMES_PER_SECOND) * 1e9))
    return path


@pytest.fixture
def play(film: Path, tmp_path: Path) -> Iterator[Callable[[str], Host]]:
    running = []

    def start(codecs: str) -> Host:
        words = ("filter", f"codecs={codecs}")
        context = host(Library("stock", "auto_glz", video=words), film, tmp_path, real_time=True)
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


def picture_of(display: DisplayChannel) -> Picture:
    pixels = display.picture()
    rows = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.stride)
    return rows[:, : 4 * pixels.width].reshape(pixels.height, pixels.width, 4)[..., :3]


def film_of(display: DisplayChannel) -> Picture:
    return picture_of(display)[FILM.top : FILM.bottom, FILM.left : FILM.right]


def decibels(one: Picture, other: Picture) -> float:
    """Peak signal to noise."""
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 10 * np.log10(255**2 / error) if error else np.inf


def connect(playing: Host, codecs: bool | list[VideoCodec]) -> Client:
    uri = f"spice://127.0.0.1:{playing.port}"
    return Client.connect(uri, video=codecs, channels={ChannelType.DISPLAY})


def watch_to_the_end(client: Client) -> None:
    """Until the last frame stands there exactly, and nothing else is on the screen."""
    display = client.session.display
    last = frame(FRAMES - 1)[..., :3]
    client.run_until(
        lambda: display.marked and not display.video.live and np.array_equal(film_of(display), last),
        PATIENCE_S,
        "the film to end",
    )
    assert display.complete and not display.inexact
    picture = picture_of(display).copy()
    picture[FILM.top : FILM.bottom, FILM.left : FILM.right] = 0
    assert not picture.any()


@pytest.mark.parametrize("codecs", CODECS)
def test_a_film_is_shown_and_exact_once_it_stands(codecs: str, play: Callable[[str], Host]) -> None:
    codec, encoder = CODECS[codecs]
    need_encoder(encoder)
    playing = play(codecs)
    with connect(playing, [codec]) as client:
        display = client.session.display
        playing.begin()
        client.run_until(lambda: display.drawn["STREAM"] >= 10, PATIENCE_S, "some frames")
        assert display.complete and display.inexact.rects() == [FILM]
        best = max(decibels(film_of(display), frame(number)[..., :3]) for number in range(FRAMES))
        assert best > LEAST_DB
        watch_to_the_end(client)
        (stream,) = display.video.finished
        assert (stream.codec, stream.dest) == (codec.name, FILM)
        assert stream.frames == display.drawn["STREAM"] and stream.reports is not None
        assert stream.first_at is not None and stream.last_at is not None
        assert stream.first_at < stream.last_at < stream.first_at + FRAMES / FRAMES_PER_SECOND + 1
        assert not display.unsupported
    assert "unique" not in playing.log(), "the server must know what the reports are about"


@pytest.mark.parametrize("codecs", [False, [VideoCodec.H265]])
def test_a_client_for_which_there_is_no_codec_gets_pictures(
    codecs: bool | list[VideoCodec], play: Callable[[str], Host]
) -> None:
    need_encoder("")
    playing = play("spice:mjpeg")
    with connect(playing, codecs) as client:
        playing.begin()
        watch_to_the_end(client)
        assert not client.session.display.video.created


def test_a_server_that_is_told_that_no_frame_can_be_shown_sends_pictures(
    play: Callable[[str], Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    need_encoder("")

    def nothing(codec: int) -> None:
        raise NoDecoderError("nothing works here")

    monkeypatch.setattr(video, "open_decoder", nothing)
    playing = play("spice:mjpeg")
    with connect(playing, True) as client:
        display = client.session.display
        playing.begin()
        client.run_until(lambda: display.unsupported.total() > 0, PATIENCE_S, "a frame")
        before = display.drawn["COPY"]
        client.run_until(
            lambda: display.complete and display.drawn["COPY"] >= before + 5, PATIENCE_S, "pictures instead"
        )
        assert display.video.live, "it still plays"
        watch_to_the_end(client)
