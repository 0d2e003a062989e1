"""What the operator says by file and environment, and how it is refused."""

import os
import re
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.gpu.budgets import GpuBudgets
from gspice.hosts.libspice import configuration
from gspice.hosts.libspice.configuration import SERVER_KEYS, Configuration, load
from gspice.server.metrics_address import MetricsAddress

WHOLE = """
renderer = "cpu"
renderer-device = "RTX"
log-level = "debug"
log-file = "/var/log/gspice.log"
record = "/var/lib/desktop.zst"
record-video = "/var/lib/desktop.mp4"
metrics = "[::1]:9469"

[server]
name = "a machine"
image-compression = "auto_lz"
max-clients = 3
streaming-video = "filter"
video-codecs = "gstreamer:vp8"
video-chroma = "4:4:4"
secure-channels = ["main", "inputs"]
exit-on-disconnect = true
agent-copypaste = false
agent-file-xfer = false
seamless-migration = true
"""


@pytest.fixture(autouse=True)
def no_default_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(configuration, "DEFAULT_FILE", tmp_path / "default.toml")


def read(directory: Path, text: str | bytes, **environ: str) -> Configuration:
    path = directory / "gspice.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load({"GSPICE_CONFIG": str(path), **environ})


class Recorder:
    """A server that notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def set_name(self, name: str) -> None:
        self.calls.append(("name", name))

    def set_image_compression(self, compression: int) -> None:
        self.calls.append(("compression", str(int(compression))))

    def set_max_clients(self, count: int) -> None:
        self.calls.append(("clients", str(count)))

    def set_streaming_video(self, mode: int) -> None:
        self.calls.append(("streaming", str(int(mode))))

    def set_video_codecs(self, codecs: str) -> None:
        self.calls.append(("codecs", codecs))

    def set_video_chroma(self, full: bool) -> None:
        self.calls.append(("chroma", str(full)))

    def set_channel_security(self, channel: str | None, mask: int) -> None:
        self.calls.append(("security", str(channel), str(mask)))

    def set_exit_on_disconnect(self, value: bool) -> None:
        self.calls.append(("exit", str(value)))

    def set_agent_copypaste(self, value: bool) -> None:
        self.calls.append(("copypaste", str(value)))

    def set_agent_file_xfer(self, value: bool) -> None:
        self.calls.append(("xfer", str(value)))

    def set_seamless_migration(self, value: bool) -> None:
        self.calls.append(("seamless", str(value)))


def test_without_a_file_everything_is_as_usual() -> None:
    assert load({}) == Configuration()
    assert (load({}).renderer, load({}).log_level, load({}).log_file) == ("auto", "info", None)


def test_every_key_arrives(tmp_path: Path) -> None:
    got = read(tmp_path, WHOLE)
    assert (got.renderer, got.renderer_device, got.log_level) == ("cpu", "RTX", "debug")
    assert (got.log_file, got.record) == (Path("/var/log/gspice.log"), Path("/var/lib/desktop.zst"))
    assert got.record_video == Path("/var/lib/desktop.mp4")
    assert got.metrics == MetricsAddress("::1", 9469)
    assert set(got.server) == set(SERVER_KEYS), "this test does not know all keys"
    server = Recorder()
    got.apply(server)
    assert server.calls == [
        ("name", "a machine"),
        ("compression", "3"),
        ("clients", "3"),
        ("streaming", "3"),
        ("codecs", "gstreamer:vp8"),
        ("chroma", "True"),
        ("security", "main", "2"),
        ("security", "inputs", "2"),
        ("exit", "True"),
        ("copypaste", "False"),
        ("xfer", "False"),
        ("seamless", "True"),
    ]


def test_what_the_file_does_not_say_is_left_to_the_host(tmp_path: Path) -> None:
    server = Recorder()
    read(tmp_path, "[server]\nagent-copypaste = true\n").apply(server)
    assert server.calls == [("copypaste", "True")]


def test_the_default_file_is_read_where_no_other_is_named() -> None:
    configuration.DEFAULT_FILE.write_text('renderer = "cpu"\n')
    assert load({}).renderer == "cpu"
    assert load({"GSPICE_CONFIG": ""}).renderer == "cpu"


def test_the_environment_counts_more(tmp_path: Path) -> None:
    more = {
        "GSPICE_RENDERER": "auto",
        "GSPICE_RENDERER_DEVICE": "1",
        "GSPICE_LOG_LEVEL": "error",
        "GSPICE_LOG_FILE": "/a",
        "GSPICE_METRICS": "unix:/run/metrics",
    }
    more["GSPICE_RECORD_VIDEO"] = "/c.mkv"
    got = read(tmp_path, WHOLE, **more, GSPICE_RECORD="/b", SPICE_WORKER_RECORD_FILENAME="/c")
    assert got.renderer_device == "1" and got.record_video == Path("/c.mkv")
    assert got.metrics == MetricsAddress(unix_path="/run/metrics")
    assert (got.renderer, got.log_level, got.log_file, got.record) == (
        "auto",
        "error",
        Path("/a"),
        Path("/b"),
    )
    assert read(tmp_path, WHOLE, GSPICE_RECORD="").record == Path("/var/lib/desktop.zst")


def test_what_a_gpu_may_take(tmp_path: Path) -> None:
    assert load({}).budgets == GpuBudgets()
    got = read(tmp_path, "[gpu]\nimage-cache = 1\njournal = 65536\n").budgets
    assert got == GpuBudgets(image_cache=1, journal=65536)


def test_the_old_variable_records_where_nothing_else_does(tmp_path: Path) -> None:
    old = {"SPICE_WORKER_RECORD_FILENAME": "/old"}
    assert load(old).record == Path("/old")
    assert read(tmp_path, WHOLE, **old).record == Path("/var/lib/desktop.zst")
    assert load({"SPICE_WORKER_RECORD_FILENAME": "here"}).record == Path.cwd() / "here"
    assert load({"SPICE_WORKER_RECORD_FILENAME": ""}).record is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "rendrer = 'cpu'",
            "no key rendrer; here are allowed: log-file, log-level, metrics, record, record-video, renderer",
        ),
        ("renderer = 'gpu9'", "renderer = 'gpu9': it must be one of cpu"),
        ("renderer-device = 1", "renderer-device = 1: it must be a text"),
        ("renderer = ['cpu']", "renderer = ['cpu']: it must be one of"),
        ("log-level = 1", "log-level = 1: it must be one of debug, info"),
        ("record-video = '/a.avi'", "it must be a path that begins with / and ends in .mp4 or .mkv"),
        ("record = 'relative'", "record = 'relative': it must be a path that begins with /"),
        ('record = "/a\\u0000b"', "it must be a path that begins with /"),
        ("metrics = 9469", "it must be HOST:PORT"),
        ("metrics = 'unix:here'", "or unix:/path"),
        ("log-file = true", "log-file = True: it must be a path"),
        ("server = 1", "[server]"),
        ("gpu = 1", "[gpu]"),
        (
            "[gpu]\nmemory = 1",
            "no key gpu.memory; here are allowed: comparison, image-cache, journal, staging",
        ),
        ("[gpu]\nstaging = 0", "gpu.staging = 0: it must be a number of MiB, from 1 to 65536"),
        ("[gpu]\nstaging = true", "it must be a number of MiB"),
        ("[gpu]\njournal = 65537", "it must be a number of MiB"),
        ("[server]\nport = 1", "no key server.port; here are allowed: agent-copypaste, "),
        ("[server]\nmax-clients = 0", "it must be a number of clients, from 1 to 256"),
        ("[server]\nimage-compression = 'best'", "it must be one of auto, off, auto_glz,"),
        ("[server]\nname = ''", "server.name = '': it must be a text that is not empty"),
        ("[server]\nagent-copypaste = 1", "server.agent-copypaste = 1: it must be true or false"),
        ("[server]\nsecure-channels = 'main'", "it must be a list of texts"),
        ("[server]\nsecure-channels = [1]", "it must be a list of texts"),
        ("[[server]]\nname = 'x'", "[server]"),
        ("renderer = ", "this is not TOML"),
        ("a = " + "[" * 100_000, "this is not TOML"),
        (b"name = '\xff'", "not UTF-8"),
        ("#" * (configuration.MAX_BYTES + 1), "more than"),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value) and str(tmp_path / "gspice.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("GSPICE_RENDERER", "x"), ("GSPICE_RECORD", "x")])
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}=x: it must be"):
        load({name: value})


@pytest.mark.parametrize("kind", ["missing", "directory", "pipe"])
def test_a_file_that_cannot_be_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "gspice.toml"
    if kind == "directory":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(ConfigError, match=str(path)):
        load({"GSPICE_CONFIG": str(path)})


def test_a_file_of_somebody_else_says_who_must_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError, match="the user that the host runs as"):
        load({"GSPICE_CONFIG": str(tmp_path / "x")})


def test_more_rights_than_the_users_trust_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSPICE_RECORD", "/etc/passwd")
    assert load().record == Path("/etc/passwd")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert load().record is None


def test_the_document_has_every_key_and_variable() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "dropin.md").read_text()
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert rows == {*configuration.KEYS, *configuration.GPU_KEYS, *SERVER_KEYS}
    names = {
        *configuration.VARIABLES.values(),
        configuration.CONFIG_VARIABLE,
        configuration.OLD_RECORD_VARIABLE,
    }
    assert not [name for name in names if f"`{name}`" not in text]


def test_the_document_has_an_example_that_is_taken(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "dropin.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert read(tmp_path, example).server["secure-channels"] == ("main", "inputs")
