"""What Xorg's spiceqxl driver is told: a configuration file, and an environment for what no file should hold."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from gspice.errors import ConfigError
from gspice.server.tickets import MAX_PASSWORD
from gspice.server.tls import TlsConfig

MIN_WIDTH, MIN_HEIGHT = 320, 200
MAX_SIDE = 8192
"""The driver's own limits of a screen's size, in pixels."""
MIB = 1 << 20
BYTES_A_PIXEL = 4
MAX_BUFFER_MIB = 2047
"""The driver keeps sizes in bytes as 32-bit signed numbers."""
MAX_PATH_BYTES = 107
"""Of a UNIX socket's path: what ``sockaddr_un`` has room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferSizes:
    """The driver's memory, in MiB; all three always go into the file, for unset they read as none at all."""

    surface: int
    """For pixmaps that live off the screen."""
    command: int
    """For commands, images and the frame buffer. The driver allocates this much, yet lays it out as if it were
    ``surface``: where that is larger, it writes past the end, and where that is smaller, the rest lies idle."""
    frame: int
    """The part of it that is the frame buffer: the largest screen that a client or RandR can ask for."""

    def check(self, size: tuple[int, int]) -> None:
        """ConfigError where they do not hold a screen of that size."""
        width, height = size
        needed = frame_mib(width, height)
        for name, mib in (("surface", self.surface), ("command", self.command), ("frame", self.frame)):
            if not 1 <= mib <= MAX_BUFFER_MIB:
                raise ConfigError(f"a {name} buffer of {mib} MiB: give 1 to {MAX_BUFFER_MIB}")
        if self.frame < needed:
            raise ConfigError(
                f"a frame buffer of {self.frame} MiB cannot hold {width}x{height}: give {needed} or more"
            )
        if self.command < self.surface:
            raise ConfigError(
                f"a command buffer of {self.command} MiB and a surface buffer of {self.surface} MiB: the driver "
                "corrupts its memory where the first is the smaller one; give both the same size"
            )
        if self.surface < 2 * self.frame:
            raise ConfigError(
                f"surface and command buffers of {self.surface} MiB leave too little beside a frame buffer of "
                f"{self.frame} MiB: give {2 * self.frame} or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class XorgConfig:
    """One X server: how large, and where its SPICE server listens."""

    size: tuple[int, int] = (1280, 800)
    """Width and height in pixels; any, not only those of real monitors."""
    host: str = "127.0.0.1"
    """Address or name to listen on; empty: all of them."""
    port: int | None = 5930
    """Plain TCP port; None: none. It cannot be 0: the driver has no way to tell what the system chose."""
    tls_port: int | None = None
    tls: TlsConfig | None = None
    unix_path: str | None = None
    """Absolute path of a UNIX socket to listen on instead of TCP; GSpice's library takes it for an address."""
    password: str | None = None
    """None: everybody who can connect gets in."""
    buffers: BufferSizes | None = None
    """None: as ``buffer_sizes`` says."""

    def check(self) -> None:
        """ConfigError where a setting is wrong, or contradicts another one."""
        width, height = self.size
        if not (MIN_WIDTH <= width <= MAX_SIDE and MIN_HEIGHT <= height <= MAX_SIDE):
            raise ConfigError(
                f"a screen of {width}x{height}: the driver takes {MIN_WIDTH}x{MIN_HEIGHT} to {MAX_SIDE}x{MAX_SIDE}"
            )
        self.memory.check(self.size)
        for what, port in (("port", self.port), ("TLS port", self.tls_port)):
            if port is not None and not 1 <= port <= 65535:
                raise ConfigError(f"{what} {port}: name one from 1 to 65535")
        _check_host(self.host)
        if self.unix_path is None:
            if self.port is None and self.tls_port is None:
                raise ConfigError("there is nothing to listen on: give a port, a TLS port or a UNIX socket")
        else:
            _check_unix(self.unix_path, self.port, self.tls_port)
        if self.port is not None and self.port == self.tls_port:
            raise ConfigError(f"port {self.port} cannot be the plain and the TLS port at once")
        if self.tls_port is not None:
            if self.tls is None:
                raise ConfigError("a TLS port needs certificates: give the directory that holds them")
            # The library ends the whole X server over a bad file, so read them all before it does.
            self.tls.context()
        if self.password is not None:
            _check_password(self.password)

    @property
    def memory(self) -> BufferSizes:
        """The sizes that the driver is given."""
        return self.buffers or buffer_sizes(*self.size)

    def environment(self) -> dict[str, str]:
        """What Xorg must have in its environment besides the file; secrets are here, for Xorg logs every option."""
        result = {}
        if self.password is not None:
            result["XSPICE_PASSWORD"] = self.password
        if self.tls is not None and self.tls.key_password is not None:
            result["XSPICE_X509_KEY_PASSWORD"] = self.tls.key_password
        return result

    def render(self) -> str:
        """The configuration file. ConfigError as from ``check``."""
        self.check()
        width, height = self.size
        return _TEMPLATE.format(
            options="\n".join(
                f"    Option {_quoted(name)} {_quoted(value)}" for name, value in self._options().items()
            ),
            mode=f"{width}x{height}",
            modeline=modeline(width, height),
        )

    def _options(self) -> dict[str, str]:
        memory = self.memory
        options = {
            "SpiceDisableTicketing": "True" if self.password is None else "False",
            # 0 is the driver's word for "none". A socket path has no port, yet the driver insists on one.
            "SpicePort": str(self.port or (1 if self.unix_path is not None else 0)),
            "SpiceTlsPort": str(self.tls_port or 0),
            "SpiceAddr": self.unix_path if self.unix_path is not None else self.host,
            "NumHeads": "1",
            "SurfaceBufferSize": str(memory.surface),
            "CommandBufferSize": str(memory.command),
            "FrameBufferSize": str(memory.frame),
            # Without it the output knows no mode but those of real monitors.
            f"monitor-{_OUTPUT}": _MONITOR,
        }
        if self.tls_port is not None and self.tls is not None:
            files = {
                "SpiceX509CertFile": self.tls.cert,
                "SpiceX509KeyFile": self.tls.key,
                "SpiceCacertFile": self.tls.ca or self.tls.cert,
                "SpiceDhFile": self.tls.dh_file,
                "SpiceTlsCiphers": self.tls.ciphers,
            }
            options.update(
                (name, str(Path(value).absolute()) if isinstance(value, Path) else value)
                for name, value in files.items()
                if value is not None
            )
        return options


def frame_mib(width: int, height: int) -> int:
    """MiB that a frame buffer of that size takes, rounded up."""
    return -(-width * height * BYTES_A_PIXEL // MIB)


def buffer_sizes(width: int, height: int) -> BufferSizes:
    """Memory for a screen of that size with room to grow to 3840x2160; pages that are never used cost nothing."""
    frame = max(32, frame_mib(width, height))
    rest = min(8 * frame, 1024)
    return BufferSizes(surface=rest, command=rest, frame=frame)


def modeline(width: int, height: int) -> str:
    """A mode for an output that has no pixel clock: what counts is its size, and about 60 frames a second."""
    total_width, total_height = width + 160, height + 30
    clock = total_width * total_height * 60 / 1e6
    return (
        f'"{width}x{height}" {clock:.2f} {width} {width + 48} {width + 80} {total_width} '
        f"{height} {height + 3} {height + 9} {total_height}"
    )


def _quoted(text: str) -> str:
    """A string of the file's; its grammar has no way to write a quote or the end of a line."""
    if '"' in text or not text.isprintable():
        raise ConfigError(f"{text!r} cannot be written into Xorg's configuration: choose one without quotes")
    return f'"{text}"'


def _check_host(host: str) -> None:
    if not host:
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not all(part.replace("-", "").isalnum() for part in host.removesuffix(".").split(".")):
            raise ConfigError(f"{host!r} is neither an address nor a host name") from None


def _check_unix(path: str, port: int | None, tls_port: int | None) -> None:
    if port is not None or tls_port is not None:
        raise ConfigError("Xorg's driver listens in one place: give either ports or a UNIX socket")
    if not path.startswith("/"):
        raise ConfigError(f"{path}: the path of the UNIX socket must be absolute")
    if len(path.encode()) > MAX_PATH_BYTES:
        raise ConfigError(f"{path}: a UNIX socket's path has at most {MAX_PATH_BYTES} bytes")
    if not Path(path).parent.is_dir():
        raise ConfigError(f"{path}: there is no directory {Path(path).parent} for the UNIX socket")


def _check_password(password: str) -> None:
    size = len(password.encode())
    if not 1 <= size <= MAX_PASSWORD:
        raise ConfigError(f"the password has {size} bytes: clients send 1 to {MAX_PASSWORD}")
    if "\0" in password:
        raise ConfigError("the password holds a zero byte, which nobody can type")


_OUTPUT = "qxl-0"
_MONITOR = "SPICE monitor"
_TEMPLATE = f"""\
Section "ServerFlags"
    Option "AutoAddDevices" "False"
    Option "AutoAddGPU" "False"
    Option "AutoBindGPU" "False"
    Option "DontVTSwitch" "True"
    Option "BlankTime" "0"
    Option "StandbyTime" "0"
    Option "SuspendTime" "0"
    Option "OffTime" "0"
EndSection

Section "Device"
    Identifier "SPICE device"
    Driver "spiceqxl"
{{options}}
EndSection

Section "InputDevice"
    Identifier "SPICE pointer"
    Driver "xspice pointer"
EndSection

Section "InputDevice"
    Identifier "SPICE keyboard"
    Driver "xspice keyboard"
EndSection

Section "Monitor"
    Identifier "{_MONITOR}"
    HorizSync 1.0-1000.0
    VertRefresh 1.0-1000.0
    Modeline {{modeline}}
    Option "PreferredMode" "{{mode}}"
EndSection

Section "Screen"
    Identifier "SPICE screen"
    Monitor "{_MONITOR}"
    Device "SPICE device"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "{{mode}}"
    EndSubSection
EndSection

Section "ServerLayout"
    Identifier "SPICE layout"
    Screen "SPICE screen"
    InputDevice "SPICE pointer" "CorePointer"
    InputDevice "SPICE keyboard" "CoreKeyboard"
EndSection
"""
