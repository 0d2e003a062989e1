"""A film under clients that come, go, freeze and change codecs: what the server's memory, files and threads do.

``python -m bench.soak_video [MINUTES [SEED]]``: one minute by default. Every few visits the film is stopped, and all
clients must show what the server has, byte for byte. Exit code 1 where one does not, or something grows.
"""

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from bench.machine import describe
from bench.soak_xorg import Samples, report
from tests.peers.film import make_film
from tests.peers.peers import Serve, SpiceGtk

MINUTES = 1.0
MOST_CLIENTS = 3
CODECS = {1: "mjpeg", 2: "vp8", 3: "h264", 4: "vp9", 5: "h265"}
STOP_EVERY = 6
"""Visits."""


def main(words: list[str]) -> int:
    """Soak and print a table; the exit code."""
    minutes = float(words[0]) if words else MINUTES
    seed = int(words[1]) if len(words) > 1 else 1
    print(f"{describe()}; seed {seed}")
    print(f"{'':8} {'looks':>5} {'what':12} {'early':>8} {'late':>8} {'peak':>8}  verdict")
    with tempfile.TemporaryDirectory() as directory:
        return 0 if soak(Path(directory), minutes * 60, random.Random(seed)) else 1


def soak(directory: Path, seconds: float, dice: random.Random) -> bool:
    """Whether nothing grew, all pictures were right, and the server ended well."""
    film = make_film(directory / "film.mp4")
    serve = Serve(f"--video={film}", "--size=900x700", log=directory / "serve.log")
    visits = Visits(serve, directory, dice)
    samples = Samples()
    process = psutil.Process(serve.process.pid)
    begun = time.monotonic()
    good = True
    try:
        while (now := time.monotonic() - begun) < seconds:
            visits.change()
            if visits.count % STOP_EVERY == 0:
                good &= visits.stop_and_compare()
                samples.take(process, now)
    finally:
        visits.close()
        status = serve.stop()
    good &= report("gspice", samples, seconds) and status == 0
    log = serve.log()
    errors = [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line]
    used = {name: log.count(f" as {name.upper()} by ") for name in CODECS.values()}
    print(
        f"gspice   {visits.count} changes, streams {used}, {len(errors)} errors in its log, ended with {status}"
    )
    for line in errors[:10]:
        print(f"  {line}")
    return good and not errors


class Visits:
    """The clients that are there, and what happens to them."""

    def __init__(self, serve: Serve, directory: Path, dice: random.Random) -> None:
        self.count = 0
        self._serve = serve
        self._directory = directory
        self._dice = dice
        self._clients: list[SpiceGtk] = []
        self._frozen: set[int] = set()

    def change(self) -> None:
        """One thing at random; then a little time."""
        self.count += 1
        happens = self._dice.choice(
            [self._join, self._leave, self._kill, self._freeze, self._thaw, self._codecs, self._codecs]
        )
        happens()
        time.sleep(self._dice.choice((0.1, 0.4, 1.0)))

    def stop_and_compare(self) -> bool:
        """Whether every client comes to show what the stopped desktop is."""
        for client in self._clients:
            client.signal(signal.SIGCONT)
        self._frozen.clear()
        canvas = self._serve.freeze()
        wrong = 0
        for client in self._clients:
            picture = client.grab_settled(canvas, timeout=20.0)
            if not np.array_equal(picture, canvas):
                wrong += 1
                differs = np.argwhere((picture != canvas).any(axis=2))
                print(
                    f"a client shows something else: {len(differs)} pixels, {differs[:1]} to {differs[-1:]}"
                )
        self._serve.thaw()
        return not wrong

    def close(self) -> None:
        """End all clients."""
        for client in self._clients:
            client.signal(signal.SIGCONT)
            client.close()

    def _join(self) -> None:
        if len(self._clients) < MOST_CLIENTS:
            client = SpiceGtk(self._directory)
            client.connect(self._serve)
            self._clients.append(client)

    def _one(self, *, awake: bool = True) -> SpiceGtk | None:
        there = [client for client in self._clients if (id(client) not in self._frozen) == awake]
        return self._dice.choice(there) if there else None

    def _leave(self) -> None:
        if (client := self._one()) is not None:
            client.do("disconnect")
            self._gone(client)

    def _kill(self) -> None:
        if (client := self._one()) is not None:
            client.kill()
            self._gone(client)

    def _gone(self, client: SpiceGtk) -> None:
        self._clients.remove(client)
        client.close()

    def _freeze(self) -> None:
        if (client := self._one()) is not None:
            client.signal(signal.SIGSTOP)
            self._frozen.add(id(client))

    def _thaw(self) -> None:
        if (client := self._one(awake=False)) is not None:
            client.signal(signal.SIGCONT)
            self._frozen.discard(id(client))

    def _codecs(self) -> None:
        if (client := self._one()) is not None:
            client.do(
                "video_codecs", values=self._dice.sample(list(CODECS), k=self._dice.randint(1, len(CODECS)))
            )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
