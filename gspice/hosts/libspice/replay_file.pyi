class HostFile:
    """A C ``FILE *`` that is open for reading, at the place where it stands; pipes too.

    It is read through C's own buffer, so what the host read of it before, and no more, is gone.
    """

    def __init__(self, address: int) -> None: ...
    def readinto(self, target: bytearray | memoryview) -> int:
        """Fill from the start; how many bytes, less than there is room for at the end only. OSError."""

    def read(self, size: int) -> bytes:
        """As many bytes, or what there is before the end. OSError."""

    def close(self) -> None:
        """Close the host's file. Nothing can be read afterwards; closing again does nothing."""
