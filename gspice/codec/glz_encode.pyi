"""Making GLZ images: the dictionary at the server's end."""

from gspice.codec.lz import LzType

class GlzDictionary:
    """The pixels that one client has in its window, for all display channels that share it; safe to share by threads.

    ``window_pixels``: what the client has announced, as far as the caller wants to spend memory on it: 4 bytes for
    each pixel, as they come to be used, and 5 MiB of tables at most. ValueError: none, or more than 2**25.

    A client waits for ever for an image that does not come. So whatever encode() gives must be sent, the images of
    each channel in the order of encode(), and those of one message in the order in which the client decodes them. Where
    that has become impossible, because a channel is lost, forget() must be called before anything else is encoded.
    """

    def __init__(self, window_pixels: int) -> None: ...
    @property
    def window_pixels(self) -> int: ...
    @property
    def images(self) -> int:
        """Images that have been encoded, which is also the next one's id."""

    @property
    def pixels(self) -> int:
        """Pixels of the images that are in the window."""

    def encode(
        self,
        data: bytes | bytearray | memoryview,
        kind: LzType,
        width: int,
        height: int,
        stride: int,
        *,
        most_bytes: int | None = None,
    ) -> bytes | None:
        """The GLZ image of rows of pixels, top-down, ``stride`` bytes from each to the next.

        None: it has as many pixels as the window or more, or it would take more than ``most_bytes``; encode it in
        another way then: the client need not know of it.

        RGB16: X1R5G5B5; RGB24: B, G, R; RGB32, RGBA: 4 bytes, of which RGB32 leaves out the last. ValueError: another
        kind, no pixels, or ``data`` ends before they do. A large image is encoded without the GIL: ``data`` must not
        change meanwhile.
        """

    def forget(self) -> None:
        """Refer to no image before the next one any more."""
