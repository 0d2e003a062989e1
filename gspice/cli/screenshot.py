"""``gspice screenshot``: what a SPICE server shows, as a PNG file."""

import math
import sys
from pathlib import Path
from typing import IO, Any

import click

from gspice.cli.password_file import read_password_file
from gspice.client.connection import Client
from gspice.client.errors import ConnectError, DeadlineError, HangUpError, UnsupportedError
from gspice.client.session import Session
from gspice.client.tls import TlsOptions
from gspice.client.uri import parse_uri
from gspice.errors import ConfigError, GSpiceError, LinkRefused, ProtocolError
from gspice.hosts.png import write_png
from gspice.hosts.whole_file import check_target
from gspice.pixels import Pixels
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError

USAGE, CONNECT, REFUSED, PROTOCOL, TIMEOUT, WRITE = range(1, 7)
EXIT_CODES: tuple[tuple[type[GSpiceError], int], ...] = (
    (ConfigError, USAGE),
    (ConnectError, CONNECT),
    (LinkRefused, REFUSED),
    (ProtocolError, PROTOCOL),
    (HangUpError, PROTOCOL),
    (UnsupportedError, PROTOCOL),
    (DeadlineError, TIMEOUT),
)
PATIENCE = 4
"""A desktop that never rests is taken after so many times the settle time."""

LONGEST_S = 86400
"""Nobody waits for a picture longer than a day: what asks for more is a mistake."""

EPILOG = """\b
Exit codes:
  0  the picture is written
  1  a wrong option, URI, password file or CA file
  2  cannot connect: no such host, nobody listens, or TLS cannot be trusted
  3  the server refused: wrong password, or another link error
  4  the server broke the protocol, hung up, or sent what cannot be decoded
  5  timeout; the text says what was waited for
  6  the picture cannot be written

Every failure is one line on standard error, and leaves FILE as it was.
"""


class ScreenshotError(click.ClickException):
    """Ends the command with an exit code and one line on standard error."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc] # of the object here, not of the class

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        click.echo(f"gspice screenshot: {' '.join(self.message.split())}", file=file or sys.stderr)


class _Seconds(click.FloatRange):
    """A time that can be waited for."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=LONGEST_S)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):  # which is neither below nor above any limit
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


class _Command(click.Command):
    """A command whose usage errors have an exit code and a form like all its errors."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise ScreenshotError(error.format_message(), USAGE) from error


@click.command(cls=_Command, epilog=EPILOG)
@click.argument("uri")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="File whose first line is the password."
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    help="CA certificates to trust with TLS, in PEM; without it those that this machine trusts.",
)
@click.option(
    "--tls-subject",
    metavar="SUBJECT",
    help='Subject that the certificate must have, such as "O=Example,CN=host"; then any host name will do.',
)
@click.option("--no-verify-host", is_flag=True, help="Take a certificate of the CA for any host name.")
@click.option(
    "--timeout",
    type=_Seconds(),
    default=15.0,
    show_default=True,
    help="Seconds for everything.",
)
@click.option(
    "--settle",
    type=_Seconds(),
    default=0.5,
    show_default=True,
    help="Seconds without drawing before the picture is taken; a desktop that never rests is taken after "
    f"{PATIENCE} times as many, or at the timeout.",
)
def screenshot(
    *,
    uri: str,
    file: Path,
    password_file: Path | None,
    ca_file: Path | None,
    tls_subject: str | None,
    no_verify_host: bool,
    timeout: float,
    settle: float,
) -> None:
    """Write what the SPICE server at URI shows to FILE, as PNG.

    URI is spice://HOST:PORT, spice://HOST?port=PORT&tls-port=PORT, spice+tls://HOST:PORT or
    spice+unix:///PATH. Where it names a TLS port, everything goes over TLS.
    """
    _check_target(file)
    password = ""
    try:
        if password_file is not None:
            password = read_password_file(password_file)
        tls = TlsOptions(ca_file=ca_file, subject=tls_subject, verify_host=not no_verify_host)
        picture = take_picture(uri, password=password, tls=tls, timeout=timeout, settle=settle)
    except GSpiceError as error:
        code = next((code for family, code in EXIT_CODES if isinstance(error, family)), PROTOCOL)
        raise ScreenshotError(f"{error}{_hint(error, password_file, ca_file)}", code) from error
    try:
        write_png(file, picture)
    except ConfigError as error:
        raise ScreenshotError(str(error), WRITE) from error


def take_picture(uri: str, *, password: str, tls: TlsOptions, timeout: float, settle: float) -> Pixels:
    """The picture that a server shows, in 32 bits. Raises what ``EXIT_CODES`` lists."""
    session = Session(wanted={ChannelType.DISPLAY})
    with Client(parse_uri(uri), session, password=password, tls=tls) as client:
        spent = client.open_main(timeout)
        client.wait_for_picture(settle=settle, patience=PATIENCE * settle, timeout=timeout, spent=spent)
    display = session.display
    if not display.complete:
        raise UnsupportedError(f"parts of the picture cannot be decoded: {display.unsupported_text()}")
    return display.picture()


def _check_target(file: Path) -> None:
    """Find out before the work what would spoil its result."""
    if str(file) == "-":
        raise ScreenshotError("-: cannot write the picture: it goes to a file, not to standard output", WRITE)
    try:
        check_target(file, "the picture")
    except ConfigError as error:
        raise ScreenshotError(str(error), WRITE) from error


def _hint(error: GSpiceError, password_file: Path | None, ca_file: Path | None) -> str:
    """What the user can do about it, where that is known."""
    if isinstance(error, LinkRefused):
        if error.code == LinkError.PERMISSION_DENIED and password_file is None:
            return "; no password was given: use --password-file"
        if error.code == LinkError.NEED_SECURED:
            return "; name the TLS port in the URI: spice://host?tls-port=PORT"
    if isinstance(error, ConnectError) and "certificate not accepted" in str(error) and ca_file is None:
        return "; give the server's CA with --ca-file"
    return ""
