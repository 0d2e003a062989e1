"""``gspice screenshot``: the picture, and one exit code and one line for every failure."""

import os
import re
import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gspice.cli.screenshot import screenshot
from gspice.client.connection import Client
from gspice.pixels import SurfaceFormat
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError
from gspice.wire.messages import display
from gspice.wire.types import Surface
from tests.client.fake_server import FakeServer, ServerEnd, create_primary, fill, show_picture
from tests.client.messages import WHOLE, copy


def run(*arguments: object) -> Result:
    return CliRunner().invoke(screenshot, [str(argument) for argument in arguments])


def check_failure(result: Result, exit_code: int, *words: str) -> None:
    assert result.exit_code == exit_code, result.output
    lines = result.output.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("gspice screenshot: ")
    assert all(word in lines[0] for word in words), lines


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "shot.png"


def test_the_picture_is_written(target: Path, tmp_path: Path) -> None:
    password_file = tmp_path / "pw"
    password_file.write_text("s3cret\n")
    password_file.chmod(0o600)
    with FakeServer(password="s3cret") as server:
        result = run(server.uri, target, "--password-file", password_file, "--settle", "0.05")
    assert (result.exit_code, result.output) == (0, "")
    with Image.open(target) as picture:
        assert picture.size == (8, 4)
        assert picture.getpixel((3, 1)) == (255, 0, 0)
        assert picture.getpixel((0, 0)) == (0, 0, 255)
    assert {link.channel_type for link in server.links} == {ChannelType.MAIN, ChannelType.DISPLAY}


def test_16_bit_desktops_too(target: Path) -> None:
    def narrow(end: ServerEnd) -> None:
        end.wait_for(display.DisplayInit)
        end.send(create_primary(8, 4, SurfaceFormat.RGB565), fill(0x07E0, WHOLE), display.DisplayMark())
        end.until_hang_up()

    with FakeServer({ChannelType.DISPLAY: narrow}) as server:
        assert run(server.uri, target, "--settle", "0.05").exit_code == 0
    with Image.open(target) as picture:
        assert picture.getpixel((7, 3)) == (0, 255, 0)


def test_help_has_the_exit_codes() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for code in range(7):
        assert re.search(rf"^ +{code}  \w", result.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["spice://host:1"], "FILE"),
        (["spice://host:1", "x.png", "--nonsense"], "--nonsense"),
        *[
            (["spice://host:1", "x.png", option, seconds], f"'{option}': {float(seconds)} is no")
            for option in ("--timeout", "--settle")
            for seconds in ("0", "-1", "inf", "-inf", "nan", "1e300", "86401")
        ],
        (["host:1", "x.png"], "spice://"),
        (["spice://:pw@host:1", "x.png"], "--password-file"),
        (["spice://127.0.0.1:1", "x.png", "--password-file", "/nowhere/pw"], "/nowhere/pw"),
        (["spice+tls://127.0.0.1:1", "x.png", "--ca-file", "/nowhere/ca"], "/nowhere/ca"),
        (["spice+tls://127.0.0.1:1", "x.png", "--tls-subject", "host"], "NAME=VALUE"),
    ],
)
def test_1_usage(arguments: list[str], word: str) -> None:
    check_failure(run(*arguments), 1, word)


def test_usage_errors_have_their_code_under_the_command_group() -> None:
    group = click.Group(commands={"screenshot": screenshot})
    check_failure(CliRunner().invoke(group, ["screenshot", "--nonsense"]), 1, "--nonsense")
    with pytest.raises(click.ClickException) as caught:
        group.main(["screenshot", "nonsense", "x.png"], standalone_mode=False)
    assert caught.value.exit_code == 1


