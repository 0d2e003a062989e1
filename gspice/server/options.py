"""What an operator may set before ``SpiceServer.init``."""

from dataclasses import dataclass, field
from pathlib import Path

from gspice.errors import ConfigError
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.select import check_renderer
from gspice.server.listener import AddrFlags
from gspice.server.metrics_address import MetricsAddress
from gspice.server.security import ChannelSecurity, SecurityMap
from gspice.server.tls import TlsConfig
from gspice.wire.channel_types import ChannelType

UUID_BYTES = 16
MAX_NAME_BYTES = 255
SERVED = (ChannelType.MAIN, ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR)


@dataclass(slots=True)
class ServerOptions:
    """Settings of a server; checked by the setters, used by ``SpiceServer.init``."""

    host: str = ""
    """Address to listen on; empty: all of them."""
    addr_flags: AddrFlags = AddrFlags.ANY
    port: int | None = None
    """Plain TCP port; 0 lets the system choose; None: no plain listener."""
    tls_port: int | None = None
    tls: TlsConfig | None = None
    unix_path: str | None = None
    listen_fd: int | None = None
    """A socket that the host has bound already."""
    name: str | None = None
    uuid: bytes | None = None
    renderer: str = "auto"
    """The canvas backend that draws; see ``gspice.gpu.select``."""
    renderer_device: str | None = None
    """The device that it draws on, where it is not to be the first one; for opengl and vulkan."""
    budgets: GpuBudgets = field(default_factory=GpuBudgets)
    """What a GPU canvas may take."""
    record: Path | None = None
    """File for a recording of what the guest draws; zstd where it ends in ``.zst``."""
    record_video: Path | None = None
    """File for a film of what clients see, .mp4 or .mkv; each device has its own, and each size of its screen."""
    metrics: MetricsAddress | None = None
    """Where to serve numbers about clients and devices, to anybody who can connect there; None: nowhere."""
    security: SecurityMap = field(default_factory=SecurityMap)

    def check(self) -> None:
        """ConfigError where the settings contradict each other."""
        for what, port in (("port", self.port), ("tls-port", self.tls_port)):
            if port is not None and not 0 <= port <= 65535:
                raise ConfigError(f"{what} {port} is not between 0 and 65535")
        if self.tls_port is not None and self.tls is None:
            raise ConfigError("a TLS port needs certificates: give the directory that holds them (--tls-dir)")
        check_renderer(self.renderer, self.renderer_device)
        if self.uuid is not None and len(self.uuid) != UUID_BYTES:
            raise ConfigError(f"a UUID has {UUID_BYTES} bytes, not {len(self.uuid)}")
        if self.name is not None:
            check_name(self.name)
        locked = [t.name.lower() for t in SERVED if not self.security.rule(t) & ChannelSecurity.NONE]
        if locked and self.tls is None:
            raise ConfigError(
                f"{', '.join(locked)}: let in over TLS only, but there are no certificates (--tls-dir)"
            )


def check_name(name: str) -> None:
    """ConfigError where clients could not show this as the machine's name."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise ConfigError("the name is not UTF-8 text") from error
    if size > MAX_NAME_BYTES:
        raise ConfigError(f"the name has {size} bytes; at most {MAX_NAME_BYTES} are possible")
    if not name.isprintable():
        raise ConfigError(f"the name {name!r} has characters that cannot be shown")
