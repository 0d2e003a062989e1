"""spice-html5 as a peer: its page and a WebSocket in front of a server, from websockify; and the page in chromium."""

import base64
import re
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from gspice.geometry import Point
from tests.peers.chromium import Chromium, Page
from tests.peers.peers import missing, need_program
from tests.peers.pictures import Picture
from tests.peers.xorg import wait_until

PAGES = Path("/usr/share/spice-html5")
PATIENCE_S = 30.0
SIZE = "(canvas => canvas && [canvas.width, canvas.height])(document.getElementById('spice_surface_0'))"
PIXELS = """
(() => {
  const canvas = document.getElementById("spice_surface_0");
  if (!canvas) return null;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < pixels.length; at += 32768)
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  return [canvas.width, canvas.height, btoa(text)];
})()
"""
"""Width, height, and R G B A in base64; null: there is no primary surface."""
PLACE = "(({left, top}) => [left, top])(document.getElementById('spice_surface_0').getBoundingClientRect())"
INPUTS_STATE = "window.spice_connection?.inputs?.state"
UNACKNOWLEDGED = "window.spice_connection.inputs.waiting_for_ack"
ACK_BUNCH = 4
"""Moves that are acknowledged together."""
USUAL = re.compile(
    r"Connected to ws:"
    r"|delta display:"  # a message took it long
    r"|WARNING: keyboard channel is insecure"  # the server's notice of a connection without TLS
    r"|WARNING: main: Unknown message type 109!"  # the agent's reply when it asked for a size
    r"|WARNING: Unimplemented function (102|108)\("  # MARK, INVAL_ALL_PALETTES
    r"|WARNING: Canvas2D: Multiple readback"
    r"|ERROR: Failed to load resource: .*/favicon.ico"
)
"""What it, or the browser, logs whatever the server."""


class Websockify:
    """Serves spice-html5's files, and the SPICE servers behind it as WebSockets; ``close`` it."""

    def __init__(self, directory: Path) -> None:
        program = need_program("websockify", "websockify")
        if not PAGES.is_dir():
            missing("spice-html5", "spice-html5")
        self._targets = directory / "targets"
        self._targets.touch()
        self._log = (directory / "websockify.log").open("wb")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port: int = listener.getsockname()[1]
            # It takes the listening socket from its parent, so that nobody else can take the port.
            self._process = subprocess.Popen(
                [
                    program,
                    "--inetd",
                    f"--web={PAGES}",
                    "--token-plugin=TokenFile",
                    f"--token-source={self._targets}",
                ],
                stdin=listener.fileno(),
                stdout=self._log,
                stderr=self._log,
            )

    def url(self, port: int) -> str:
        """The page that connects to the server at that port of this machine."""
        self._targets.write_text(f"{port}: 127.0.0.1:{port}\n")
        query = urlencode({"host": "127.0.0.1", "port": self._port, "path": f"websockify?token={port}"})
        return f"http://127.0.0.1:{self._port}/spice_auto.html?{query}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


class SpiceHtml5:
    """One of its pages, connected to a server."""

    def __init__(self, browser: Chromium, url: str) -> None:
        self.page: Page = browser.open(url)

    def wait_resized(self, size: tuple[int, int]) -> None:
        """Until the desktop, which began with that width and height, fills the page as the page has asked it to."""

        def resized() -> bool:
            found = self.page.value(SIZE)
            return found is not None and tuple(found) != size

        wait_until(resized, "the desktop does not follow the page's size", PATIENCE_S)

    def grab(self) -> Picture | None:
        """What its primary surface shows, B G R 0 (not 0: one sees through it); None: it has none."""
        answer = self.page.value(PIXELS)
        if answer is None:
            return None
        width, height, text = answer
        rgba = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        picture: Picture = np.concatenate([rgba[..., 2::-1], 255 - rgba[..., 3:]], axis=-1)
        return picture

    def grab_settled(self, expected: Picture) -> Picture | None:
        """The picture once it equals ``expected``, or as it is when patience is over."""
        end = time.monotonic() + PATIENCE_S
        while True:
            picture = self.grab()
            if (picture is not None and np.array_equal(picture, expected)) or time.monotonic() > end:
                return picture

    def drag(self, start: Point, end: Point, steps: int = 10) -> None:
        """Press at one place of the primary surface, move to another, release."""
        # It has a picture before it has its inputs channel.
        wait_until(lambda: self.page.value(INPUTS_STATE) == "ready", "there is no inputs channel")
        left, top = self.page.value(PLACE)
        places = [
            (
                left + start.x + (end.x - start.x) * step / steps,
                top + start.y + (end.y - start.y) * step / steps,
            )
            for step in range(steps + 1)
        ]
        self.page.mouse("mouseMoved", *places[0])
        self.page.mouse("mousePressed", *places[0], down=True)
        for place in places[1:]:
            # Moves that come faster than the server acknowledges them, it throws away.
            wait_until(lambda: self.page.value(UNACKNOWLEDGED) < ACK_BUNCH, "moves are not acknowledged")
            self.page.mouse("mouseMoved", *place, down=True)
        self.page.mouse("mouseReleased", *places[-1])

    def complaints(self) -> list[str]:
        """What it and the browser have logged, less the usual."""
        return [line for line in self.page.console() if not USUAL.match(line)]

    def close(self) -> None:
        self.page.close()
