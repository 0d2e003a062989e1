from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Command
from gspice.vdi.qxl import CommandExt, MonitorsConfig, ReleaseInfo

class CommandParser:
    """Guest bytes to ops. Each descriptor is copied once, the copy checked, and memory never read again.

    Everything raises GuestError, whose text says what was wrong, for what a guest may have got wrong.
    """

    def __init__(self, memslots: MemSlots, *, surfaces: int = 1024) -> None: ...
    def release_info(self, command: CommandExt) -> ReleaseInfo | None:
        """What must be handed to ``release_resource`` when done with it, whether ``parse`` succeeds or not.

        None where this command type has none to release (unknown types) or its address is not guest memory.
        """
    def parse(self, command: CommandExt) -> Command:
        """The command as a value that owns its pixels: guest memory may be released at once."""
    def monitors_config(self, address: int, group: int) -> MonitorsConfig:
        """Read a QXLMonitorsConfig; heads without area are left out."""
