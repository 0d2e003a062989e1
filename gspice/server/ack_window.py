"""The acknowledgement window: how many messages a client may be behind before it is sent no more."""

WINDOWS_IN_FLIGHT = 2
"""A client acknowledges once per window; so that it need not wait for us, two may be under way."""


class AckWindow:
    """Counts the messages of one channel that the client has not acknowledged.

    Send nothing before ``open``; then report every message with ``sent``, the one that announces the window
    included, and send none while ``blocked``.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        """Messages for which the client owes one acknowledgement."""
        self.generation = 0
        self.outstanding = 0
        self._open = False
        self._client_generation: int | None = None

    @property
    def blocked(self) -> bool:
        """More than two windows are unacknowledged, or the window was never announced."""
        return not self._open or self.outstanding > WINDOWS_IN_FLIGHT * self.window

    def open(self) -> int:
        """Begin a new count; the generation to announce in SET_ACK, with ``window``."""
        self._open = True
        self.generation += 1
        self.outstanding = 0
        return self.generation

    def sent(self) -> None:
        """A message went out."""
        self.outstanding += 1

    def sync(self, generation: int) -> None:
        """ACK_SYNC: the client knows the window of this generation."""
        self._client_generation = generation

    def ack(self) -> bool:
        """ACK: a window of messages arrived; False if it is for another generation and counts for nothing.

        A client that acknowledges more than it got has nothing in hand for later.
        """
        if self._client_generation != self.generation:
            return False
        self.outstanding = max(0, self.outstanding - self.window)
        return True
