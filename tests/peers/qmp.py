"""QEMU's monitor protocol, synchronous, over a UNIX socket."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_TIMEOUT_S = 30.0
MAX_LINE = 16 << 20


class QmpError(Exception):
    """QEMU's answer to a command was an error."""

    def __init__(self, command: str, kind: str, description: str) -> None:
        super().__init__(f"{command}: {kind}: {description}")
        self.kind = kind
        self.description = description


@dataclass(frozen=True)
class Event:
    """Something that QEMU said without having been asked."""

    name: str
    data: dict[str, Any]


class Qmp:
    """One connection. ConnectionError when QEMU has gone, TimeoutError when it does not answer."""

    def __init__(self, path: Path, timeout: float = ANSWER_TIMEOUT_S) -> None:
        """Connect to a socket that listens, and wait for the greeting."""
        self.history: list[Event] = []
        """Every event so far."""
        self._waiting: list[Event] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._last_id = 0
        self._buffer = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(timeout)
            try:
                self._socket.connect(str(path))
            except FileNotFoundError:
                # QEMU takes its sockets away when it ends.
                raise ConnectionError(f"nobody listens at {path}") from None
            greeting = self._read(time.monotonic() + timeout)
            self.version: dict[str, int] = greeting["QMP"]["version"]["qemu"]
            self.execute("qmp_capabilities", timeout)
        except BaseException:
            self._socket.close()
            raise

    def execute(
        self, command: str, timeout: float = ANSWER_TIMEOUT_S, *, fd: int | None = None, **arguments: Any
    ) -> Any:
        """Carry out a command; what it returns. ``_`` in a name of an argument stands for ``-``. QmpError."""
        number = self.send(command, fd=fd, **arguments)
        end = time.monotonic() + timeout
        while number not in self._answers:
            self._take(self._read(end))
        answer = self._answers.pop(number)
        if "error" in answer:
            raise QmpError(command, answer["error"]["class"], answer["error"]["desc"])
        return answer["return"]

    def send(self, command: str, *, fd: int | None = None, **arguments: Any) -> int:
        """Send a command without waiting for the answer; its number."""
        self._last_id += 1
        words: dict[str, Any] = {"execute": command, "id": self._last_id}
        if arguments:
            words["arguments"] = {name.replace("_", "-"): value for name, value in arguments.items()}
        line = json.dumps(words).encode() + b"\n"
        if fd is None:
            self._socket.sendall(line)
        else:
            socket.send_fds(self._socket, [line], [fd])
        return self._last_id

    def monitor(self, line: str, timeout: float = ANSWER_TIMEOUT_S) -> str:
        """A line for the monitor that people use; what it printed."""
        printed: str = self.execute("human-monitor-command", timeout, command_line=line)
        return printed

    def wait_event(
        self, name: str, timeout: float = ANSWER_TIMEOUT_S, where: Callable[[Any], bool] = lambda data: True
    ) -> dict[str, Any]:
        """The data of the oldest such event that nobody has waited for; it may have come before."""
        end = time.monotonic() + timeout
        while True:
            for event in self._waiting:
                if event.name == name and where(event.data):
                    self._waiting.remove(event)
                    return event.data
            try:
                self._take(self._read(end))
            except TimeoutError:
                names = [event.name for event in self.history]
                raise TimeoutError(f"no event {name} within {timeout} s; there were {names}") from None

    def poll(self) -> None:
        """Take in what has come, so that ``history`` is complete."""
        try:
            while True:
                self._take(self._read(time.monotonic()))
        except TimeoutError:
            pass

    def wait_end(self, timeout: float = ANSWER_TIMEOUT_S) -> None:
        """Until QEMU has closed the connection; ``history`` then holds its last words."""
        end = time.monotonic() + timeout
        try:
            while True:
                self._take(self._read(end))
        except ConnectionError:
            pass

    def close(self) -> None:
        self._socket.close()

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message:
            event = Event(message["event"], message.get("data", {}))
            self.history.append(event)
            self._waiting.append(event)
        elif "id" in message:
            self._answers[message["id"]] = message
        else:
            raise QmpError("?", message["error"]["class"], message["error"]["desc"])

    def _read(self, end: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            assert len(self._buffer) <= MAX_LINE, f"a line of more than {MAX_LINE} bytes"
            # Zero would mean "do not wait" to settimeout, which is another error.
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise TimeoutError("QEMU does not answer") from None
            if not data:
                raise ConnectionError("QEMU has closed the monitor")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message
