"""What the operator wrote: the configuration of a GSpice inside hosts, from the file and from the environment."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gspice.errors import ConfigError
from gspice.hosts.doctor_findings import Finding, Status, Step


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
    facts: dict[str, object] = {"path": str(path), "exists": path.exists(), "variables": variables}
    try:
        values = load(environ)
    except ConfigError as error:
        yield Finding(
            name="configuration",
            status=Status.FAIL,
            text=str(error),
            mend=f"edit {path}" if facts["exists"] else f"unset {CONFIG_VARIABLE}, or make that file",
            facts=facts,
        )
        return
    facts |= {
        "renderer": values.renderer,
        "server": {key: str(value) for key, value in values.server.items()},
    }
    text = f"{path} is valid" if facts["exists"] else f"no {path}: everything is as usual"
    said = "".join(f", {name}={value}" for name, value in variables.items())
    yield Finding(
        name="configuration",
        status=Status.OK,
        text=f"{text}{said}; renderer {values.renderer}",
        facts=facts,
    )
