from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Command, Drawable
from gspice.vdi.qxl import CommandExt, MonitorsConfig, ReleaseInfo

class DrawRun:
    """What ``CommandParser.parse_draws`` made of neighbouring drawing commands."""

    drawables: list[Drawable]
    releases: list[ReleaseInfo]
    """Of all of them, bad ones too, as far as they have guest memory; to be released now."""
    bad: list[tuple[CommandExt, Exception]]
    """Those that became nothing, and why: a GuestError, or a fault of our own."""
    end: int
    """Index of the first command that is not among them."""
    held_bytes: int
    """Memory that the drawables hold; see ``gspice.qxl.drawable_bytes``."""

class CommandParser:
    """Guest bytes to ops. Each descriptor is copied once, the copy checked, and memory never read again.

    Everything raises GuestError, whose text says what was wrong, for what a guest may have got wrong.
    """

    primary_bits: int
    """Bits of a pixel of the primary surface; set it when one is made. Hosts that pass on the commands of drivers
    for one 16-bit surface (COMPAT_16BPP) mostly keep that surface in 32 bits, and colours are widened for it; where
    it has 16 bits they stay as the guest gave them."""

    def __init__(self, memslots: MemSlots, *, surfaces: int = 1024) -> None: ...
    def release_info(self, command: CommandExt) -> ReleaseInfo | None:
        """What must be handed to ``release_resource`` when done with it, whether ``parse`` succeeds or not.

        None where this command type has none to release (unknown types) or its address is not guest memory.
        """
    def parse(self, command: CommandExt, *, reload: bool = False) -> Command:
        """The command as a value that owns its pixels: guest memory may be released at once.

        ``reload``, for commands that a host gives again after a migration: the surfaces they make hold what the
        guest's memory holds, whatever the guest said when it first made them.
        """
    def parse_draws(self, commands: list[CommandExt], start: int, max_bytes: int) -> DrawRun:
        """Parse from ``start`` on until a command that does not draw; raises nothing for what guests do.

        Also ends after the one that brings what they hold over ``max_bytes``: the first is always parsed.
        """
    def monitors_config(self, address: int, group: int) -> MonitorsConfig:
        """Read a QXLMonitorsConfig; heads without area are left out."""
