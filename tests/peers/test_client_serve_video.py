"""Our own client at ``gspice serve`` with a film: every codec, the reports that it wants, and exact in the end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from gspice.client.connection import Client
from gspice.client.display import DisplayChannel
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import VideoCodec
from tests.peers.film import make_film
from tests.peers.peers import Serve

pytestmark = pytest.mark.peer

PATIENCE_S = 30.0


def rows(display: DisplayChannel) -> npt.NDArray[np.uint8]:
    pixels = display.picture()
    padded = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.stride)
    return padded[:, : 4 * pixels.width].reshape(pixels.height, pixels.width, 4)[..., :3]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", 3.0)


@pytest.mark.parametrize("codec", VideoCodec)
def test_a_film_is_shown_and_exact_once_it_stands(
    codec: VideoCodec, start_serve: Callable[..., Serve], film: Path
) -> None:
    serve = start_serve(f"--video={film}", "--size=640x480")
    with Client.connect(
        f"spice://127.0.0.1:{serve.port}",
        video=True,
        preferred_codecs=[codec],
        channels={ChannelType.DISPLAY},
    ) as client:
        display = client.session.display
        client.run_until(lambda: display.drawn["STREAM"] >= 30, PATIENCE_S, "some frames")
        assert display.complete and display.inexact, serve.log()
        streams = [*display.video.finished, *display.video.live.values()]
        assert {stream.codec for stream in streams if stream.frames} == {codec.name}
        assert any(stream.reports is not None for stream in streams)
        canvas = serve.freeze()
        client.run_until(
            lambda: not display.inexact and np.array_equal(rows(display), canvas[..., :3]),
            PATIENCE_S,
            "the exact picture",
        )
        assert not display.unsupported
    assert "cannot show" not in serve.log()
