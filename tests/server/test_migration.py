"""Migration as hosts drive it: whatever they begin is completed, whether a client is there or not."""

from collections.abc import Callable, Iterator

import pytest

from gspice.errors import ConfigError, GSpiceError, InterfaceError
from gspice.server.migration import Destination, Migration
from gspice.vdi import MigrateInterface
from tests.server.server_rig import server_rig


class Host(MigrateInterface):
    """A host that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def migrate_connect_complete(self) -> None:
        self.told.append("connected")

    def migrate_end_complete(self) -> None:
        self.told.append("ended")


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def migration(host: Host) -> Iterator[Migration]:
    yield Migration(lambda: host)


def test_the_road_of_a_host(migration: Migration, host: Host, caplog: pytest.LogCaptureFixture) -> None:
    migration.connect("there", 5900, -1, "")
    assert host.told == ["connected"]
    assert migration.destination == Destination(host="there", port=5900, secure_port=None, cert_subject=None)
    assert "clients do not follow" in caplog.text
    migration.start()
    migration.end(True)
    assert host.told == ["connected", "ended"] and migration.destination is None


@pytest.mark.parametrize(
    "arguments", [(None, 1, 1), ("", 1, 1), ("there", -1, -1), ("there", 0, 0), ("there", 65536, 0)]
)
def test_no_destination(migration: Migration, host: Host, arguments: tuple[str | None, int, int]) -> None:
    with pytest.raises(ConfigError, match="needs a host and a port"):
        migration.connect(*arguments, None)
    assert host.told == [] and migration.destination is None


def test_calls_out_of_turn_complete_what_the_host_waits_for(migration: Migration, host: Host) -> None:
    for call in (migration.start, migration.switch, lambda: migration.end(False)):
        with pytest.raises(ConfigError, match="without a destination"):
            call()
    assert host.told == ["ended"]


def test_without_an_interface_there_is_only_the_old_way() -> None:
    migration = Migration(lambda: None)
    with pytest.raises(InterfaceError, match="migration interface"):
        migration.connect("there", 5900, 0, None)
    with pytest.raises(InterfaceError, match="migration interface"):
        migration.end(True)
    migration.info("there", 0, 5901, "CN=there")
    migration.switch()
    with pytest.raises(ConfigError):
        migration.switch()


def test_through_the_server_with_a_client(host: Host) -> None:
    with server_rig() as rig:
        server = rig.server
        main, _ = rig.main()
        rig.do(lambda: server.add_interface(host))
        rig.do(lambda: server.migrate_connect("there", 5900, 5901, "CN=there"))
        rig.do(server.migrate_start)
        rig.do(lambda: server.migrate_end(False))
        rig.do(lambda: server.migrate_info("there", 5900, 0, None))
        rig.do(server.migrate_switch)
        assert host.told == ["connected", "ended"]
        assert not main.wait_closed(0.02), "the client stays"
        calls: list[Callable[[], None]] = [server.migrate_start, server.migrate_switch]
        for call in calls:
            with pytest.raises(GSpiceError):
                rig.do(call)
