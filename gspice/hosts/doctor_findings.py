"""What a look at this host finds, as data: findings, the sections that they stand in, and the whole report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

FORMAT = 1
"""Of the JSON; a key that is renamed or goes away makes it another one, a new key does not."""


MAX_NAMED = 3
"""Findings in a verdict, which is to stay one line."""
CPU, GPU = "the CPU", "the GPU"
APIS = {"opengl": "OpenGL", "vulkan": "Vulkan"}


class Status(StrEnum):
    """How much a finding weighs."""

    OK = "ok"
    """It works."""
    NOTE = "note"
    """Worth knowing; GSpice is whole without it."""
    WARN = "warn"
    """Something that is here, or that a part of GSpice needs, does not work."""
    FAIL = "fail"
    """GSpice cannot serve on this host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``name`` is the same on every host that has it."""

    name: str
    status: Status
    text: str
    """For people."""
    mend: str = ""
    """The line that mends it, ready to be pasted where that is possible."""
    group: str = ""
    """Findings of one group that are all well may be shown as one."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For programs; values as JSON has them."""

    def as_json(self) -> dict[str, Any]:
        """Every key is always there."""
        return {
            "name": self.name,
            "status": str(self.status),
            "text": self.text,
            "mend": self.mend,
            "group": self.group,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """What ``as_json`` gave. ValueError, KeyError or TypeError for anything else."""
        return cls(**{**value, "status": Status(value["status"])})


class Step(NamedTuple):
    """A part of a probe that may crash or hang by itself; the other steps are taken all the same."""

    name: str
    look: Callable[[], Iterable[Finding]]
    failing: Status = Status.WARN
    """What it means that the step did not come to an end."""
    mend: str = ""
    """What mends that."""


Probe = Callable[[], Iterable[Step]]
"""Says what its steps are, without looking far: what fails in it itself leaves all of its steps out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The findings of one probe."""

    key: str
    title: str
    findings: tuple[Finding, ...]

    def named(self, name: str) -> Finding | None:
        """The finding of that name, if there is one."""
        return next((finding for finding in self.findings if finding.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found; ``fit`` says whether GSpice can serve here."""

    version: str
    sections: tuple[Section, ...]

    @property
    def fit(self) -> bool:
        """Nothing fails. Warnings and a missing GPU leave a host fit."""
        return not self.of_status(Status.FAIL)

    def of_status(self, status: Status) -> Sequence[Finding]:
        """The findings of that weight, in order."""
        return [
            finding for section in self.sections for finding in section.findings if finding.status is status
        ]

    def verdict(self) -> str:
        """One sentence: fit or not, and what draws."""
        if not self.fit:
            names = [finding.name for finding in self.of_status(Status.FAIL)]
            more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            return f"not fit: GSpice cannot serve here until this is mended: {', '.join(names[:MAX_NAMED])}{more}"
        section = next((section for section in self.sections if section.key == "canvas"), None)
        # What the operator wrote counts more than what would be taken without it.
        canvas = (section.named("configured") or section.named("auto")) if section else None
        draws = _draws(canvas.facts) if canvas else ""
        warnings = len(self.of_status(Status.WARN))
        rest = f"; {warnings} warning{'s' if warnings > 1 else ''} above" if warnings else ""
        return f"fit: GSpice can serve here{draws}{rest}"

    def as_json(self) -> dict[str, Any]:
        """The whole report, as ``docs/doctor.md`` describes it."""
        return {
            "format": FORMAT,
            "gspice": self.version,
            "fit": self.fit,
            "verdict": self.verdict(),
            "sections": {
                section.key: {
                    "title": section.title,
                    "findings": [finding.as_json() for finding in section.findings],
                }
                for section in self.sections
            },
        }


def _draws(facts: Mapping[str, Any]) -> str:
    """What draws, for the verdict; empty where nobody knows."""
    name = facts.get("draws", facts.get("canvas"))
    if not name:
        return ""
    place = CPU if name == "cpu" else f"{facts.get('drawn_on') or GPU} by {APIS.get(name, name)}"
    return f", and draws on {place}"
