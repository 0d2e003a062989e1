"""``gspice serve`` as over a slow link: what it takes for photographs goes as JPEG first, exactly when it rests."""

from unittest.mock import patch

from gspice.cli.main import main
from gspice.server.host_settings import HostSettings
from gspice.stream.compression import WanCompression

_set_image_compression = HostSettings.set_image_compression


def _with_jpeg(settings: HostSettings, compression: int) -> None:
    _set_image_compression(settings, compression)
    settings.set_jpeg_compression(WanCompression.ALWAYS)


if __name__ == "__main__":
    with patch.object(HostSettings, "set_image_compression", _with_jpeg):
        raise SystemExit(main())
