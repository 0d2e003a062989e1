"""The driver's configuration: what is written, and what is refused before an X server can break over it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.hosts.xorg.config import MAX_SIDE, BufferSizes, XorgConfig, buffer_sizes, frame_mib, modeline
from gspice.server.tls import TlsConfig


def options(config: XorgConfig) -> dict[str, str]:
    """Every Option line of the file."""
    return dict(re.findall(r'Option "([^"]*)" "([^"]*)"', config.render()))


def test_defaults_are_written_out() -> None:
    found = options(XorgConfig())
    assert found["SpicePort"] == "5930"
    assert found["SpiceTlsPort"] == "0"
    assert found["SpiceAddr"] == "127.0.0.1"
    assert found["SpiceDisableTicketing"] == "True"
    assert found["AutoAddDevices"] == found["AutoAddGPU"] == "False"
    assert 'Driver "spiceqxl"' in XorgConfig().render()


@given(st.integers(320, MAX_SIDE), st.integers(200, MAX_SIDE))
def test_any_size_has_a_mode_and_buffers_that_hold_it(width: int, height: int) -> None:
    text = XorgConfig(size=(width, height)).render()
    found = {name: int(value) for name, value in re.findall(r'Option "(\w+BufferSize)" "(\d+)"', text)}
    assert set(found) == {"SurfaceBufferSize", "CommandBufferSize", "FrameBufferSize"}
    assert found["FrameBufferSize"] << 20 >= width * height * 4
    assert found["SurfaceBufferSize"] >= 2 * found["FrameBufferSize"]
    assert found["CommandBufferSize"] >= found["SurfaceBufferSize"]
    assert f'Modes "{width}x{height}"' in text
    assert f"Modeline {modeline(width, height)}" in text


def test_a_modeline_is_in_order_and_near_60_hertz() -> None:
    name, clock, *numbers = modeline(1001, 777).split()
    across, down = [int(n) for n in numbers[:4]], [int(n) for n in numbers[4:]]
    assert name == '"1001x777"'
    assert (across[0], down[0]) == (1001, 777)
    assert across == sorted(set(across))
    assert down == sorted(set(down))
    assert float(clock) * 1e6 / across[3] / down[3] == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("size", [(319, 200), (320, 199), (0, 0), (-800, 600), (MAX_SIDE + 1, 600)])
def test_sizes_beyond_the_drivers_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="320x200 to 8192x8192"):
        XorgConfig(size=size).render()


@pytest.mark.parametrize(
    ("surface", "command", "frame", "words"),
    [
        (0, 128, 16, "surface buffer of 0"),
        (128, 4096, 16, "command buffer of 4096"),
        (128, 128, -1, "frame buffer of -1"),
        (256, 128, 16, "the driver corrupts its memory"),
        (24, 128, 16, "leave too little"),
        (128, 128, 2, "cannot hold 1280x800: give 4 or more"),
    ],
)
def test_buffers_that_break_the_driver_are_refused(
    surface: int, command: int, frame: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        XorgConfig(buffers=BufferSizes(surface=surface, command=command, frame=frame)).render()


def test_own_buffers_are_taken() -> None:
    found = options(XorgConfig(buffers=BufferSizes(surface=100, command=120, frame=20)))
    assert (found["SurfaceBufferSize"], found["CommandBufferSize"]) == ("100", "120")
    assert found["FrameBufferSize"] == "20"


def test_frame_memory_is_rounded_up() -> None:
    assert frame_mib(512, 512) == 1
    assert frame_mib(513, 512) == 2
    assert buffer_sizes(3840, 2160).frame == 32


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": 0}, "port 0: name one"),
        ({"port": 65536}, "port 65536"),
        ({"tls_port": -3}, "TLS port -3"),
        ({"port": None}, "nothing to listen on"),
        ({"port": 5930, "tls_port": 5930}, "the plain and the TLS port at once"),
        ({"tls_port": 5931}, "needs certificates"),
        ({"host": "not a host"}, "neither an address nor a host name"),
        ({"host": 'x"\nSection'}, "neither an address nor a host name"),
        ({"unix_path": "/tmp/s"}, "either ports or a UNIX socket"),
        ({"port": None, "unix_path": "s"}, "must be absolute"),
        ({"port": None, "unix_path": "/tmp/" + "s" * 103}, "at most 107 bytes"),
        ({"port": None, "unix_path": "/no/such/place/s"}, "no directory /no/such/place"),
        ({"port": None, "unix_path": '/tmp/a"b'}, "without quotes"),
        ({"password": ""}, "has 0 bytes"),
        ({"password": "é" * 31}, "has 62 bytes"),
        ({"password": "a\0b"}, "zero byte"),
    ],
)
def test_contradictions_and_nonsense_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        XorgConfig(**settings).render()  # type: ignore[arg-type]


def test_a_missing_certificate_is_named_before_the_library_ends_the_x_server(tmp_path: Path) -> None:
    tls = TlsConfig(cert=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    with pytest.raises(ConfigError, match=r"cert\.pem"):
        XorgConfig(tls_port=5931, tls=tls).render()


def test_a_password_stays_out_of_the_file_which_xorg_copies_into_its_log() -> None:
    config = XorgConfig(password='se"cret')
    assert "se" + '"cret' not in config.render()
    assert options(config)["SpiceDisableTicketing"] == "False"
    assert config.environment() == {"XSPICE_PASSWORD": 'se"cret'}
    assert XorgConfig().environment() == {}


def test_a_unix_socket_is_an_address(tmp_path: Path) -> None:
    found = options(XorgConfig(port=None, unix_path=str(tmp_path / "s")))
    assert found["SpiceAddr"] == str(tmp_path / "s")
    assert found["SpicePort"] != "0"


def test_all_addresses_are_an_empty_one() -> None:
    assert options(XorgConfig(host=""))["SpiceAddr"] == ""
    assert options(XorgConfig(host="::1"))["SpiceAddr"] == "::1"
