"""A server that serves metrics: from init to its end, and where it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.hosts.stats_fetch import document, fetch
from gspice.server.loop import PollLoop
from gspice.server.metrics_address import MetricsAddress
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
from tests.server.net import settle
from tests.server.server_rig import server_rig
from tests.server.worker_rig import all_threads_end, open_descriptors


def options(address: MetricsAddress | None) -> ServerOptions:
    return ServerOptions(host="127.0.0.1", port=0, metrics=address)


def test_they_are_there_from_init_to_close() -> None:
    with server_rig(options(MetricsAddress(port=0))) as rig:
        address = rig.do(lambda: rig.server.metrics_address)
        assert address is not None and address.port
        assert document(fetch(address))["clients"] == []
        rig.main()
        rig.until(lambda: rig.server.num_clients == 1)
        rig.do(lambda: rig.server.disconnect_clients("to look at it again"))
        rig.do(rig.server.close)
        with pytest.raises(ConfigError, match="nothing listens"):
            fetch(address)


def test_an_address_that_is_taken_leaves_nothing_open() -> None:
    assert all_threads_end()
    with server_rig(options(MetricsAddress(port=0))) as rig:
        taken = rig.do(lambda: rig.server.metrics_address)
        loop = PollLoop()
        before = open_descriptors()
        server = SpiceServer(options(taken))
        with pytest.raises(ConfigError, match="metrics cannot be served at"):
            server.init(loop)
        settle(loop)
        assert open_descriptors() == before
        server.options.metrics = None
        server.init(loop)
        server.close()
        loop.close()


def test_a_process_that_ends_leaves_no_socket_behind(tmp_path: Path) -> None:
    path = tmp_path / "metrics"
    loop = PollLoop()
    server = SpiceServer(options(MetricsAddress(unix_path=str(path))))
    server.init(loop)
    assert path.is_socket()
    assert server.park()
    assert not path.exists()
    server.close()
    loop.close()


def test_a_server_without_metrics_does_not_load_what_they_need() -> None:
    line = """
import sys
from gspice.server.loop import PollLoop
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
SpiceServer(ServerOptions(host="127.0.0.1", port=0)).init(PollLoop())
print([name for name in ("h11", "http", "prometheus_client") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
