"""``gspice serve`` with each way of packing pictures, for tests that show them all to one client."""

import re
from collections.abc import Callable, Collection

from gspice.hosts.stats_fetch import Document, document, fetch
from gspice.server.metrics_address import MetricsAddress
from tests.peers.peers import Serve
from tests.peers.xorg import wait_until

LOSSY = "lossy"
"""``auto``, where all that is taken for a photograph comes as JPEG at first."""
START_SIZE = 640, 480
"""Of the desktop, until a client asks for another."""
ENOUGH_FRAMES = 10
HARMLESS = {"raw", "solid", "cached"}
"""What small images, those of one colour, and those that the client has already, are in every mode."""


def start(start_serve: Callable[..., Serve], mode: str) -> Serve:
    """A server of that mode whose metrics can be read."""
    compression, program = ("auto", "tests.peers.lossy_serve") if mode == LOSSY else (mode, "gspice.cli.main")
    return start_serve(
        f"--image-compression={compression}",
        "--metrics=:0",
        f"--size={START_SIZE[0]}x{START_SIZE[1]}",
        program=program,
    )


def wait_sent(serve: Serve, coders: Collection[str]) -> None:
    """Until the only client has had some frames, and images of all these coders."""

    def seen() -> bool:
        display = display_of(serve)
        return display.get("frames", 0) >= ENOUGH_FRAMES and _coders(display) >= set(coders)

    wait_until(seen, f"no client has had images of all of {coders}")


def coders_sent(serve: Serve) -> set[str]:
    """As what the only client has had pictures so far, less what is harmless."""
    return _coders(display_of(serve)) - HARMLESS


def _coders(display: Document) -> set[str]:
    return {coder for coder, sent in display.get("images", {}).items() if sent["images"]}


def display_of(serve: Serve) -> Document:
    """What the metrics say of the display of the only client; nothing before it has one."""
    match = re.search(r"127\.0\.0\.1:(\d+)", serve.wait_log("metrics are served at"))
    assert match is not None
    clients = document(fetch(MetricsAddress(port=int(match[1]))))["clients"]
    displays: list[Document] = [display for client in clients for display in client.get("displays", ())]
    return displays[0] if displays else {}
