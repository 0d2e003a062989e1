"""The report of a comparison as plain values; ``docs/testing.md`` says what the keys mean."""

from collections.abc import Sequence
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
    return {
        "format": FORMAT,
        "equal": all(result.equal for result in results),
        "complete": not stopped and all(result.run.error is None for result in results),
        "verdict": verdict(results) + rest,
        "every": every,
        "allowed": {"integer": 0, "sampled": ALLOWED},
        "reference": next(iter(canvases)),
        "canvases": [{"label": label, "device": device} for label, device in canvases.items()],
        "missing": [{"name": name, "reason": reason} for name, reason in missing.items()],
        "machine": machine,
        "files": [_file(result) for result in results],
    }


def verdict(results: Sequence[Result]) -> str:
    """A sentence for people."""
    failed = [result for result in results if result.run.reference.lost]
    if failed:
        lane = failed[0].run.reference
        return f"the reference, {lane.label}, failed: {lane.lost}"
    differing = sorted({name for result in results for name in _differing(result)})
    commands = sum(_commands(result.run) for result in results)
    files = f"{len(results)} recording{'' if len(results) == 1 else 's'}"
    if differing:
        return f"{', '.join(differing)}: not what the reference draws"
    cut = sum(result.run.error is not None for result in results)
    rest = f"; {cut} could not be read to the end" if cut else ""
    return f"equal: {commands} commands of {files}{rest}"


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
