"""One client's part in a migration, at the server that the machine leaves."""

from collections.abc import Callable

from gspice.errors import ProtocolError
from gspice.wire.message import Message
from gspice.wire.messages.main import (
    MainMigrateBegin,
    MainMigrateCancel,
    MainMigrateEnd,
    MainMigrateSwitchHost,
)


class MigrationLeave:
    """The client links with the other server ahead, beside this one, and changes over when the machine is there."""

    def __init__(self, send: Callable[[Message], None], *, capable: bool) -> None:
        """``capable``: the client can hold two servers at once; one that cannot is sent over at the end."""
        self.connected = False
        """The client is linked with the other server."""
        self._send = send
        self._capable = capable
        self._asked = False
        self._ending = False
        self._settled: Callable[[], None] | None = None

    def begin(self, message: MainMigrateBegin, settled: Callable[[], None]) -> None:
        """Send the client ahead. ``settled`` is called once it has answered or left; at once where it cannot."""
        self.connected = self._ending = False
        if not self._capable:
            settled()
            return
        self._asked, self._settled = True, settled
        self._send(message)

    def answer(self, connected: bool) -> None:
        """The client's answer. ProtocolError where it was never asked; one that comes late is no fault."""
        if not self._asked:
            raise ProtocolError("an answer about a migration that was never begun")
        if not self._ending:
            self.connected = connected
            self._settle()

    def cancel(self) -> None:
        """The machine stays, and the client with it."""
        if self.connected or self._settled is not None:
            self._send(MainMigrateCancel())
        self.connected = False
        self._settle()

    def end(self, switch: MainMigrateSwitchHost, settled: Callable[[], None]) -> None:
        """The machine is there. ``settled`` is called once the client has left; an answer is not waited for any more.

        ``switch`` is for one that is not linked there: it begins anew.
        """
        self._ending, self._settled = True, settled
        self._send(MainMigrateEnd() if self.connected else switch)

    def left(self) -> None:
        """The client is gone."""
        self.connected = False
        self._settle()

    def _settle(self) -> None:
        settled, self._settled = self._settled, None
        if settled is not None:
            settled()
