"""Which encoder a client's video gets: by the operator's list, the client's word, and what really works here."""

import logging
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gspice.errors import EncoderError
from gspice.gpu.backends import no_device_file
from gspice.stream.encoder_specs import SPECS, EncoderSpec
from gspice.stream.ffmpeg_encoder import FfmpegEncoder
from gspice.stream.mjpeg_encoder import MjpegEncoder
from gspice.stream.video_encoder import EncoderSettings, VideoCodec, VideoEncoder

log = logging.getLogger(__name__)

DEVICES: Final = Path("/dev")
MULTI_CODEC: Final = 8
"""The capability of clients that say which codecs they know; the others know MJPEG."""
CODEC_CAPS: Final = {
    VideoCodec.MJPEG: 9,
    VideoCodec.VP8: 10,
    VideoCodec.H264: 11,
    VideoCodec.VP9: 13,
    VideoCodec.H265: 14,
}
"""The capability that stands for each."""
BY_NAME: Final = {codec.name.lower(): codec for codec in VideoCodec}
TRIAL_SIDE: Final = 256
"""Pixels of the frames that encoders are tried with; all hardware takes these."""
TRIAL_FRAMES: Final = 3

Open = Callable[[EncoderSpec, EncoderSettings], VideoEncoder]


@dataclass(frozen=True, slots=True)
class TriedEncoder:
    """One that was thought of."""

    name: str
    reason: str
    """Why it is not used; empty: it works."""


def client_codecs(caps: Container[int]) -> tuple[VideoCodec, ...]:
    """What a client with these capabilities of its display channel can show."""
    if MULTI_CODEC not in caps:
        return (VideoCodec.MJPEG,)
    return tuple(codec for codec, cap in CODEC_CAPS.items() if cap in caps)


def codec_order(
    allowed: Iterable[tuple[str, str]], caps: Container[int], preferred: Sequence[int] = ()
) -> tuple[VideoCodec, ...]:
    """The codecs to try for a client, best first; empty: it can show no video.

    ``allowed`` is the operator's list of encoder and codec, in that order. The encoder's name is only for those who
    know libspice's: the same codec by another name is the same here. ``preferred`` is the client's own list of
    numbers, best first: it sorts the operator's, and what it does not name comes last. MJPEG is behind all, where the
    client can show it, as in libspice.
    """
    can = client_codecs(caps)
    order = list(dict.fromkeys(BY_NAME[codec] for _, codec in allowed if codec in BY_NAME))
    ranks = {number: rank for rank, number in reversed(list(enumerate(preferred)))}
    order.sort(key=lambda codec: ranks.get(codec, len(preferred)))
    if VideoCodec.MJPEG not in order:
        order.append(VideoCodec.MJPEG)
    return tuple(codec for codec in order if codec in can)


class EncoderChoice:
    """One for a server. Opening takes as long as encoders take: call it in the encoder pool.

    What was found to work, or not to, is remembered and logged once. Two threads that ask at the same time may try the
    same encoder twice; nothing else comes of it.
    """

    def __init__(
        self,
        *,
        specs: Sequence[EncoderSpec] = SPECS,
        open_one: Open | None = None,
        hardware: bool = True,
        devices: Path = DEVICES,
    ) -> None:
        """``hardware``: whether GPUs may be used; ``devices``: where their device files are."""
        self._specs = specs
        self._open_one = open_one or FfmpegEncoder
        self._hardware = hardware
        self._devices = devices
        self._tried: dict[str, TriedEncoder] = {}
        self._said: set[tuple[str, str]] = set()

    @property
    def tried(self) -> tuple[TriedEncoder, ...]:
        """All that were thought of so far, in that order."""
        return tuple(self._tried.values())

    def open(self, codecs: Iterable[VideoCodec], settings: EncoderSettings) -> VideoEncoder:
        """The first encoder that works, of the first codec that has one; its settings say what it does.

        ``settings`` hold for all codecs, but ``codec`` itself; 4:4:4 is given up where an encoder cannot. EncoderError:
        there is none, and why.
        """
        reasons = []
        for codec in codecs:
            if codec is VideoCodec.MJPEG:
                return MjpegEncoder(replace(settings, codec=codec))
            for spec in self._specs:
                if spec.codec is codec:
                    try:
                        return self._opened(spec, settings)
                    except EncoderError as error:
                        reasons.append(f"{spec.name}: {error}")
        raise EncoderError(
            f"no video encoder for this stream ({'; '.join(reasons) or 'no codec to choose from'})"
        )

    def warm(self, codecs: Iterable[VideoCodec]) -> None:
        """Find out which encoder the first of these would have: loading and trying them takes some frames' time."""
        for codec in codecs:
            if codec is VideoCodec.MJPEG:
                return
            for spec in self._specs:
                if spec.codec is codec:
                    if spec.name not in self._tried:
                        self._try(spec)
                    if not self._tried[spec.name].reason:
                        return

    def _opened(self, spec: EncoderSpec, settings: EncoderSettings) -> VideoEncoder:
        if spec.name not in self._tried:
            self._try(spec)
        if reason := self._tried[spec.name].reason:
            raise EncoderError(reason)
        full_chroma = settings.full_chroma and spec.full_chroma
        try:
            return self._open_one(spec, replace(settings, codec=spec.codec, full_chroma=full_chroma))
        except EncoderError as error:
            # It works, but not for this stream: too large for the hardware, or one stream too many.
            self._say(spec, str(error))
            raise

    def _try(self, spec: EncoderSpec) -> None:
        """Whether it gives what it should: that FFmpeg has it, or that it opens, says little of hardware."""
        reason = self._forbidden(spec)
        if reason is None:
            try:
                _trial(self._open_one, spec)
                log.info("video encoder %s (%s) works", spec.name, spec.hardware or "software")
                reason = ""
            except EncoderError as error:
                reason = str(error)
        self._tried[spec.name] = TriedEncoder(spec.name, reason)
        if reason:
            self._say(spec, reason)

    def _forbidden(self, spec: EncoderSpec) -> str | None:
        if spec.software:
            return None
        if not self._hardware:
            return "hardware is turned off"
        return no_device_file(self._devices)

    def _say(self, spec: EncoderSpec, reason: str) -> None:
        if (spec.name, reason) not in self._said:
            self._said.add((spec.name, reason))
            level = logging.WARNING if spec.software else logging.INFO
            log.log(level, "video encoder %s is not used: %s", spec.name, reason)


def _trial(open_one: Open, spec: EncoderSpec) -> None:
    """Encode some frames. EncoderError: it does not work."""
    settings = EncoderSettings(
        codec=spec.codec, width=TRIAL_SIDE, height=TRIAL_SIDE, frames_per_second=30.0, bit_rate=2_000_000
    )
    encoder = open_one(spec, settings)
    try:
        stride = 4 * TRIAL_SIDE
        for number in range(TRIAL_FRAMES):
            pixels = bytes((x + 8 * number) & 0xFF for x in range(stride)) * TRIAL_SIDE
            frame = encoder.encode(pixels, stride, time_ms=number, key=number == 2)
            if not frame.data or frame.key != (number != 1):
                raise EncoderError(f"{spec.name} gives key frames when it should not, or none when it should")
    finally:
        encoder.close()
