WAKEUP: int
"""The command rings hold something."""
OOM: int
"""The guest is out of command memory."""
MESSAGES: int
"""The owner's queue holds something."""

class Doorbell:
    """Wakes one sleeping thread from any other, and tells it why by bits that were rung since it last looked.

    OSError when made: there are no descriptors left.
    """

    def __init__(self) -> None: ...
    def fileno(self) -> int:
        """The descriptor that the owner watches for reading; -1 once closed."""
    def ring(self, bits: int) -> None:
        """Wake the owner, unless bits that it has not taken yet did so already. Any thread, also without the GIL."""
    def take(self) -> int:
        """On the owner's thread: the bits rung since the last call. Look at what they announce only afterwards."""
    def close(self) -> None:
        """Free the descriptor, if need be when the last ``ring`` under way is done; later ones do nothing."""
