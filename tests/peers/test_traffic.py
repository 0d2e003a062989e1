"""The traffic bench: both libraries in one host play the same recording at its times, and spice-gtk has the picture."""

from pathlib import Path

import pytest

from bench.replay_recordings import DATA, unpacking
from bench.traffic import picture_hash
from bench.traffic_clients import TrafficRun, by_library
from bench.traffic_feeder import Event, events
from bench.traffic_host import Library
from tests.peers.test_replay_host import RECORDINGS, need_spice_server

pytestmark = pytest.mark.peer

FASTER = 20


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording whose times are closer together."""
    path = tmp_path_factory.mktemp("traffic") / "quick.rec"
    with unpacking(DATA / "firmware.rec.zst") as unpacker, path.open("wb") as file:
        assert unpacker.stdout is not None
        for part in events(unpacker.stdout):
            if isinstance(part, Event):
                words = part.pieces[0].split()
                part.pieces[0] = b" ".join([*words[:4], b"%d\n" % (part.time_ns // FASTER)])
                file.writelines(part.pieces)
            else:
                file.write(part)
    return path


@pytest.mark.parametrize("real_time", [True, False])
@pytest.mark.parametrize("library", ["stock", "gspice"])
def test_a_recording_is_measured_to_its_last_picture(
    quick: Path, tmp_path: Path, library: str, real_time: bool
) -> None:
    need_spice_server()
    expected = RECORDINGS["firmware"]
    run: TrafficRun = by_library(Library(library, "auto_glz"), quick, expected, tmp_path, real_time=real_time)
    assert run.picture == expected
    assert run.commands == 1369
    assert run.received_bytes > 1000
    assert run.peak_bytes > 1 << 20
    assert run.server_s > 0 and run.guest_s > 0
    if real_time:
        assert run.fed is not None and run.fed.commands == 1369
        assert run.wall_s > run.fed.span_s > 1.0


def test_the_picture_is_that_of_the_recording(quick: Path) -> None:
    assert picture_hash(quick) == RECORDINGS["firmware"]
