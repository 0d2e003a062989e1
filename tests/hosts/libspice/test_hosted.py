"""Servers and their handles."""

import pytest

from gspice.errors import ConfigError, InterfaceError
from gspice.hosts.libspice import hosted, process
from gspice.hosts.libspice.configuration import Configuration
from tests.hosts.libspice.c_host import Core


def test_a_handle_leads_to_its_server() -> None:
    first, second = hosted.add_server(), hosted.add_server()
    assert 0 < first < second
    assert hosted.hosted_server(second) is hosted.servers[second]
    assert hosted.servers[first].server.on_exit is process.leave
    for handle in (first, second):
        del hosted.servers[handle]
    with pytest.raises(InterfaceError, match=f"{second:#x}"):
        hosted.hosted_server(second)
    third = hosted.add_server()
    assert third > second, "a number is never used again"
    del hosted.servers[third]


def test_a_server_can_be_closed_before_it_was_initialised() -> None:
    server = hosted.HostedServer(Configuration())
    server.close()


def test_init_asks_for_the_configuration_first() -> None:
    class Refusing(Configuration):
        def apply(self, server: object) -> None:
            raise ConfigError("no")

    core = Core()
    server = hosted.HostedServer(Refusing())
    with pytest.raises(ConfigError):
        server.init(core.address)
    assert not core.watches and server.core is None


def test_a_server_is_initialised_once() -> None:
    core = Core()
    server = hosted.HostedServer(Configuration())
    server.init(core.address)
    assert core.watches
    with pytest.raises(InterfaceError, match="before"):
        server.init(core.address)
    server.close()
    assert not core.watches and not core.timers
    server.close()
