"""Which canvas ``--renderer auto`` takes on this host, why, and why not the others; and that of the configuration."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from gspice.errors import ConfigError, GSpiceError
from gspice.hosts.doctor_configuration import check_renderer_of
from gspice.hosts.doctor_findings import Finding, Status, Step

TAKEN = "chosen"
BYPASS = 'say --renderer cpu, and renderer = "cpu" in /etc/gspice.toml'
"""What keeps a server from drivers that crash or hang."""
DEFECTS = ("failed", "wrong")
"""Verdicts on a GPU that is there and cannot be drawn on."""


class Considered(NamedTuple):
    """A canvas that was thought of, with what a choice says of it."""

    name: str
    device: str
    verdict: str
    reason: str


Choose = Callable[[str, str | None], tuple[Considered, ...]]
Configured = tuple[str, str | None] | None


def choose(renderer: str, device: str | None) -> tuple[Considered, ...]:
    """Choose as a server does, self-test included. GSpiceError: that renderer cannot be had."""
    from gspice.gpu.select import choose_canvas  # noqa: PLC0415  it needs numpy, and more

    choice = choose_canvas(renderer, device=device)
    choice.canvas.close()
    return tuple(Considered(one.name, one.device, str(one.verdict), one.reason) for one in choice.considered)


def configured() -> Configured:
    """Renderer and device that the operator wrote for hosts; None: auto, or nothing that a host would start with."""
    from gspice.hosts.libspice.configuration import load  # noqa: PLC0415  as above

    try:
        check_renderer_of(os.environ)
        values = load(os.environ)
    except ConfigError:
        return None  # section configuration says what is wrong
    return None if values.renderer == "auto" else (values.renderer, values.renderer_device)


def probe(choose: Choose = choose, configured: Callable[[], Configured] = configured) -> Iterator[Step]:
    """What auto does, what the configuration asks for, and the CPU canvas, which must always be there."""
    yield Step("auto", partial(automatic, choose), Status.WARN, BYPASS)
    yield Step("configured", partial(as_configured, choose, configured), Status.WARN, BYPASS)
    yield Step("cpu", partial(on_cpu, choose), Status.FAIL)


def automatic(choose: Choose) -> Iterable[Finding]:
    """What was taken, then what was not."""
    try:
        considered = choose("auto", None)
    except GSpiceError as error:
        yield Finding(name="auto", status=Status.WARN, text=f"takes no canvas: {error}", mend=BYPASS)
        return
    for one in sorted(considered, key=lambda one: one.verdict != TAKEN):
        yield _finding(one)


def as_configured(choose: Choose, configured: Callable[[], Configured]) -> Iterable[Finding]:
    """Whether the renderer of the configuration can be had, where it names one."""
    wanted = configured()
    if wanted is None:
        return
    renderer, device = wanted
    facts = {"canvas": renderer, "device": device, "draws": renderer}
    try:
        considered = choose(renderer, device)
    except GSpiceError as error:
        text = f"{renderer} cannot be had, and hosts draw on the CPU instead: {error}"
        facts["draws"] = "cpu"
        mend = _other_renderer(os.environ)
        yield Finding(name="configured", status=Status.WARN, text=text, mend=mend, facts=facts)
    else:
        # Its name, since software can be asked for, too.
        facts["drawn_on"] = next((one.device for one in considered if one.verdict == TAKEN), "")
        yield Finding(name="configured", status=Status.OK, text=f"{renderer} can be had", facts=facts)


def _other_renderer(environ: Mapping[str, str]) -> str:
    """What leaves the choice to auto: where it was made counts."""
    from gspice.hosts.libspice.configuration import VARIABLES  # noqa: PLC0415  as above

    given = [VARIABLES[key] for key in ("renderer", "renderer-device") if environ.get(VARIABLES[key])]
    return f"unset {' '.join(given)}" if given else 'set renderer = "auto" in the configuration'


def on_cpu(choose: Choose) -> Iterable[Finding]:
    """Without it there is nothing to draw on where a GPU is lost, and mostly nothing at all."""
    try:
        choose("cpu", None)
    except GSpiceError as error:
        yield Finding(name="cpu", status=Status.FAIL, text=f"cannot be had: {error}")
    else:
        yield Finding(name="cpu", status=Status.OK, text="can be had")


def _finding(one: Considered) -> Finding:
    facts = {"canvas": one.name, "device": one.device, "verdict": one.verdict, "reason": one.reason}
    where = f" on {one.device}" if one.device else ""
    if one.verdict == TAKEN:
        # For the CPU the reason is why nothing else was taken, and those say it themselves.
        reason = "no GPU can be drawn on" if one.name == "cpu" else one.reason
        text = f"takes {one.name}{where}: {reason}"
        return Finding(name="auto", status=Status.OK, text=text, facts=facts)
    return Finding(
        name=f"not {one.name}",
        status=Status.WARN if one.verdict in DEFECTS else Status.NOTE,
        text=f"{one.verdict}{where}: {one.reason}",
        facts=facts,
    )
