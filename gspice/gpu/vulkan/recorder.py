"""What a Vulkan device is told: recorded, submitted together, and numbered, so that it can be waited for."""

from collections import deque
from typing import Any

from gspice.gpu.compute.bytes import Bytes
from gspice.gpu.compute.device import WORD
from gspice.gpu.vulkan import native


class Recorder:
    """Keeps what is told in its order. What it raises is whatever wgpu-py raises; the device is lost then."""

    def __init__(self, device: Any, staging_bytes: int) -> None:
        """Of a device of wgpu's; ``staging_bytes`` may be on their way to it."""
        self._device, self._queue, self._most = device, device.queue, staging_bytes
        self._encoder: Any = None
        self._pass: Any = None
        self._staged = 0
        self._on_way: deque[tuple[int, int]] = deque()
        """Of each submission that brought something along: its number, and how many bytes."""

    def handles(self) -> list[Any]:
        """wgpu's objects that it holds."""
        return [self._queue, self._encoder, self._pass]

    def close(self) -> None:
        """Let go of wgpu's objects."""
        self._device = self._queue = self._encoder = self._pass = None
        self._on_way.clear()

    def compute_pass(self) -> Any:
        """To record dispatches in."""
        if self._pass is None:
            self._pass = self._open_encoder().begin_compute_pass()
        return self._pass

    def encoder(self) -> Any:
        """To record copies in; it ends the pass."""
        self._end_pass()
        return self._open_encoder()

    def _open_encoder(self) -> Any:
        if self._encoder is None:
            self._encoder = self._device.create_command_encoder()
        return self._encoder

    def _end_pass(self) -> None:
        if self._pass is not None:
            self._pass.end()
            self._pass = None

    def submit(self) -> None:
        """Submit what was recorded and written, if anything was."""
        if self._encoder is not None or self._staged:
            self.mark()

    def mark(self) -> int:
        """Submit, and give the number to wait for."""
        self._end_pass()
        commands = self._open_encoder().finish()
        self._encoder = None
        number = native.submit(self._queue, commands)
        if self._staged:
            self._on_way.append((number, self._staged))
            self._staged = 0
        return number

    def write(self, buffer: Any, offset: int, content: Bytes) -> None:
        """Copy bytes into a buffer; waits only while too much is on its way."""
        # wgpu writes before all that is not submitted.
        if self._encoder is not None:
            self.mark()
        part = max(self._most // 2 // WORD, 1) * WORD
        for start in range(0, content.size, part):
            size = min(part, content.size - start)
            self._make_way(size)
            native.write_buffer(self._queue, buffer, offset + start, content.ctypes.data + start, size)
            self._staged += size

    def _make_way(self, size: int) -> None:
        """Wait for the oldest uploads until so much more may be on its way."""
        while (self._staged or self._on_way) and size + self._staged + self._waiting() > self._most:
            if not self._on_way:
                self.mark()
            native.poll(self._device, self._on_way.popleft()[0])

    def _waiting(self) -> int:
        return sum(staged for _, staged in self._on_way)
