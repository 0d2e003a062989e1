from typing import Any

class Answer:
    """One answer from one thread to another. Whoever waits and whoever answers both hold it.

    Unlike ``threading.Event`` it wakes the other thread without holding the GIL: that thread often runs at once, in
    this one's place, and could only wait for the GIL again.
    """

    result: Any
    error: BaseException | None

    def give(self) -> None:
        """Wake who waits; ``result`` or ``error`` is set before."""
    def wait(self, seconds: float) -> bool:
        """Until it is given; false after so long without it."""
