"""Migration as the host drives it. Clients do not follow yet: they connect anew, and the host is never kept waiting."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gspice.errors import ConfigError, InterfaceError
from gspice.vdi.migrate import MigrateInterface

log = logging.getLogger(__name__)

NOT_FOLLOWED = "clients do not follow a migration by themselves: they have to connect anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the machine goes."""

    host: str
    port: int | None
    secure_port: int | None
    cert_subject: str | None


class Migration:
    """On the host loop. Whatever the host begins is completed before the call returns."""

    def __init__(self, interface: Callable[[], MigrateInterface | None]) -> None:
        self._interface = interface
        self.destination: Destination | None = None
        """As the host gave it last; None once the migration is over."""

    def connect(self, host: str | None, port: int, secure_port: int, cert_subject: str | None) -> None:
        """The host says where it will go, and waits for ``migrate_connect_complete``.

        InterfaceError: no migration interface is attached. ConfigError: this is no destination.
        """
        interface = self._interface()
        if interface is None:
            raise InterfaceError("migrate_connect needs a migration interface: add it first")
        self.info(host, port, secure_port, cert_subject)
        interface.migrate_connect_complete()

    def info(self, host: str | None, port: int, secure_port: int, cert_subject: str | None) -> None:
        """The host says where it will go, and waits for nothing. ConfigError: this is no destination."""
        ports = [number if 0 < number <= 65535 else None for number in (port, secure_port)]
        if not host or ports == [None, None]:
            raise ConfigError(
                f"migration to host {host!r}, port {port} or {secure_port}: it needs a host and a port"
            )
        self.destination = Destination(
            host=host, port=ports[0], secure_port=ports[1], cert_subject=cert_subject or None
        )
        log.warning("migration to %s: %s", host, NOT_FOLLOWED)

    def start(self) -> None:
        """The machine is on its way. ConfigError: nobody said where to."""
        self._need_destination("migrate_start")
        log.info("the migration has begun")

    def switch(self) -> None:
        """Clients are to go to the destination now. ConfigError: nobody said where that is."""
        self._need_destination("migrate_switch")
        log.warning("the machine has moved: %s", NOT_FOLLOWED)
        self.destination = None

    def end(self, completed: bool) -> None:
        """The machine is there, or stays; the host waits for ``migrate_end_complete``, and gets it either way.

        InterfaceError: no migration interface is attached. ConfigError: no migration was begun.
        """
        interface = self._interface()
        if interface is None:
            raise InterfaceError("migrate_end needs a migration interface: add it first")
        try:
            self._need_destination("migrate_end")
            log.info("the migration %s", "is complete" if completed else "was given up")
        finally:
            self.destination = None
            interface.migrate_end_complete()

    def _need_destination(self, call: str) -> None:
        if self.destination is None:
            raise ConfigError(f"{call} without a destination: migrate_connect or migrate_info goes before it")
