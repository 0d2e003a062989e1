"""``gspice stats``: what a running server sends to whom, and why."""

import json
import sys
import time

import click

from gspice.cli.metrics_option import address as to_address
from gspice.cli.shown import flush_output, printable, show
from gspice.server.metrics_address import DEFAULT_ADDRESS, MetricsAddress

LEAST_WATCH_S = 0.5
"""Workers publish no more often."""
CLEAR = "\x1b[H\x1b[2J"
"""Takes a terminal's screen."""


@click.command()
@click.argument("address", callback=to_address, default=str(DEFAULT_ADDRESS), metavar="[ADDR]")
@click.option(
    "--json", "as_json", is_flag=True, help="The same as JSON, with keys that stay; one line each time."
)
@click.option(
    "--watch",
    type=click.FloatRange(min=LEAST_WATCH_S),
    metavar="SECONDS",
    help="Again and again, until Ctrl-C; with what was sent a second.",
)
def stats(address: MetricsAddress, as_json: bool, watch: float | None) -> None:
    """Show what a running server sends: to whom, as what, how much of it, and how soon it is there.

    ADDR is what the server was started with, as in `gspice serve --metrics ADDR`; by default 127.0.0.1:9469. The
    other commands with a server have --metrics, too, and in QEMU and Xorg the configuration file has it.
    """
    # They need much that no other command does.
    from gspice.hosts.stats_fetch import document, fetch  # noqa: PLC0415
    from gspice.hosts.stats_text import render  # noqa: PLC0415

    before, before_at = None, 0.0
    due = time.monotonic()
    while True:
        now = time.monotonic()
        newest = document(fetch(address))
        if as_json:
            show(json.dumps(newest))
        else:
            screen = CLEAR if watch is not None and sys.stdout is not None and sys.stdout.isatty() else ""
            show(screen + printable(render(newest, before, now - before_at)))
        if watch is None:
            return
        flush_output()
        before, before_at = newest, now
        due = max(due + watch, now)
        time.sleep(max(0.0, due - time.monotonic()))
