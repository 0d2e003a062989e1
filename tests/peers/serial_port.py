"""The serial port of a guest, where it takes commands and says what it sees."""

import re
import socket
import time
from pathlib import Path

READY_TIMEOUT_S = 60.0
LINE_TIMEOUT_S = 20.0


class SerialPort:
    """One connection to a port of QEMU's that listens at a UNIX socket."""

    def __init__(self, path: Path) -> None:
        self.text = ""
        """All that the guest has said."""
        self._commands = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(LINE_TIMEOUT_S)
        self._socket.connect(str(path))

    def wait_ready(self) -> None:
        """Until the guest of guest_kernel.py has started; it must have been given as QEMU's guest."""
        self.wait_match(r"^READY$", READY_TIMEOUT_S)
        assert "NO DISPLAY" not in self.text, self.text

    def wait_match(self, pattern: str, timeout: float = LINE_TIMEOUT_S) -> re.Match[str]:
        """The first match in all that was said, lines matched one by one. TimeoutError."""
        end = time.monotonic() + timeout
        while True:
            # A line counts once it is whole.
            if found := re.search(pattern, self.text[: self.text.rfind("\n") + 1], re.MULTILINE):
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no {pattern!r} within {timeout} s; the guest said: {self.text[-2000:]}")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError(f"the serial port was closed; the guest said: {self.text[-2000:]}")
            self.text += data.decode(errors="replace").replace("\r", "")

    def run(self, line: str, timeout: float = LINE_TIMEOUT_S) -> str:
        """Have the guest's shell carry out a line; what it printed. AssertionError where it failed."""
        self._commands += 1
        start = len(self.text)
        self._socket.sendall(f"{self._commands} {line}\n".encode())
        done = self.wait_match(rf"^DONE {self._commands} (\d+)$", timeout)
        printed = self.text[start : done.start()]
        assert done[1] == "0", f"{line!r} failed in the guest with {done[1]}: {printed}"
        return printed.strip()

    def close(self) -> None:
        self._socket.close()
