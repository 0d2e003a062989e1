"""What the operator wrote: the configuration of a GSpice inside hosts, from the file and from the environment.

What a host refuses to start with is a failure here, found by the very checks that hosts and ``gspice qemu`` make.
"""

import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gspice.errors import ConfigError
from gspice.hosts.doctor_findings import Finding, Status, Step

Check = Callable[[Mapping[str, str]], object]
"""Raises ConfigError where what an environment says cannot be used."""


def probe() -> Iterator[Step]:
    """One step."""
    yield Step("configuration", lambda: look(os.environ))


def look(environ: Mapping[str, str], default: Path | None = None) -> Iterable[Finding]:
    """Whether it can be used, and what it says other than usual. ``default``: instead of /etc/gspice.toml."""
    from gspice.hosts.libspice.configuration import (  # noqa: PLC0415  it needs numpy, and more
        CONFIG_VARIABLE,
        DEFAULT_FILE,
        VARIABLES,
        load,
    )

    named = environ.get(CONFIG_VARIABLE)
    path = Path(named) if named else default or DEFAULT_FILE
    if not named and default is not None and default.exists():
        environ = {**environ, CONFIG_VARIABLE: str(default)}
    variables = {name: environ[name] for name in VARIABLES.values() if environ.get(name)}
    facts: dict[str, object] = {"path": str(path), "exists": os.path.exists(path), "variables": variables}
    try:
        values = load(environ)
    except ConfigError as error:
        mend = unset(environ, load) or _readable(path, error, bool(named))
        yield Finding(name="configuration", status=Status.FAIL, text=str(error), mend=mend, facts=facts)
        return
    facts |= {
        "renderer": values.renderer,
        "server": {key: str(value) for key, value in values.server.items()},
    }
    refused = list(_refused(environ, path))
    text = f"no {path}: everything is as usual"
    if facts["exists"]:
        text = f"{path} can be read" if refused else f"{path} is valid"
    said = "".join(f", {name}={value}" for name, value in variables.items())
    yield Finding(
        name="configuration",
        status=Status.OK,
        text=f"{text}{said}; renderer {values.renderer}",
        facts=facts,
    )
    yield from refused


def unset(environ: Mapping[str, str], check: Check) -> str:
    """The line that takes the variables away for which the check fails; empty where it is none of theirs."""
    from gspice.hosts.libspice.configuration import OLD_RECORD_VARIABLE, VARIABLES  # noqa: PLC0415

    given = [name for name in (*VARIABLES.values(), OLD_RECORD_VARIABLE) if environ.get(name)]
    rest = {name: value for name, value in environ.items() if name not in given}
    wrong = [name for name in given if not _passes({**rest, name: environ[name]}, check)]
    for names in (*([name] for name in given), wrong, given):
        if names and _passes({name: value for name, value in environ.items() if name not in names}, check):
            return f"unset {' '.join(names)}"
    return ""


def _passes(environ: Mapping[str, str], check: Check) -> bool:
    try:
        check(environ)
    except ConfigError:
        return False
    return True


def check_renderer_of(environ: Mapping[str, str]) -> None:
    """ConfigError: a host would not start with the renderer that this environment and its file name."""
    from gspice.gpu.select import check_renderer  # noqa: PLC0415
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415

    values = load(environ)
    check_renderer(values.renderer, values.renderer_device)


def _check_recording_of(environ: Mapping[str, str]) -> None:
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415
    from gspice.hosts.whole_file import check_target  # noqa: PLC0415

    if (record := load(environ).record) is not None:
        check_target(record, "the recording")


def _check_film_of(environ: Mapping[str, str]) -> None:
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415
    from gspice.hosts.whole_file import check_target  # noqa: PLC0415

    if (film := load(environ).record_video) is not None:
        check_target(film, "the film")


def _check_log_of(environ: Mapping[str, str]) -> None:
    """Hosts write on behind what a log holds, so that it may be a device, and lie where no new file can be made."""
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415
    from gspice.hosts.whole_file import check_target  # noqa: PLC0415

    if (log := load(environ).log_file) is None:
        return
    try:
        mode = os.stat(log).st_mode
    except OSError:
        check_target(log, "the log")
        return
    if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
        raise ConfigError(f"{log}: cannot write the log: it is no regular file; name another")
    if not os.access(log, os.W_OK):
        raise ConfigError(f"{log}: cannot write the log: this user may not write to it")


_CHECKS: tuple[tuple[str, Check], ...] = (
    ("renderer", check_renderer_of),
    ("record", _check_recording_of),
    ("record-video", _check_film_of),
    ("log-file", _check_log_of),
)
"""The key that each is about."""


def _refused(environ: Mapping[str, str], path: Path) -> Iterator[Finding]:
    """What can be read, and a host refuses all the same."""
    for key, check in _CHECKS:
        try:
            check(environ)
        except ConfigError as error:
            yield Finding(
                name=key,
                status=Status.FAIL,
                text=f"no host starts with it: {error}",
                mend=_install(error) or _folder(key, environ) or unset(environ, check) or _edit(path, key),
                facts={"key": key},
            )


def _install(error: ConfigError) -> str:
    """What installs the package that a renderer lacks, if that is it."""
    _, found, package = str(error).partition(": pip install ")
    return f"{sys.executable} -m pip install {package}" if found else ""


def _folder(key: str, environ: Mapping[str, str]) -> str:
    """What makes the folder of a file, if it is not there and can be made."""
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415

    values = load(environ)
    files = {"record": values.record, "record-video": values.record_video, "log-file": values.log_file}
    file = files.get(key)
    if file is None:
        return ""
    folder = Path(os.path.realpath(file)).parent
    above = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    can = above != folder and above.is_dir() and os.access(above, os.W_OK | os.X_OK)
    return f"mkdir -p {shlex.quote(str(folder))}" if can else ""


def _edit(path: Path, key: str) -> str:
    other = (
        "take renderer-device out of it, or name opengl or vulkan" if key == "renderer" else f"another {key}"
    )
    return f"edit {path}: {other}"


def _readable(path: Path, error: ConfigError, named: bool) -> str:
    """What lets the file be read; or it is to be edited, where it can be and is wrong."""
    from gspice.hosts.libspice.configuration import CONFIG_VARIABLE  # noqa: PLC0415

    if isinstance(error.__cause__, PermissionError):
        closed = [one for one in reversed(path.absolute().parents) if not os.access(one, os.X_OK)]
        target, mode = (closed[0], "a+x") if closed else (path, "a+r")
        return f"chmod {mode} {shlex.quote(str(target))}   # as its owner, or as root"
    if isinstance(error.__cause__, FileNotFoundError):
        return f"unset {CONFIG_VARIABLE}, or make that file"
    if isinstance(error.__cause__, OSError) or not path.is_file():
        return f"unset {CONFIG_VARIABLE}, or let it name a file" if named else f"mv {path} {path}.old"
    return f"edit {path}"
