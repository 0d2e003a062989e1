"""The memory of one command of a recording while it is written: what ``Resource`` is to the guest-side driver."""

class Blocks:
    """For one command after the other; it is other compiled modules that take memory from it."""

    def __init__(self, largest: int) -> None:
        """``largest``: bytes that a block may have."""
