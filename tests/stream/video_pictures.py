"""Moving pictures to encode, a decoder, and how near what comes out is to what went in."""

from typing import Any

import av
import numpy as np
import numpy.typing as npt

from gspice.stream.video_encoder import VideoCodec

Picture = npt.NDArray[np.uint8]
DECODERS = {
    VideoCodec.MJPEG: "mjpeg",
    VideoCodec.VP8: "vp8",
    VideoCodec.H264: "h264",
    VideoCodec.VP9: "vp9",
    VideoCodec.H265: "hevc",
}


def picture(width: int, height: int, number: int, *, noise: int = 0) -> Picture:
    """Waves that move, in B, G, R, X; ``noise`` is new in each."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = (
        128 + 100 * np.sin((x + 3 * number) / 17) * np.cos(y / 23),
        128 + 100 * np.sin((y - 2 * number) / 19),
        128 + 100 * np.sin((x + y + 2 * number) / 41),
        np.zeros_like(x),
    )
    made = np.stack(planes, axis=-1)
    if noise:
        random = np.random.default_rng(number)
        made[..., :3] += random.integers(-noise, noise + 1, (height, width, 1))
    shown: Picture = np.clip(made, 0, 255).astype(np.uint8)
    return shown


class Decoder:
    """One that gives every frame at once, or fails."""

    def __init__(self, codec: VideoCodec) -> None:
        self._context: Any = av.CodecContext.create(DECODERS[codec], "r")
        self._context.thread_count = 1
        self._context.flags |= 1 << 19  # AV_CODEC_FLAG_LOW_DELAY

    def frame(self, data: bytes) -> Any:
        frames = self._context.decode(av.Packet(data))
        assert len(frames) == 1
        return frames[0]

    def pixels(self, data: bytes, width: int, height: int) -> Picture:
        """B, G, R of the left top."""
        shown: Picture = self.frame(data).to_ndarray(format="bgr24")
        return shown[:height, :width]


def psnr(one: Picture, other: Picture) -> float:
    """Decibels."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(one: Picture, other: Picture) -> float:
    """Mean over blocks of 8x8 of the green channel."""
    a, b = (_blocks(each[..., 1].astype(np.float64)) for each in (one, other))
    mean_a, mean_b = a.mean(axis=-1), b.mean(axis=-1)
    both = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(axis=-1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    below = (mean_a**2 + mean_b**2 + c1) * (a.var(axis=-1) + b.var(axis=-1) + c2)
    return float((above / below).mean())


def _blocks(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    height, width = (side // 8 * 8 for side in plane.shape)
    parts = plane[:height, :width].reshape(height // 8, 8, width // 8, 8)
    return parts.swapaxes(1, 2).reshape(-1, 64)
