"""From a key press in spice-gtk to the pixels that it changes there, with ``gspice serve`` on the same machine."""

import os
import statistics
import tempfile
from pathlib import Path

from bench.machine import describe
from gspice.hosts.desktop.terminal import CELL_WIDTH
from tests.peers.peers import Serve, SpiceGtk
from tests.peers.pictures import find_all, terminal_text

PRESSES = int(os.environ.get("BENCH_PRESSES", "200"))
KEY_A, KEY_BACKSPACE = 0x1E, 0x0E


def main() -> None:
    """Print median and 95th percentile. A video plays and a clock ticks meanwhile."""
    print(describe())
    with tempfile.TemporaryDirectory() as directory:
        serve = Serve("--size=1280x800", "--log-level=warning", log=Path(directory) / "serve.log")
        client = SpiceGtk(Path(directory))
        try:
            client.connect(serve)
            client.do("wait", seconds=1)
            times = measure(client)
        finally:
            client.close()
            serve.stop()
    times.sort()
    p95 = times[int(0.95 * len(times))]
    print(
        f"key press to changed pixel: median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, "
        f"max {times[-1]:.1f} ms ({len(times)} presses)"
    )


def measure(client: SpiceGtk) -> list[float]:
    marker = "aaa"
    client.do("keys", scancodes=[KEY_A] * len(marker))
    client.do("wait", seconds=0.5)
    places = find_all(client.grab(), terminal_text(marker))
    if len(places) != 1:
        raise RuntimeError(f"the typed marker is on the screen {len(places)} times, not once")
    x, y = places[0][0] + len(marker) * CELL_WIDTH, places[0][1]
    letter = terminal_text("a")
    times = []
    for i in range(PRESSES):
        answer = client.do(
            "key_to_pixels",
            code=KEY_A,
            x=x,
            y=y,
            width=letter.shape[1],
            height=letter.shape[0],
            expected=letter.tobytes().hex(),
        )
        if answer["ms"] is None:
            raise RuntimeError("a key press had no effect within 5 s")
        times.append(answer["ms"])
        client.do("keys", scancodes=[KEY_BACKSPACE])
        # Not in step with the 25 frames a second of the video.
        client.do("wait", seconds=0.1 + (i % 10) * 0.007)
    return times
