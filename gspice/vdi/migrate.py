"""Migration: the host learns when the client has followed. Both callbacks come on the host's main loop."""

from abc import abstractmethod

from gspice.vdi.base import Interface


class MigrateInterface(Interface):
    """Told when each stage of a migration is over, whether or not a client took part."""

    TYPE = "migration"
    MAJOR = 1
    MINOR = 1

    @abstractmethod
    def migrate_connect_complete(self) -> None: ...

    @abstractmethod
    def migrate_end_complete(self) -> None: ...
