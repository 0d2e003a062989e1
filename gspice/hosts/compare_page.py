"""The report of a comparison as one HTML page that needs nothing else: no script, no link, no font."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from gspice.hosts.compare_charts import Bar, Group, chart
from gspice.hosts.compare_findings import Again, Finding, Result
from gspice.hosts.compare_lanes import MAX_DIFFERENCES
from gspice.hosts.compare_pictures import Picture
from gspice.hosts.compare_style import COLOURS, STYLE

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MEASURED = (
    "Every canvas is given the same commands, one canvas after the other. Commands and pixels per second come from "
    "batches as a server makes them, of commands of all kinds; the times of each kind come from a second pass, in "
    "batches of commands of one kind, which are smaller. Reading the recording and comparing pixels are not in any "
    "time. A GPU draws after it has been given a batch, so each batch ends with the reading of one pixel of what it "
    "drew last: the full colour is the time until the canvas took the next command, the paler one the wait for that "
    "pixel, which has a round trip to the device in it, and once what the driver compiles when it is first used.",
    "Surfaces that were drawn on are compared whole, every {every} commands, before they go, and in the end. What is "
    "drawn over before a comparison is not seen: --every 1 sees all. Commands that scale or transform an image may be "
    "1 off in a channel, and are compared one by one; all others must be equal bit for bit. The high byte of XRGB32, "
    "which means nothing, is not compared. Pixels that differ are made equal after a comparison, so that what follows "
    "is judged by itself.",
)
_AGAIN = {
    Again.SAME: "replays to the same difference",
    Again.OTHER: "replays to a difference, though not quite the same one",
    Again.NONE: "does not differ when it is replayed: what came before it matters",
}


def page(report: dict[str, Any], results: Sequence[Result]) -> str:
    """The whole page; ``report`` is what ``compare_json`` makes of the results."""
    labels = [canvas["label"] for canvas in report["canvases"]]
    kind = "bad" if not report["equal"] else "good" if report["complete"] else "warn"
    body = [
        f'<h1>gspice compare</h1><p class="soft">{_text(", ".join(labels))}; {_text(report.get("made", ""))}</p>',
        f'<div class="verdict {kind}">{_text(report["verdict"])}</div>',
        _machine(report),
    ]
    if len(report["files"]) > 1:
        body.append(_files(report, labels))
    for number, (values, result) in enumerate(zip(report["files"], results, strict=True)):
        body.append(_file(number, values, result, labels))
    measured = "".join(f"<p>{_text(text.format(every=report['every']))}</p>" for text in MEASURED)
    body.append(f"<section><h2>What is measured and compared</h2>{measured}</section>")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>gspice compare: {_text(report["verdict"])}</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head>\n<body><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )


def _machine(report: dict[str, Any]) -> str:
    machine = report["machine"]
    cores = f"{machine['usable_cores']} of {machine['cores']} cores"
    packages = ", ".join(
        f"{name} {number or 'not installed'}" for name, number in machine["packages"].items()
    )
    system = f"{machine['system']}, {machine['kernel']} {machine['machine']}"
    python = f"{machine['python']}; GSpice {machine['gspice']}; {packages}"
    left = _facts([("Processor", f"{machine['cpu']}, {cores}"), ("System", system), ("Python", python)])
    right = [
        (canvas["label"] + (" (reference)" if number == 0 else ""), canvas["device"])
        for number, canvas in enumerate(report["canvases"])
    ]
    right += [(f"{one['name']}: left out", one["reason"]) for one in report["missing"]]
    return f'<section><h2>Machine and canvases</h2><div class="columns">{left}{_facts(right)}</div></section>'


def _files(report: dict[str, Any], labels: Sequence[str]) -> str:
    rows = []
    for number, values in enumerate(report["files"]):
        speeds = [_speed(canvas["commands_per_s"]) for canvas in values["canvases"]]
        link = f'<a href="#file{number}">{_text(_name(values))}</a>'
        numbers = (values["commands"], values["comparisons"])
        rows.append([link, _badge(values), *[f"{value:,}" for value in numbers], *speeds])
    heads = ["recording", "", "commands", "comparisons", *[f"{_text(label)}, commands/s" for label in labels]]
    return f"<section><h2>Recordings</h2>{_table(heads, rows)}</section>"


def _file(number: int, values: dict[str, Any], result: Result, labels: Sequence[str]) -> str:
    told = f"{values['events']:,} events, {values['commands']:,} commands that draw or make surfaces, "
    told += f"{values['sampled']:,} of them sampled between pixels; {values['comparisons']:,} comparisons; "
    told += f"{values['seconds']:.1f} s in all"
    parts = [f"<h2>{_text(_name(values))} {_badge(values)}</h2>", f'<p class="soft">{told}</p>']
    if values["error"]:
        parts.append(f'<p><span class="badge warn">ends early</span> {_text(values["error"])}</p>')
    for finding, own in zip(result.findings, values["findings"], strict=True):
        parts.append(_finding(finding, own, labels[0]))
    lost = [
        f"{one['label']} was drawn on no more: {one['lost']}" for one in values["canvases"] if one["lost"]
    ]
    lost += [
        f"{one['label']} was compared no more after {MAX_DIFFERENCES} differences in one pass"
        for one in values["canvases"]
        if one["differences"] >= MAX_DIFFERENCES
    ]
    parts += [f"<p>{_text(text)}</p>" for text in lost]
    parts += _speeds(values)
    parts += _ops(values, labels)
    return f'<section id="file{number}">{"".join(parts)}</section>'


def _finding(finding: Finding, values: dict[str, Any], reference: str) -> str:
    parts = [f"<p>{_text(values['words'])}</p>"]
    if finding.by_kind:
        parts.append("<p>It shows only where a batch holds commands of one kind.</p>")
    if not finding.exact and not finding.problem:
        parts.append("<p>Drawn one by one, no single command of these differs, as far as was looked.</p>")
    if finding.words:
        parts.append(_facts([("event", str(finding.difference.upto.number)), *finding.words]))
    if finding.pictures is not None:
        crop, whole, label = finding.pictures.crop, finding.pictures.whole, finding.lane.label
        area = crop.area
        parts.append(f"<h3>Pixels ({area.left}, {area.top}) to ({area.right}, {area.bottom})</h3>")
        parts.append(_figures(crop, reference, label))
        parts.append(f"<h3>All of the surface, {whole.area.width}x{whole.area.height}</h3>")
        parts.append(_figures(whole, reference, label))
        parts.append(
            '<p class="note">In the difference: grey where they are alike, '
            '<span class="scale"></span> from 1 to 64 and more where they are not.</p>'
        )
    if finding.recording is not None and finding.again is not None:
        parts.append(f"<p><code>{_text(finding.recording.name)}</code> {_AGAIN[finding.again]}.</p>")
    if finding.problem:
        parts.append(f"<p>{_text(finding.problem)}</p>")
    return f'<div class="finding">{"".join(parts)}</div>'


def _figures(picture: Picture, reference: str, label: str) -> str:
    smooth = ' class="smooth"' if picture.scale > 1 else ""
    figures = []
    for name, png in (
        (reference, picture.reference),
        (label, picture.other),
        ("difference", picture.difference),
    ):
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        figures.append(
            f'<figure><figcaption>{_text(name)}</figcaption><img{smooth} alt="{_text(name)}" src="{url}"></figure>'
        )
    return f'<div class="pictures">{"".join(figures)}</div>'


def _speeds(values: dict[str, Any]) -> Iterable[str]:
    canvases = values["canvases"]
    charts = []
    for key, name, unit, scale in (
        ("commands_per_s", "Commands per second", "", 1.0),
        ("pixels_per_s", "Megapixels per second", "", 1e-6),
    ):
        bars = [
            Bar(number % COLOURS, f"{canvas['label']} {_speed(canvas[key], scale)}{unit}", canvas[key] or 0.0)
            for number, canvas in enumerate(canvases)
        ]
        charts.append(f"<div><h3>{name}</h3>{chart([Group('', bars)], name)}</div>")
    yield f'<div class="columns">{"".join(charts)}</div>'


def _ops(values: dict[str, Any], labels: Sequence[str]) -> Iterable[str]:
    canvases = values["canvases"]
    names = list(canvases[0]["ops"])
    groups, rows = [], []
    for name in names:
        own = [canvas["ops"].get(name) for canvas in canvases]
        bars = [
            Bar(number % COLOURS, f"{label} {_time(_seconds(op))}", op["submit_s"], op["wait_s"])
            for number, (label, op) in enumerate(zip(labels, own, strict=True))
            if op is not None
        ]
        groups.append(Group(f"{name} ({own[0]['commands']:,})", bars))
        each = [_time(_seconds(op) / max(1, op["commands"])) if op else "" for op in own]
        refused = [f"{op['not_drawn']:,}" if op else "" for op in own]
        rows.append(
            [_text(name), f"{own[0]['commands']:,}", f"{own[0]['pixels'] / 1e6:,.1f}", *each, *refused]
        )
    legend = "".join(
        f'<span><i class="b{number % COLOURS}"></i>{_text(label)}</span>'
        for number, label in enumerate(labels)
    )
    legend += "<span>full: until the next command was taken; paler: until it was drawn</span>"
    yield f'<h3>Time by operation</h3><div class="legend">{legend}</div>{chart(groups, "Time by operation")}'
    heads = ["operation", "commands", "megapixels", *[f"{_text(label)}, each" for label in labels]]
    heads += [f"{_text(label)}, not drawn" for label in labels]
    yield f"<h3>Counts</h3>{_table(heads, rows)}"
    reasons = [
        [_text(label), _text(name), f"{number:,}", _text(reason)]
        for label, canvas in zip(labels, canvases, strict=True)
        for name, op in canvas["ops"].items()
        for reason, number in list(op["reasons"].items())[:3]
    ]
    reasons += [
        ["recording", "bad command", f"{number:,}", _text(reason)] for reason, number in values["bad"].items()
    ]
    if reasons:
        yield f"<h3>Not drawn</h3>{_table(['canvas', 'operation', 'commands', 'why'], reasons, text_from=3)}"


def _seconds(op: dict[str, Any]) -> float:
    return float(op["submit_s"] + op["wait_s"])


def _badge(values: dict[str, Any]) -> str:
    if not values["equal"]:
        return '<span class="badge bad">differs</span>'
    return (
        '<span class="badge warn">ends early</span>'
        if values["error"]
        else '<span class="badge good">equal</span>'
    )


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in facts) + "</dl>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], text_from: int = 1000) -> str:
    """Cells are HTML; those from column ``text_from`` on are text, which is folded."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="text">{cell}</{tag}>' if number >= text_from else f"<{tag}>{cell}</{tag}>"
            for number, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{line(heads, "th")}</tr>{body}</table></div>'


def _name(values: dict[str, Any]) -> str:
    return str(values["file"]).rpartition("/")[2]


def _speed(value: float | None, scale: float = 1.0) -> str:
    if value is None:
        return "nothing drawn"
    value *= scale
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _time(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _text(text: str) -> str:
    """Safe in text and attributes; what cannot be shown is written as an escape."""
    return escape("".join([c if c.isprintable() else repr(c)[1:-1] for c in text]))
