"""Handles and devices: what C may hand over, and what comes of it."""

from pathlib import Path

import pytest

from gspice.errors import ConfigError, InterfaceError
from gspice.hosts.libspice import library, process
from gspice.hosts.libspice.configuration import Configuration
from gspice.hosts.libspice.hosted import configure, devices, servers
from tests.hosts.libspice import c_host
from tests.hosts.libspice.c_host import Core


def test_a_handle_is_never_used_again() -> None:
    first = library.new()
    library.destroy(first)
    second = library.new()
    assert first and second and first != second
    assert library.command(first, "set_noauth") == library.FAILED
    library.destroy(second)


def test_guarded_returns_the_failure_value(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> int:
        raise InterfaceError("no such thing")

    assert library.guarded("spice_x", -7, refuse) == -7
    assert caplog.records[-1].getMessage() == "spice_x: no such thing" and not caplog.records[-1].exc_info
    assert library.guarded("spice_y", None, [].pop) is None
    assert caplog.records[-1].exc_info


@pytest.mark.parametrize("secure", [False, True])
def test_a_client_without_a_socket_is_one_line(caplog: pytest.LogCaptureFixture, secure: bool) -> None:
    handle, core = library.new(), Core()
    assert library.init(handle, core.address) == library.DONE
    for number in (-1, 1 << 20):
        caplog.clear()
        assert library.add_client(handle, number, True, secure) == library.FAILED
        (record,) = caplog.records
        assert f"descriptor {number} is no socket" in record.getMessage() and not record.exc_info
    library.destroy(handle)


def test_the_operator_s_word_reaches_the_server() -> None:
    configuration = Configuration(
        renderer="cpu",
        record=Path("/nowhere/x.rec"),
        server={"name": "from the file", "exit-on-disconnect": True},
    )
    configure(configuration)
    handle, core = library.new(), Core()
    configure(Configuration())
    hosted = servers[handle]
    assert (hosted.server.options.renderer, hosted.server.options.record) == ("cpu", configuration.record)
    assert hosted.server.on_exit is process.leave
    library.command(handle, "set_name", "from the host")
    assert library.init(handle, core.address) == library.DONE
    assert hosted.server.options.name == "from the file"
    library.destroy(handle)


def test_a_device_that_the_renderer_does_not_take_fails_init(caplog: pytest.LogCaptureFixture) -> None:
    configure(Configuration(renderer="cpu", renderer_device="1"))
    handle, core = library.new(), Core()
    configure(Configuration())
    assert library.init(handle, core.address) == library.FAILED
    assert "renderer cpu takes no device" in caplog.text
    library.destroy(handle)


def test_configuration_that_the_server_refuses_fails_init(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, core = library.new(), Core()

    def refuse(configuration: Configuration, server: object) -> None:
        raise ConfigError("that is not possible")

    monkeypatch.setattr(Configuration, "apply", refuse)
    assert library.init(handle, core.address) == library.FAILED
    assert "that is not possible" in caplog.text and not core.watches
    library.destroy(handle)


def test_a_second_server_has_its_own_devices() -> None:
    cores = Core(), Core()
    handles = [library.new() for _ in cores]
    tablets = [c_host.tablet() for _ in cores]
    for handle, core, tablet in zip(handles, cores, tablets, strict=True):
        assert library.init(handle, core.address) == library.DONE
        assert library.add_interface(handle, tablet.address) == library.DONE
    library.destroy(handles[0])
    assert [tablet.attached for tablet in tablets] == [False, True]
    assert library.remove_interface(tablets[1].address) == library.DONE
    library.destroy(handles[1])
    assert not devices


def test_park_asks_every_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from gspice.server.spice_server import SpiceServer

    handles = [library.new(), library.new()]
    parked: list[SpiceServer] = []

    def park(server: SpiceServer) -> bool:
        parked.append(server)
        raise RuntimeError("one that fails does not keep the next from it")

    monkeypatch.setattr(SpiceServer, "park", park)
    library.park()
    assert len(parked) == 2
    for handle in handles:
        library.destroy(handle)


def test_asking_for_what_a_server_lacks() -> None:
    handle = library.new()
    assert library.ask(handle, "hologram", 9) == 9
    assert library.ask(handle, "num_clients", 9) == 0
    assert library.write_info(handle, "peer_info", 0, 0) == library.FAILED
    library.destroy(handle)
