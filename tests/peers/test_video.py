"""A film on the desktop, streamed to spice-gtk: every codec is shown while it plays, and exact once it stands."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.peers.film import FRAMES_PER_SECOND, make_film
from tests.peers.peers import Serve, SpiceGtk, missing

pytestmark = pytest.mark.peer

CODECS = {"mjpeg": "MJPEG", "vp8": "VP8", "vp9": "VP9", "h264": "H264", "h265": "H265"}
NEEDS = {
    "vp8": ("vp8dec", "gstreamer1.0-plugins-good"),
    "vp9": ("vp9dec", "gstreamer1.0-plugins-good"),
    "h264": ("h264parse", "gstreamer1.0-plugins-bad"),
    "h265": ("avdec_h265", "gstreamer1.0-libav"),
}
"""What spice-gtk decodes each with beyond its own MJPEG."""
LEAST_DB = 18.0
"""Of the desktop at the moment when the film is stopped: a frame or two are still on their way."""


def need_decoder(codec: str) -> None:
    element, package = NEEDS.get(codec, ("", ""))
    if element:
        inspect = shutil.which("gst-inspect-1.0")
        if inspect is None:
            missing("gst-inspect-1.0", "gstreamer1.0-tools")
        elif subprocess.run([inspect, "--exists", element], check=False).returncode:
            missing(f"GStreamer's {element}", package)


def decibels(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Peak signal to noise."""
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 10 * np.log10(255**2 / error) if error else np.inf


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4")


def play(start_serve: Callable[..., Serve], film: Path, *options: str) -> Serve:
    return start_serve(f"--video={film}", "--size=1024x768", *options)


@pytest.mark.parametrize("codec", CODECS)
def test_a_film_is_shown_and_exact_once_it_stands(
    codec: str, start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, film: Path
) -> None:
    need_decoder(codec)
    serve = play(start_serve, film, f"--video-codecs=gstreamer:{codec}")
    spice_gtk.connect(serve)
    line = serve.wait_log(f" as {CODECS[codec]} by ")
    size = re.search(r"video of (\d+)x(\d+)", line)
    assert size is not None
    spice_gtk.do("wait", seconds=1.0)
    before = spice_gtk.do("status")["invalidated"]
    spice_gtk.do("wait", seconds=2.0)
    frames = (spice_gtk.do("status")["invalidated"] - before) / (int(size[1]) * int(size[2]))
    canvas = serve.freeze()
    assert decibels(spice_gtk.grab(), canvas) > LEAST_DB
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
    assert frames > FRAMES_PER_SECOND, "so many a second must be shown at least, of twice that"
    assert "cannot show" not in serve.log()


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "vp8"])
def test_a_film_with_all_its_colours_is_shown(
    codec: str, start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, film: Path
) -> None:
    need_decoder(codec)
    serve = play(start_serve, film, f"--video-codecs=gstreamer:{codec}", "--video-chroma=4:4:4")
    spice_gtk.connect(serve)
    assert serve.wait_log(f" as {CODECS[codec]} by ").endswith("4:4:4")
    spice_gtk.do("wait", seconds=2.0)
    canvas = serve.freeze()
    assert decibels(spice_gtk.grab(), canvas) > LEAST_DB
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
    assert "cannot show" not in serve.log()


def test_a_film_that_goes_on_goes_on_as_a_stream(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, film: Path
) -> None:
    serve = play(start_serve, film, "--video-codecs=gstreamer:vp8")
    need_decoder("vp8")
    spice_gtk.connect(serve)
    serve.wait_log(" as VP8 by ")
    for _ in range(3):
        spice_gtk.do("wait", seconds=0.7)
        canvas = serve.freeze()
        assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
        serve.thaw()
    assert serve.log().count(" as VP8 by ") <= 2


def test_streams_can_be_turned_off(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, film: Path
) -> None:
    serve = play(start_serve, film, "--streaming-video=off")
    spice_gtk.connect(serve)
    spice_gtk.do("wait", seconds=2.0)
    canvas = serve.freeze()
    assert np.array_equal(spice_gtk.grab_settled(canvas), canvas)
    assert "video of " not in serve.log()
