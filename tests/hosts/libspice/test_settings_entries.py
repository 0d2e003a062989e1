"""The functions that set a server up, called as C calls them: each setting arrives, and what is wrong is -1."""

import ctypes as c
import re
from typing import Any

import pytest

from gspice.server.spice_server import SpiceServer
from tests.hosts.libspice import c_host
from tests.hosts.libspice.c_host import Library
from tests.hosts.libspice.c_programs import LIBSPICE


def text(value: str | None) -> c.c_char_p:
    return c.c_char_p(None if value is None else value.encode())


SERVER = "spice_server_"
SETTERS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "set_port": ((c.c_int(5900),), (5900,)),
    "set_tls": (
        (c.c_int(1), *map(text, ("a", "b", "c", None, "", None))),
        (1, "a", "b", "c", None, "", None),
    ),
    "set_addr": ((text("::1"), c.c_int(2)), ("::1", 2)),
    "set_listen_socket_fd": ((c.c_int(7),), (7,)),
    "set_exit_on_disconnect": ((c.c_int(2),), (True,)),
    "set_noauth": ((), ()),
    "set_sasl": ((c.c_int(0),), (False,)),
    "set_sasl_appname": ((text("qemu"),), ("qemu",)),
    "set_ticket": ((text("pässword"), c.c_int(30), c.c_int(0), c.c_int(1)), ("pässword", 30, False, True)),
    "set_channel_security": ((text(None), c.c_int(2)), (None, 2)),
    "add_renderer": ((text("sw"),), ("sw",)),
    "set_compat_version": ((c.c_int(1),), (1,)),
    "set_image_compression": ((c.c_int(3),), (3,)),
    "set_jpeg_compression": ((c.c_int(2),), (2,)),
    "set_zlib_glz_compression": ((c.c_int(3),), (3,)),
    "set_playback_compression": ((c.c_int(0),), (False,)),
    "set_streaming_video": ((c.c_int(2),), (2,)),
    "set_video_codecs": ((text("spice:mjpeg"),), ("spice:mjpeg",)),
    "set_agent_mouse": ((c.c_int(1),), (True,)),
    "set_agent_copypaste": ((c.c_int(0),), (False,)),
    "set_agent_file_xfer": ((c.c_int(1),), (True,)),
    "set_name": ((text("box"),), ("box",)),
    "set_uuid": ((c.c_char_p(bytes(range(1, 17))),), (bytes(range(1, 17)),)),
    "set_seamless_migration": ((c.c_int(1),), (True,)),
    "migrate_connect": ((text("host"), c.c_int(1), c.c_int(-1), text(None)), ("host", 1, -1, None)),
    "migrate_info": ((text(None), c.c_int(1), c.c_int(2), text("CN=x")), (None, 1, 2, "CN=x")),
    "migrate_start": ((), ()),
    "migrate_end": ((c.c_int(1),), (True,)),
    "migrate_switch": ((), ()),
    "vm_start": ((), ()),
    "vm_stop": ((), ()),
}
VOID = {"set_addr", "set_name", "set_uuid", "set_seamless_migration", "vm_start", "vm_stop"}


@pytest.fixture(scope="module")
def functions() -> Library:
    return Library()


@pytest.mark.parametrize("name", SETTERS)
def test_each_call_reaches_the_server_s_method(
    functions: Library, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(getattr(SpiceServer, name)), "spelled as the server spells it"
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(SpiceServer, name, lambda server, *arguments: seen.append(arguments))
    handle = functions("spice_server_new", result=c.c_uint64)
    sent, expected = SETTERS[name]
    rc = functions(SERVER + name, handle, *sent, result=None if name in VOID else c.c_int)
    assert seen == [expected] and rc in (0, None)
    functions.destroy(handle)


@pytest.mark.parametrize("error", [ValueError("inner fault"), KeyError("inner fault")])
def test_what_python_raises_is_logged_and_becomes_minus_one(
    functions: Library, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(server: SpiceServer, port: int) -> None:
        raise error

    monkeypatch.setattr(SpiceServer, "set_port", fail)
    handle = functions("spice_server_new", result=c.c_uint64)
    assert functions("spice_server_set_port", handle, c.c_int(1)) == -1
    assert "spice_server_set_port failed" in caplog.text and "Traceback" in caplog.text
    functions.destroy(handle)


def test_names_that_entries_use_exist() -> None:
    source = "".join((LIBSPICE / f"{name}_entries.pyx").read_text() for name in ("server", "settings"))
    names = set(re.findall(r'library\.\w+\(\s*<uintptr_t> s, "(\w+)"', source))
    assert len(names) > 30 and not [name for name in names if not hasattr(SpiceServer, name)]


def test_before_init(functions: Library, caplog: pytest.LogCaptureFixture) -> None:
    handle = functions("spice_server_new", result=c.c_uint64)
    assert functions("spice_server_set_port", handle, c.c_int(70000)) == -1
    assert "70000" in caplog.text
    assert functions("spice_server_get_image_compression", handle) == 2
    assert functions("spice_server_is_server_mouse", handle) == 1
    assert functions("spice_server_get_num_clients", handle) == 0
    tablet = c_host.tablet()
    assert functions("spice_server_add_interface", handle, tablet.address) == -1 and not tablet.attached
    assert functions("spice_get_current_compat_version") == 1
    functions.destroy(handle)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("set_image_compression", {0: -1, 1: 1, 2: 0, 7: 7}),
        ("set_streaming_video", {0: -1, 1: 1, 2: 2, 3: 0, 4: 4}),
    ],
)
def test_our_own_choice_stands_for_libspice_s_and_is_no_host_s_to_give(
    functions: Library, name: str, heard: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(SpiceServer, name, lambda server, value: seen.append(value))
    handle = functions("spice_server_new", result=c.c_uint64)
    for value in heard:
        functions(SERVER + name, handle, c.c_int(value))
    assert seen == list(heard.values())
    functions.destroy(handle)


def test_codecs_are_the_host_s_to_free(functions: Library) -> None:
    handle = functions("spice_server_new", result=c.c_uint64)
    assert functions("spice_server_set_video_codecs", handle, text("spice:mjpeg")) == 0
    place = functions("spice_server_get_video_codecs", handle, result=c.c_uint64)
    assert c.string_at(place) == b"spice:mjpeg"
    functions("spice_server_free_video_codecs", handle, place, result=None)
    functions("spice_server_free_video_codecs", handle, 0, result=None)
    assert functions("spice_server_set_video_codecs", handle, text(None)) == -1
    functions.destroy(handle)
    assert functions("spice_server_get_video_codecs", handle, result=c.c_uint64) == 0
