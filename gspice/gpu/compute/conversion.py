"""Pixels into the planes that video encoders take, on the device: less than half as many bytes come back."""

import struct
from contextlib import closing

from gspice.geometry import Rect
from gspice.gpu.compute.device import WORD, DeviceBuffer
from gspice.gpu.compute.engine import Engine
from gspice.gpu.planes import ALIGNMENT, Planes, PlanesSpec

MAX_SIDE = 32767
GROUP_SIDE = 8
"""Invocations of a workgroup in each direction; each makes ALIGNMENT by 2 pixels."""
_HALVE, _FULL = 1, 2


class Conversion:
    """Belongs to an engine, whose errors it passes on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._device = engine.device
        self._program = engine.device.program("yuv")
        self._weights: dict[tuple[int, ...], DeviceBuffer] = {}
        """There are as many as there are matrices."""
        self._planes: DeviceBuffer | None = None

    def planes(self, source: DeviceBuffer, width: int, rect: Rect, spec: PlanesSpec) -> Planes:
        """Of a rectangle of rows of ``width`` words of B, G, R, X. ValueError: there are no such planes of it."""
        shown_width, shown_height = spec.shown(rect.width, rect.height)
        if not (shown_width <= spec.width <= MAX_SIDE and shown_height <= spec.height <= MAX_SIDE):
            raise ValueError(f"{shown_width}x{shown_height} pixels into planes of {spec.width}x{spec.height}")
        size = -(-spec.size // WORD) * WORD
        target = self._planes
        if target is None or target.size < size:
            self._planes = None
            if target is not None:
                target.close()
            target = self._planes = self._device.buffer(size)
        flags = (_HALVE if spec.halve else 0) | (_FULL if spec.full_chroma else 0)
        push = struct.pack(
            "<8I", width, rect.left, rect.top, rect.width, rect.height, spec.width, spec.height, flags
        )
        across, down = -(-spec.width // ALIGNMENT), -(-spec.height // 2)
        groups = (-(-across // GROUP_SIDE), -(-down // GROUP_SIDE), 1)
        buffers = source, self._weights_of(spec.weights), target
        self._device.dispatch(self._program, buffers, groups, push)
        with closing(self._engine.read_from(target, 0, size)) as read:
            return Planes(spec, read.take()[: spec.size])

    def _weights_of(self, weights: tuple[int, ...]) -> DeviceBuffer:
        buffer = self._weights.get(weights)
        if buffer is None:
            buffer = self._device.buffer(len(weights) * WORD)
            try:
                self._device.upload(buffer, 0, struct.pack(f"<{len(weights)}i", *weights))
            except BaseException:
                buffer.close()
                raise
            self._weights[weights] = buffer
        return buffer

    def free(self) -> None:
        """Give back its memory; it is taken again when somebody asks."""
        if self._planes is not None:
            self._planes.close()
            self._planes = None
        for buffer in self._weights.values():
            buffer.close()
        self._weights.clear()
