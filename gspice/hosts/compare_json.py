"""The report of a comparison as plain values; ``docs/testing.md`` says what the keys mean."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gspice.hosts.compare import Run
from gspice.hosts.compare_findings import Finding, Result
from gspice.hosts.compare_lanes import Kind, Lane, OpTimes
from gspice.hosts.compare_sampling import ALLOWED
from gspice.qxl import ops

FORMAT = 1
_ORDER = [kind.__name__ for kind in (*ops.Op.__subclasses__(),)]


def report(
    results: Sequence[Result],
    canvases: dict[str, str],
    missing: dict[str, str],
    every: int,
    machine: dict[str, Any],
    stopped: bool = False,
) -> dict[str, Any]:
    """All of it. ``canvases``: device by label; ``missing``: why a renderer was left out, by name."""
    rest = "; stopped before the end" if stopped else ""
    whole = {
        "format": FORMAT,
        "equal": all(result.equal for result in results),
        "complete": not stopped and all(result.run.error is None for result in results),
        "verdict": verdict(results, list(canvases), missing) + rest,
        "every": every,
        "allowed": {"integer": 0, "sampled": ALLOWED},
        "reference": next(iter(canvases)),
        "canvases": [{"label": label, "device": device} for label, device in canvases.items()],
        "missing": [{"name": name, "reason": reason} for name, reason in missing.items()],
        "machine": machine,
        "files": [_file(result) for result in results],
    }
    return {key: _writable(value) for key, value in whole.items()}


def verdict(results: Sequence[Result], labels: Sequence[str], missing: Mapping[str, str]) -> str:
    """A sentence for people. ``labels``: of the canvases, the reference first; ``missing``: as of ``report``."""
    left_out = "".join(f"; {name} was left out: {reason}" for name, reason in missing.items())
    return _outcome(results, labels) + left_out


def _outcome(results: Sequence[Result], labels: Sequence[str]) -> str:
    failed = [result for result in results if result.run.reference.lost]
    if failed:
        lane = failed[0].run.reference
        return f"the reference, {lane.label}, failed: {lane.lost}"
    differing = sorted({name for result in results for name in _differing(result)})
    read = [result for result in results if not result.unread]
    unread = ", ".join(one_line(result.file.name) for result in results if result.unread)
    if differing:
        return f"{', '.join(differing)}: not what the reference, {labels[0]}, draws"
    if not read:
        return f"nothing was compared: {unread or 'no recording was begun'}"
    commands = sum(_commands(result.run) for result in read)
    cut = sum(result.run.error is not None for result in read)
    rest = f"; {cut} could not be read to the end" if cut else ""
    rest += f"; not compared: {unread}" if unread else ""
    canvases = f"{', '.join(labels[:-1])} and {labels[-1]}"
    return f"equal on {canvases}: {commands} commands of {len(read)} recording{'s' * (len(read) > 1)}{rest}"


def one_line(text: str | Path) -> str:
    """A file's name for people: what would end the line, steer a terminal or be no text is written as an escape."""
    return "".join([c if c.isprintable() else repr(c)[1:-1] for c in str(text)])


def _writable(value: Any) -> Any:
    """The same with bytes of file names that are no text written as escapes: JSON cannot hold them."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {key: _writable(one) for key, one in value.items()}
        case list():
            return [_writable(one) for one in value]
    return value


def finding_words(finding: Finding) -> str:
    """How a canvas differs, in a sentence."""
    difference, label = finding.difference, finding.lane.label
    apart, box = difference.apart, difference.apart.box
    match difference.kind:
        case Kind.PIXELS:
            pixels = f"{apart.pixels} pixel{'' if apart.pixels == 1 else 's'}"
            place = f"({box.left}, {box.top}) to ({box.right}, {box.bottom})"
            what = f"{pixels} of surface {difference.surface_id} inside {place}, by up to {apart.worst} in a channel"
        case Kind.OUTCOME | Kind.AREA | Kind.SURFACE:
            what = f"surface {difference.surface_id}: {difference.reason}"
        case Kind.FAILED:
            what = difference.reason
    verb = "fails" if difference.kind is Kind.FAILED else "differs"
    return f"{label} {verb} {_when(finding)}: {what}"


def _when(finding: Finding) -> str:
    since, upto = finding.difference.since.number, finding.difference.upto.number
    if finding.exact:
        return f"first at event {upto}"
    return f"somewhere in events {since + 1} to {upto}"


def _differing(result: Result) -> list[str]:
    return [lane.label for run in result.runs for lane in run.lanes if lane.differences or lane.lost]


def _commands(run: Run) -> int:
    return sum(count.commands for count in run.reference.times.values())


def _file(result: Result) -> dict[str, Any]:
    run = result.run
    return {
        "file": str(result.file),
        "equal": result.equal,
        "events": run.events,
        "commands": _commands(run),
        "sampled": run.sampled,
        "comparisons": sum(one.comparisons for one in result.runs),
        "seconds": sum(one.seconds for one in result.runs),
        "error": None if run.error is None else str(run.error),
        "bad": dict(run.bad.most_common()),
        "canvases": [_canvas(result, number) for number in range(len(run.lanes))],
        "findings": [_finding(finding) for finding in result.findings],
    }


def _canvas(result: Result, number: int) -> dict[str, Any]:
    lanes = [run.lanes[number] for run in result.runs]
    mixed, last = lanes[0], lanes[-1]
    total = _total(mixed)
    return {
        "label": mixed.label,
        "differences": sum(lane.differences for lane in lanes),
        "near_pixels": sum(lane.near for lane in lanes),
        "lost": mixed.lost or last.lost or None,
        "commands": total.commands,
        "pixels": total.pixels,
        "seconds": total.seconds,
        "commands_per_s": total.commands / total.seconds if total.seconds else None,
        "pixels_per_s": total.pixels / total.seconds if total.seconds else None,
        "ops": {name: _op(count) for name, count in _sorted(last)},
    }


def _total(lane: Lane) -> OpTimes:
    total = OpTimes()
    for count in lane.times.values():
        total.commands += count.commands
        total.pixels += count.pixels
        total.submit_s += count.submit_s
        total.wait_s += count.wait_s
    return total


def _sorted(lane: Lane) -> list[tuple[str, OpTimes]]:
    """Drawing first, the most frequent first."""
    return sorted(lane.times.items(), key=lambda item: (item[0] not in _ORDER, -item[1].commands, item[0]))


def _op(count: OpTimes) -> dict[str, Any]:
    return {
        "commands": count.commands,
        "not_drawn": count.not_drawn,
        "pixels": count.pixels,
        "submit_s": count.submit_s,
        "wait_s": count.wait_s,
        "reasons": dict(count.reasons.most_common()),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    pixels = difference.kind is Kind.PIXELS
    return {
        "canvas": finding.lane.label,
        "kind": difference.kind.value,
        "words": finding_words(finding),
        "exact": finding.exact,
        "since": difference.since.number,
        "event": difference.upto.number,
        "surface": difference.surface_id if difference.surface_id >= 0 else None,
        "box": list(difference.apart.box) if pixels else None,
        "pixels": difference.apart.pixels if pixels else None,
        "worst": difference.apart.worst if pixels else None,
        "reason": difference.reason or None,
        "by_kind": finding.by_kind,
        "command": dict(finding.words),
        "recording": finding.recording.name if finding.recording is not None else None,
        "again": finding.again.value if finding.again is not None else None,
        "problem": finding.problem or None,
    }
