"""A report as text: one line for what is well, one for each problem, and below it the line that mends it."""

import textwrap
from collections.abc import Iterator, Sequence

from gspice.hosts.doctor_findings import Finding, Report, Section, Status

MIN_WIDTH, MAX_WIDTH = 60, 120
INDENT = 2
STATUS_WIDTH = 4
MEND = "mend: "
MAX_NAMED = 12
"""Of a group; more are counted."""
GLUE = "\xa0"
"""A space at which no line ends."""
COLOURS = {Status.OK: "32", Status.NOTE: "2", Status.WARN: "33", Status.FAIL: "31;1"}
"""What a terminal is told for each."""


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """The report for people, without a line feed at the end; ``width`` in columns."""
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    lines = [_styled(f"GSpice {report.version} on this host", "1", colour)]
    for section in report.sections:
        lines += ["", _styled(section.title, "1", colour), *_section(section, width, colour)]
    status = Status.OK if report.fit else Status.FAIL
    return "\n".join([*lines, "", _styled(_printable(report.verdict()), COLOURS[status], colour)])


def _section(section: Section, width: int, colour: bool) -> Iterator[str]:
    shown = list(_joined(section.findings))
    column = max((len(finding.name) for finding in shown), default=0)
    for finding in shown:
        head = f"{finding.status:<{STATUS_WIDTH}}  {finding.name:<{column}}  "
        indent = " " * (INDENT + len(head))
        text = textwrap.wrap(
            _printable(finding.text),
            width - len(indent),
            break_long_words=False,
            break_on_hyphens=False,
        )
        first = " " * INDENT + _styled(f"{finding.status:<{STATUS_WIDTH}}", COLOURS[finding.status], colour)
        yield (first + head[STATUS_WIDTH:] + (text[0] if text else "")).rstrip().replace(GLUE, " ")
        yield from (indent + line.replace(GLUE, " ") for line in text[1:])
        # Never wrapped: it is there to be copied.
        for line in _printable(finding.mend).splitlines():
            yield indent + _styled(MEND, COLOURS[finding.status], colour) + line


def _joined(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Those of one group that weigh the same, and are mended by the same line, become one."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        # Problems that each have a line of their own to mend them stay apart.
        plain = finding.group and (finding.status in (Status.OK, Status.NOTE) or not finding.mend)
        kind = (finding.group, finding.status, finding.mend) if plain else (id(finding),)
        alike.setdefault(kind, []).append(finding)
    for same in alike.values():
        if len(same) == 1:
            yield same[0]
        else:
            text = _together(same)
            yield Finding(name=same[0].group, status=same[0].status, text=text, mend=same[0].mend)


def _together(findings: Sequence[Finding]) -> str:
    """One text for several findings: each with its own, or those together that say the same."""
    names: dict[str, list[str]] = {}
    for finding in findings:
        names.setdefault(finding.text, []).append(finding.name)
    if len(names) == len(findings):
        return ", ".join(f"{finding.name}{GLUE}{finding.text}" for finding in findings)
    return "; ".join(
        f"{', '.join(same)}: {text}" if len(same) <= MAX_NAMED else f"{len(same)} {text}"
        for text, same in names.items()
    )


def _styled(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _printable(text: str) -> str:
    """Texts come from drivers and programs: what would steer the terminal is written as an escape."""
    return "".join([c if c.isprintable() or c in ("\n", GLUE) else repr(c)[1:-1] for c in text])