def test_2_nobody_listens(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    check_failure(run(f"spice://127.0.0.1:{port}", target), 2, "refused", str(port))


def test_3_wrong_password(target: Path, tmp_path: Path) -> None:
    with FakeServer(password="s3cret") as server:
        check_failure(run(server.uri, target), 3, "the password is wrong", "use --password-file")
        password_file = tmp_path / "pw"
        password_file.write_text("wrong\n")
        password_file.chmod(0o600)
        result = run(server.uri, target, "--password-file", password_file)
    check_failure(result, 3, "the password is wrong")
    assert "--password-file" not in result.output
    assert not target.exists()


def test_3_tls_is_wanted(target: Path) -> None:
    with FakeServer(refuse={1: LinkError.NEED_SECURED}) as server:
        check_failure(run(server.uri, target), 3, "over TLS only", "tls-port=PORT")


def test_4_no_spice(target: Path) -> None:
    def web_server(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        sock.recv(1)

    with FakeServer(raw=web_server) as server:
        check_failure(run(server.uri, target), 4, "does not speak SPICE")
    with FakeServer(raw=lambda sock: None) as server:
        check_failure(run(server.uri, target), 4)


def test_4_what_cannot_be_drawn(target: Path) -> None:
    def compressed(end: ServerEnd) -> None:
        show_picture(end)
        end.send(copy(Surface(width=8, height=4, surface_id=9)))
        end.until_hang_up()

    with FakeServer({ChannelType.DISPLAY: compressed}) as server:
        check_failure(
            run(server.uri, target, "--settle", "0.2"), 4, "1 x COPY (source surface 9 does not exist)"
        )
    assert not target.exists()


def test_5_timeout(target: Path) -> None:
    target.write_bytes(b"old")
    with FakeServer(raw=lambda sock: sock.recv(100) and sock.recv(100) and sock.recv(100)) as server:  # type: ignore[arg-type]
        check_failure(run(server.uri, target, "--timeout", "0.2"), 5, "main channel to be linked")
    with FakeServer({ChannelType.DISPLAY: lambda end: end.until_hang_up()}) as server:
        check_failure(run(server.uri, target, "--timeout", "0.2"), 5, "primary surface")
    assert target.read_bytes() == b"old"


def test_6_the_file_cannot_be_written(tmp_path: Path) -> None:
    nobody = "spice://127.0.0.1:1"
    check_failure(run(nobody, tmp_path / "none" / "x.png"), 6, "no directory")
    check_failure(run(nobody, tmp_path / f"{'x' * 300}.png"), 6, "x.png: cannot write")
    with FakeServer() as server:
        check_failure(run(server.uri, "/proc/x.png", "--settle", "0.01"), 6, "x.png: cannot write")


def test_6_what_is_no_file_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("directory").mkdir()
    Path("link").symlink_to("/dev/null")
    for target in ("/dev/null", "pipe", "directory", "link", "-"):
        check_failure(run("spice://127.0.0.1:1", target), 6, f"{target}: cannot write the picture")
    assert Path("/dev/null").is_char_device()
    assert Path("pipe").is_fifo()
    assert sorted(os.listdir()) == ["directory", "link", "pipe"]


def test_6_a_target_that_changes_meanwhile(target: Path) -> None:
    def late(end: ServerEnd) -> None:
        target.mkdir()
        show_picture(end)
        end.until_hang_up()

    with FakeServer({ChannelType.DISPLAY: late}) as server:
        check_failure(run(server.uri, target, "--settle", "0.01"), 6, "cannot write the picture")


def test_a_desktop_that_never_rests_is_taken_after_four_times_the_settle_time(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, float]] = []
    real = Client.wait_for_picture

    def wait(self: Client, *, settle: float, patience: float, **times: float) -> None:
        waits.append((settle, patience))
        real(self, settle=0.01, patience=0.01, **times)

    monkeypatch.setattr(Client, "wait_for_picture", wait)
    with FakeServer() as server:
        assert run(server.uri, target).exit_code == 0
    assert waits == [(0.5, 2.0)]
    assert "after 4 times as" in " ".join(run("--help").output.split())


def test_5_the_text_names_the_timeout_that_was_given(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(self: Client, timeout: float) -> float:
        return real(self, timeout) + 60

    real = Client.open_main
    monkeypatch.setattr(Client, "open_main", slow)  # a name that took long to resolve
    with FakeServer() as server:
        check_failure(run(server.uri, target, "--timeout", "12.5"), 5, "timed out after 12.5 s, still")
