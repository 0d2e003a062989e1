"""How one client's images are packed: by what the operator wants, what the client asks for, and what it can take."""

from gspice.channels.base import LinkInfo
from gspice.stream.client_caches import ClientCaches
from gspice.stream.compression import Compression, DisplaySettings, ImageSettings
from gspice.wire.caps import DisplayCap
from gspice.wire.messages.display import DisplayInit

JPEG_QUALITY = 85


class DisplayPacking:
    """Of one display channel; ``use`` what its client announces."""

    def __init__(self, caches: ClientCaches, link: LinkInfo) -> None:
        self._caches = caches
        self._link = link
        self._init: DisplayInit | None = None
        self._preferred: Compression | None = None
        """The compression that the client asked for, in place of the server's."""

    def use(self, init: DisplayInit) -> None:
        self._init = init

    def prefer(self, asked: int, otherwise: Compression) -> None:
        """The client asks for a compression; for one that there is not, it gets ``otherwise``."""
        self._preferred = Compression(asked) if asked in list(Compression) else otherwise

    def settings(self, wanted: DisplaySettings, *, may_be_lossy: bool, slow_link: bool) -> ImageSettings:
        """What the next images may be."""
        mode = wanted.compression if self._preferred is None else self._preferred
        # A client on the same host reads pixels faster than anyone packs them: it must ask.
        if self._preferred is None and self._link.local:
            mode = Compression.OFF
        init = self._init
        dictionary = (
            self._caches.dictionary(init.glz_dictionary_id, init.glz_dictionary_window_size)
            if init is not None and mode.with_dictionary
            else None
        )
        return ImageSettings(
            mode=mode,
            lz4=self._link.channel_caps.has(DisplayCap.LZ4_COMPRESSION),
            dictionary=dictionary,
            zlib=wanted.zlib_glz.on(wanted=True),
            jpeg_quality=JPEG_QUALITY if may_be_lossy and wanted.jpeg.on(wanted=slow_link) else 0,
        )
