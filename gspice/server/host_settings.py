"""The settings that a host makes one call at a time, under the names that spice-server gives them."""

import logging
from collections.abc import Callable
from pathlib import Path

from gspice.errors import ConfigError
from gspice.server.listener import AddrFlags
from gspice.server.options import UUID_BYTES, ServerOptions, check_name
from gspice.server.settings import LiveSettings
from gspice.server.tickets import TicketStore
from gspice.server.tls import TlsConfig
from gspice.server.video_codecs import format_video_codecs
from gspice.stream.compression import Compression

log = logging.getLogger(__name__)

MAX_FILE_NAME = 255
MAX_ADDRESS = 255
RENDERERS = ("sw",)
"""What hosts may ask for by ``add_renderer``: drawing by software, which is what the name has always meant."""
COMPAT_VERSIONS = (0, 1)
"""SPICE_COMPAT_VERSION_0_4 and _0_6: the versions of clients that hosts may ask for."""
COMPAT_VERSION = 1


class HostSettings:
    """The base of ``SpiceServer`` that holds what is set. ConfigError where a value cannot be, and the old one stays.

    What concerns listening is read by ``init`` and has no effect afterwards; all the rest is live.
    """

    def __init__(self, options: ServerOptions | None, clock: Callable[[], float]) -> None:
        self.options = options or ServerOptions()
        self.tickets = TicketStore()
        """Nobody gets in until a ticket is set, or ``tickets.set_noauth()``."""
        self.settings = LiveSettings()
        self.compat_version = COMPAT_VERSION
        self._clock = clock
        self._listening = False
        self._unix_only = self._socket_given = False
        """Set by the host: the plain port gives way to another listener."""

    @property
    def num_clients(self) -> int:
        """Clients that are connected."""
        return 0

    def disconnect_clients(self, reason: str) -> None:
        """Tell all clients why, and close their channels as soon as the loop has sent that."""

    # Listening: before init

    def set_port(self, port: int) -> None:
        """Listen on this plain TCP port; 0: on a free one."""
        if not 0 <= port <= 65535:
            raise ConfigError(f"port {port} is not between 0 and 65535")
        self._before_init("set_port")
        self.options.port = port

    def set_tls(
        self,
        port: int,
        ca_cert_file: str | None,
        certs_file: str | None,
        private_key_file: str | None,
        key_password: str | None = None,
        dh_key_file: str | None = None,
        ciphersuite: str | None = None,
    ) -> None:
        """Listen for TLS on this port; the three first files are needed. ``init`` reads them."""
        if not 1 <= port <= 65535:
            raise ConfigError(f"TLS port {port} is not between 1 and 65535")
        if not (ca_cert_file and certs_file and private_key_file):
            raise ConfigError("TLS needs the files of the CA's certificate, the server's and its private key")
        for name in (ca_cert_file, certs_file, private_key_file, dh_key_file or ""):
            if len(name.encode()) > MAX_FILE_NAME:
                raise ConfigError(f"the file name {name[:40]}... is longer than {MAX_FILE_NAME} bytes")
        self._before_init("set_tls")
        self.options.tls_port = port
        self.options.tls = TlsConfig(
            cert=Path(certs_file),
            key=Path(private_key_file),
            ca=Path(ca_cert_file),
            key_password=key_password or None,
            ciphers=ciphersuite or None,
            dh_file=Path(dh_key_file) if dh_key_file else None,
        )

    def set_addr(self, addr: str, flags: int) -> None:
        """Listen on this address; with flags UNIX_ONLY it is the path of a UNIX socket, in place of the plain port.

        Without flags a whole path is one, too: Xorg's driver has no way to pass that flag.
        """
        if len(addr.encode()) > MAX_ADDRESS:
            raise ConfigError(
                f"the address has {len(addr.encode())} bytes; at most {MAX_ADDRESS} are possible"
            )
        self._before_init("set_addr")
        # Hosts compare the flags as a whole, so a mixture of them is none of them.
        known = AddrFlags(flags) if flags in AddrFlags.__members__.values() else AddrFlags.ANY
        path = known == AddrFlags.ANY and addr.startswith("/")
        unix = self._unix_only = path or known == AddrFlags.UNIX_ONLY
        self.options.unix_path = addr if unix else None
        self.options.host = "" if unix else addr
        self.options.addr_flags = AddrFlags.ANY if unix else known

    def set_listen_socket_fd(self, fd: int) -> None:
        """Take connections from a socket that the host has bound, in place of the plain port."""
        if fd < 0:
            raise ConfigError(f"descriptor {fd} is no socket")
        self._before_init("set_listen_socket_fd")
        self.options.listen_fd = fd
        self._socket_given = True

    def add_renderer(self, name: str) -> None:
        """Ask for a renderer by the name that hosts know."""
        if name not in RENDERERS:
            raise ConfigError(f"there is no renderer {name!r}: choose from {', '.join(RENDERERS)}")

    def set_compat_version(self, version: int) -> None:
        """Which clients to be fit for; there is one protocol only, so it changes nothing."""
        if version not in COMPAT_VERSIONS:
            raise ConfigError(f"compatibility version {version} is none of {COMPAT_VERSIONS}")
        self.compat_version = version

    def _before_init(self, call: str) -> None:
        if self._listening:
            log.warning("%s after init has no effect: the listeners are open", call)

    def _resolve_listeners(self) -> None:
        """A UNIX socket or a bound one takes the plain port's place, in whatever order they were set."""
        if self._unix_only or self._socket_given:
            self.options.port = None

    # Who may enter

    def set_noauth(self) -> None:
        """Ask nobody for a password."""
        self.tickets.set_noauth()

    def set_sasl(self, enabled: bool) -> None:
        if enabled:
            raise ConfigError("this server has no SASL: use a ticket, or TLS and a ticket")

    def set_sasl_appname(self, appname: str) -> None:
        """Kept for hosts that set it with SASL off."""
        log.debug("SASL application name %r: there is no SASL", appname)

    def set_ticket(
        self,
        password: str | None,
        lifetime_s: int = 0,
        fail_if_connected: bool = False,
        disconnect_if_connected: bool = False,
    ) -> None:
        """Ask for this password, for so many seconds (0: for good); None lets nobody in.

        A client that is connected makes it fail, or is sent away, or stays, as the host says; one that entered
        without any password never stays. ConfigError: then nothing has changed.
        """
        connected = self.num_clients > 0
        if connected and fail_if_connected:
            raise ConfigError("a client is connected, and the ticket was to be set only if none is")
        entered_freely = self.tickets.noauth
        self.tickets.set_ticket(password, lifetime_s, self._clock())
        if connected and (disconnect_if_connected or entered_freely):
            self.disconnect_clients("the password has changed")

    def set_channel_security(self, channel: str | None, mask: int) -> None:
        """Let a channel come over plain connections (1), TLS (2) or both (3); None: all without a rule of their own."""
        self.options.security.set(channel, mask)

    # What clients are told and sent

    def set_name(self, name: str) -> None:
        """The machine's name, as clients that connect from now on are told it; empty: none."""
        if name:
            check_name(name)
        self.options.name = name or None

    def set_uuid(self, uuid: bytes) -> None:
        """The machine's 16 bytes."""
        if len(uuid) != UUID_BYTES:
            raise ConfigError(f"a UUID has {UUID_BYTES} bytes, not {len(uuid)}")
        self.options.uuid = uuid

    def set_image_compression(self, compression: int) -> None:
        """SPICE_IMAGE_COMPRESSION_*; OFF sends raw images to clients that do not ask for another."""
        self.settings.set_image_compression(compression)

    @property
    def image_compression(self) -> int:
        """As hosts know it: what comes nearest to our own automatic choice is libspice's."""
        return self.settings.image_compression or Compression.AUTO_GLZ

    def set_max_clients(self, count: int) -> None:
        """Clients at the same time; with 1, the next one takes the display over."""
        self.settings.set_max_clients(count)

    def set_jpeg_compression(self, compression: int) -> None:
        """SPICE_WAN_COMPRESSION_*."""
        self.settings.set_jpeg_compression(compression)

    def set_zlib_glz_compression(self, compression: int) -> None:
        """SPICE_WAN_COMPRESSION_*."""
        self.settings.set_zlib_glz_compression(compression)

    def set_playback_compression(self, enabled: bool) -> None:
        self.settings.set_switch("playback_compression", enabled)

    def set_streaming_video(self, mode: int) -> None:
        """SPICE_STREAM_VIDEO_*."""
        self.settings.set_streaming_video(mode)

    def set_video_codecs(self, codecs: str) -> None:
        """``encoder:codec;encoder:codec`` in order of preference, or ``auto``."""
        self.settings.set_video_codecs(codecs)

    def set_video_chroma(self, full: bool) -> None:
        """4:4:4 in place of 4:2:0: for clients that show text in films, and have the time and the link for it."""
        self.settings.set_video_chroma(full)

    @property
    def video_codecs(self) -> str:
        return format_video_codecs(self.settings.video_codecs)

    def set_agent_mouse(self, enabled: bool) -> None:
        self.settings.set_switch("agent_mouse", enabled)

    def set_agent_copypaste(self, enabled: bool) -> None:
        self.settings.set_switch("agent_copypaste", enabled)

    def set_agent_file_xfer(self, enabled: bool) -> None:
        self.settings.set_switch("agent_file_xfer", enabled)

    def set_seamless_migration(self, enabled: bool) -> None:
        self.settings.set_switch("seamless_migration", enabled)

    def set_exit_on_disconnect(self, enabled: bool) -> None:
        """Have the host's process end when its last client has left."""
        self.settings.set_switch("exit_on_disconnect", enabled)
