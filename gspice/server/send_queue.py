"""What one connection has still to send: whole messages, and the bytes of those that were begun."""

from collections import deque
from itertools import islice

from gspice.server.transport import IOV_MAX, Buffer

CHUNK = 256 * 1024
"""Bytes of begun messages that are kept ahead of the socket."""


class SendQueue:
    """Messages wait until they are begun, which the owner may put off; begun ones are bytes to be sent."""

    def __init__(self) -> None:
        self.bytes = 0
        """All bytes that were not taken by the socket."""
        self.begun = 0
        """Those of them that belong to messages that were begun."""
        self._messages: deque[tuple[list[bytes | memoryview], int]] = deque()
        self._output: deque[memoryview] = deque()

    def put(self, buffers: list[bytes | memoryview]) -> None:
        """Add a message; its buffers must not change until they are sent."""
        size = sum(map(len, buffers))
        self._messages.append((buffers, size))
        self.bytes += size

    def begin(self) -> bool:
        """Begin the oldest message; False if there is none, or enough is begun."""
        if not self._messages or self.begun >= CHUNK:
            return False
        buffers, size = self._messages.popleft()
        self._output.extend(memoryview(buffer) for buffer in buffers if len(buffer))
        self.begun += size
        return True

    def head(self) -> list[Buffer]:
        """The bytes to send next, as many as one gathering send takes."""
        return list(islice(self._output, IOV_MAX))

    def took(self, count: int) -> None:
        """So many bytes of ``head`` are sent."""
        self.bytes -= count
        self.begun -= count
        while count:
            first = self._output[0]
            if count < len(first):
                self._output[0] = first[count:]
                return
            count -= len(first)
            self._output.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self._messages.clear()
        self._output.clear()
        self.bytes = self.begun = 0
