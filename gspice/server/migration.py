"""Migration as the host drives it, at the server that the machine leaves: clients go ahead, and change over at its end.

The host waits for two callbacks, and gets each of them within a bounded time, whatever clients do.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from gspice.channels.main import MainChannelClient
from gspice.errors import ConfigError, InterfaceError
from gspice.vdi.core import CoreInterface
from gspice.vdi.migrate import MigrateInterface
from gspice.wire.messages.main import MainMigrateBegin, MainMigrateSwitchHost

log = logging.getLogger(__name__)

CLIENT_TIMEOUT_MS = 10_000
"""How long clients may take to link with the other server, and to leave this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the machine goes."""

    host: str
    port: int | None
    secure_port: int | None
    cert_subject: str | None

    def begin(self) -> MainMigrateBegin:
        """Tells clients to link with the server there as well."""
        return MainMigrateBegin(
            port=self.port or 0,
            secure_port=self.secure_port or 0,
            host=self.host,
            cert_subject=self.cert_subject or "",
        )

    def switch(self) -> MainMigrateSwitchHost:
        """Tells clients to begin anew there."""
        return MainMigrateSwitchHost(
            port=self.port or 0,
            secure_port=self.secure_port or 0,
            host=self.host,
            cert_subject=self.cert_subject or "",
        )


class Migration:
    """On the host loop."""

    def __init__(
        self,
        core: CoreInterface,
        interface: Callable[[], MigrateInterface | None],
        mains: Callable[[], Sequence[MainChannelClient]],
    ) -> None:
        """``mains``: the main channels of the clients that are here now."""
        self._core = core
        self._interface = interface
        self._mains = mains
        self.destination: Destination | None = None
        """As the host gave it last; None once the migration is over."""
        self._timer = core.timer_add(self._late)
        self._waiting: set[MainChannelClient] = set()
        """Clients that the host waits for."""
        self._complete: Callable[[], None] | None = None
        """What the host waits for."""

    def connect(self, host: str | None, port: int, secure_port: int, cert_subject: str | None) -> None:
        """The host says where it will go: clients link there; ``migrate_connect_complete`` when they have.

        InterfaceError: no migration interface is attached. ConfigError: this is no destination.
        """
        interface = self._need_interface("migrate_connect")
        destination = self.info(host, port, secure_port, cert_subject)
        mains = self._wait_for(self._mains(), interface.migrate_connect_complete)
        for main in mains:
            main.migration.begin(destination.begin(), partial(self._settled, main))

    def info(self, host: str | None, port: int, secure_port: int, cert_subject: str | None) -> Destination:
        """The host says where it will go, and waits for nothing. ConfigError: this is no destination."""
        ports = [number if 0 < number <= 65535 else None for number in (port, secure_port)]
        if not host or ports == [None, None]:
            raise ConfigError(
                f"migration to host {host!r}, port {port} or {secure_port}: it needs a host and a port"
            )
        self.destination = Destination(
            host=host, port=ports[0], secure_port=ports[1], cert_subject=cert_subject or None
        )
        return self.destination

    def start(self) -> None:
        """The machine is on its way. ConfigError: nobody said where to."""
        self._need_destination("migrate_start")
        log.info("the migration has begun")

    def switch(self) -> None:
        """Clients are to go to the destination now, and begin anew. ConfigError: nobody said where that is."""
        destination = self._need_destination("migrate_switch")
        self.destination = None
        for main in self._mains():
            main.migration.end(destination.switch(), lambda: None)

    def end(self, completed: bool) -> None:
        """The machine is there, or stays; ``migrate_end_complete`` when clients have left, or at once.

        InterfaceError: no migration interface is attached. ConfigError: no migration was begun.
        """
        interface = self._need_interface("migrate_end")
        try:
            destination = self._need_destination("migrate_end")
        except ConfigError:
            interface.migrate_end_complete()
            raise
        self.destination = None
        log.info("the migration %s", "is complete" if completed else "was given up")
        if completed:
            mains = self._wait_for(self._mains(), interface.migrate_end_complete)
            for main in mains:
                main.migration.end(destination.switch(), partial(self._settled, main))
            return
        for main in self._mains():
            main.migration.cancel()
        self._done()
        interface.migrate_end_complete()

    def close(self) -> None:
        """Tell the host what it still waits for; the migration is of no use afterwards."""
        self._done()
        self._core.timer_remove(self._timer)

    def _wait_for(
        self, mains: Iterable[MainChannelClient], complete: Callable[[], None]
    ) -> list[MainChannelClient]:
        """Call ``complete`` once all these clients have settled, or the time is over."""
        self._done()
        found = list(mains)
        self._waiting, self._complete = set(found), complete
        if found:
            self._core.timer_start(self._timer, CLIENT_TIMEOUT_MS)
        else:
            self._done()
        return found

    def _settled(self, main: MainChannelClient) -> None:
        self._waiting.discard(main)
        if not self._waiting:
            self._done()

    def _late(self) -> None:
        log.warning("migration: %d clients took too long, and are not waited for", len(self._waiting))
        self._done()

    def _done(self) -> None:
        complete, self._complete = self._complete, None
        self._waiting.clear()
        self._core.timer_cancel(self._timer)
        if complete is not None:
            complete()

    def _need_interface(self, call: str) -> MigrateInterface:
        interface = self._interface()
        if interface is None:
            raise InterfaceError(f"{call} needs a migration interface: add it first")
        return interface

    def _need_destination(self, call: str) -> Destination:
        if self.destination is None:
            raise ConfigError(f"{call} without a destination: migrate_connect or migrate_info goes before it")
        return self.destination
