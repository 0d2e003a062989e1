"""``gspice doctor``: whether this host is fit for GSpice, and what GSpice would use on it."""

import sys

import click

from gspice.cli.shown import drop_output, show
from gspice.errors import ConfigError
from gspice.hosts.doctor import CLOSED, UNPRINTED, examine, shown


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, with keys that stay.")
def doctor(as_json: bool) -> None:
    """Say whether this host is fit, what GSpice would use, and how to mend what is wrong.

    \b
    ok    works
    note  is not there, and GSpice is whole without it
    warn  does not work, and a part of GSpice needs it
    fail  GSpice cannot serve on this host

    It looks at Python, its packages and the compiled modules, system libraries, OpenGL, Vulkan and the canvas that
    --renderer auto would take, video encoders, QEMU, Xorg, viewers, the configuration and limits. Drivers are tried in
    processes of their own: one that crashes or hangs is a finding. A host without a GPU is fit.

    The exit code is 0 where the host is fit, 1 where it is not, and 2 where that cannot be printed.
    """
    try:
        if sys.stdout is None:  # said before the look, which takes its time
            raise ConfigError(CLOSED)
        report = examine()
        show(shown(report, as_json=as_json, stream=sys.stdout))
    except ConfigError as error:
        click.echo(f"gspice: {error}", err=True)
        sys.exit(UNPRINTED)
    except BrokenPipeError:
        drop_output()
        sys.exit(UNPRINTED)
    if not report.fit:
        sys.exit(1)
