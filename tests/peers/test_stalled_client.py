"""Clients that stand still: the others go on, and a client that wakes up has the newest picture at once."""

import os
import signal
import time
from collections.abc import Callable

import numpy as np

from tests.peers.peers import Serve, SpiceGtk

STALL_S = float(os.environ.get("GSPICE_TEST_STALL", "3"))
"""A minute and more are for patient people."""


def frames(client: SpiceGtk, seconds: float) -> int:
    """Changes of the client's picture in that time."""
    before = client.do("status")["invalidated"]
    client.do("wait", seconds=seconds)
    return int(client.do("status")["invalidated"] - before)


def test_a_client_that_stands_still_holds_nobody_and_wakes_to_the_newest_picture(
    start_serve: Callable[..., Serve], start_spice_gtk: Callable[..., SpiceGtk]
) -> None:
    serve = start_serve("--size=800x600")
    clients = [start_spice_gtk() for _ in range(3)]
    for client in clients:
        client.connect(serve)
    usual = min(frames(client, 1.0) for client in clients[1:])
    assert usual > 5, "the desktop is busy"
    os.kill(clients[0]._process.pid, signal.SIGSTOP)
    time.sleep(STALL_S)
    assert min(frames(client, 1.0) for client in clients[1:]) > usual / 3
    resident = memory_kib(serve.process.pid)
    time.sleep(1)
    assert memory_kib(serve.process.pid) < resident + 8192, "nothing piles up for it"
    canvas = serve.freeze()
    os.kill(clients[0]._process.pid, signal.SIGCONT)
    start = time.monotonic()
    assert np.array_equal(clients[0].grab_settled(canvas), canvas)
    assert time.monotonic() - start < 1.0
    for client in clients[1:]:
        assert np.array_equal(client.grab_settled(canvas), canvas)


def memory_kib(pid: int) -> int:
    """Resident memory of a process."""
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])
