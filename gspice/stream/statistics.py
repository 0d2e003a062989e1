"""What was sent to one display client, and as what: plain numbers, read by whoever asks for them."""

from dataclasses import dataclass, field

from gspice.stream.image_encoder import Coder, EncodedImage


@dataclass(slots=True)
class CoderStatistics:
    """Images of one coder."""

    images: int = 0
    pixels: int = 0
    raw_bytes: int = 0
    """What their pixels take unpacked."""
    sent_bytes: int = 0


@dataclass(slots=True)
class DisplayStatistics:
    """One display channel of one client; owned by the worker's thread."""

    frames: int = 0
    moves: int = 0
    """Copy-bits commands."""
    backdrop_copies: int = 0
    """Rectangles that were kept, or uncovered, on the client."""
    coders: dict[Coder, CoderStatistics] = field(default_factory=dict)
    first_stale_at: float | None = None
    """Since when the client lags behind what it could have; None: it does not."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from damage to the client's answer that it shows it, of the last frames."""

    def image(self, image: EncodedImage) -> None:
        """An image was sent."""
        entry = self.coders.setdefault(image.coder, CoderStatistics())
        entry.images += 1
        entry.pixels += image.width * image.height
        entry.raw_bytes += image.width * image.height * (image.format.bits_per_pixel // 8)
        entry.sent_bytes += len(image.data)
