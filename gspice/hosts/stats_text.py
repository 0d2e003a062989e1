"""What ``gspice stats`` shows to people: tables of who got what, as what, and how soon."""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from gspice.hosts.stats_fetch import Document

NONE = "-"
"""Shown where there is no number yet."""
INDENT = "  "
KINDS_SHOWN = 8
"""Kinds of commands that are named; the rest is counted together."""

_BYTES = ("B", "kB", "MB", "GB", "TB")
_PIXELS = ("px", "kpx", "Mpx", "Gpx", "Tpx")

Row = Sequence[str]


def render(document: Document, before: Document | None = None, seconds: float = 0.0) -> str:
    """The document as text. With one from ``seconds`` before, bytes are shown a second, too."""
    clients, devices = document["clients"], document["devices"]
    count = f"{len(clients)} client{'' if len(clients) == 1 else 's'}"
    lines = [f"GSpice {document['version']}, {count}"]
    for client in clients:
        earlier = _find(before["clients"], client, ("client",)) if before is not None else {}
        lines += ["", *_client(client, earlier, seconds)]
    for device in devices:
        lines += ["", *_device(device)]
    lines += ["", *_encoders(document["encoders"])]
    return "\n".join(lines)


def _client(client: Mapping[str, Any], before: Mapping[str, Any], seconds: float) -> Iterator[str]:
    tls = "TLS" if client.get("tls") else "plain"
    yield f"client {client['client']}  {client.get('peer', '?')}  {tls}"
    rows: list[Row] = [("channel", "received", "sent", "sent/s", "queued", "round trip")]
    for channel in client.get("channels", ()):
        earlier = _find(before.get("channels", ()), channel, ("channel", "id"))
        more = channel.get("sent_bytes", 0) - earlier.get("sent_bytes", inf)
        # Less than before is another client of the same number, of a server that was started anew.
        rate = more / seconds if more >= 0 and seconds > 0 else None
        rows.append(
            (
                f"{channel['channel']} {channel['id']}",
                amount(channel.get("received_bytes")),
                amount(channel.get("sent_bytes")),
                amount(rate),
                amount(channel.get("queue_bytes")),
                _time(channel.get("round_trip_seconds")),
            )
        )
    yield from _table(rows)
    for display in client.get("displays", ()):
        yield from _display(display)


def _display(display: Mapping[str, Any]) -> Iterator[str]:
    latency = display.get("frame_latency_seconds", {})
    yield (
        f"{INDENT}display {display['display']}: {display.get('frames', 0)} frames, "
        f"{_solid(display)} solid fills, {display.get('moves', 0)} moves, "
        f"{display.get('backdrop_copies', 0)} backdrop copies"
    )
    yield (
        f"{INDENT * 2}stale {amount(display.get('stale_pixels'), _PIXELS)}, "
        f"lossy {amount(display.get('lossy_pixels'), _PIXELS)}; "
        f"rate {amount(display.get('rate_bytes_per_second'))}/s, "
        f"{amount(display.get('under_way_bytes'))} of {amount(display.get('window_bytes'))} under way"
    )
    yield (
        f"{INDENT * 2}from damage to the client's answer: median {_time(latency.get('0.5'))}, "
        f"95 % within {_time(latency.get('0.95'))}"
    )
    rows: list[Row] = [("images", "number", "pixels", "raw", "sent", "ratio")]
    images = display.get("images", {})
    for coder, entry in sorted(images.items(), key=lambda item: -item[1].get("sent_bytes", 0)):
        rows.append(_image_row(coder, entry))
    if len(images) > 1:
        total: dict[str, int] = {}
        for entry in images.values():
            for key, number in entry.items():
                total[key] = total.get(key, 0) + number
        rows.append(_image_row("all", total))
    if len(rows) > 1:
        yield from _table(rows, INDENT * 2)
    if display.get("video"):
        rows = [("video", "frames", "sent", "a frame")]
        for codec, entry in display["video"].items():
            frames, sent = entry.get("frames", 0), entry.get("sent_bytes", 0)
            rows.append((codec, str(frames), amount(sent), amount(sent / frames if frames else None)))
        yield f"{INDENT * 2}{display.get('streams', 0)} video streams were begun"
        yield from _table(rows, INDENT * 2)


def _solid(display: Mapping[str, Any]) -> int:
    number: int = display.get("images", {}).get("solid", {}).get("images", 0)
    return number


def _image_row(name: str, entry: Mapping[str, int]) -> Row:
    raw, sent = entry.get("raw_bytes", 0), entry.get("sent_bytes", 0)
    return (
        name,
        str(entry.get("images", 0)),
        amount(entry.get("pixels"), _PIXELS),
        amount(raw),
        amount(sent),
        f"{raw / sent:.1f}" if sent else NONE,
    )


def _device(device: Mapping[str, Any]) -> Iterator[str]:
    canvas = device.get("canvas") or "nothing"
    on = f" ({device['canvas_device']})" if device.get("canvas_device") else ""
    yield f"display device {device['display']}, drawn by {canvas}{on}"
    declared = device.get("damage_declared_pixels", 0)
    parts = [
        f"{amount(device.get(f'damage_{what}_pixels'), _PIXELS)} {what}"
        + (f" ({100 * device.get(f'damage_{what}_pixels', 0) / declared:.0f} %)" if declared else "")
        for what in ("changed", "moved")
    ]
    yield (
        f"{INDENT}damage: {amount(declared, _PIXELS)} declared in {device.get('looks', 0)} looks, "
        + ", ".join(parts)
    )
    commands = sorted(device.get("commands", {}).items(), key=lambda item: (-item[1], item[0]))
    named = [f"{kind} {count}" for kind, count in commands[:KINDS_SHOWN]]
    rest = sum(count for _, count in commands[KINDS_SHOWN:])
    yield f"{INDENT}commands: {', '.join([*named, *([f'others {rest}'] if rest else [])]) or 'none'}"
    wrong = {
        "bad": device.get("bad", 0),
        "failed": device.get("failed", 0),
        **{f"not drawn: {kind}": count for kind, count in device.get("not_drawn", {}).items()},
    }
    shown = [f"{what} {count}" for what, count in wrong.items() if count]
    if shown:
        yield f"{INDENT}dropped: {', '.join(shown)}"


def _encoders(encoders: Mapping[str, Any]) -> Iterator[str]:
    jobs = encoders.get("jobs", 0)
    each = (
        f", each {_time(encoders['busy_seconds'] / jobs)} after {_time(encoders['wait_seconds'] / jobs)} of waiting"
        if jobs
        else ""
    )
    yield (
        f"encoders: {encoders.get('threads', 0)} threads, {jobs} frames packed{each}; "
        f"{encoders.get('queue_jobs', 0)} frames wait"
    )


# Numbers


def amount(value: float | None, units: Sequence[str] = _BYTES) -> str:
    """A number with three figures and its unit, in steps of a thousand."""
    if value is None:
        return NONE
    step = 0
    while abs(value) >= 999.5 and step < len(units) - 1:
        value /= 1000
        step += 1
    if step == 0:
        return f"{value:.0f} {units[0]}"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {units[step]}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def _find(
    entries: Sequence[Mapping[str, Any]], like: Mapping[str, Any], keys: Sequence[str]
) -> Mapping[str, Any]:
    """The entry that is about the same; an empty one where there is none."""
    return next((entry for entry in entries if all(entry[key] == like[key] for key in keys)), {})


def _table(rows: Sequence[Row], indent: str = INDENT) -> Iterator[str]:
    """The first column to the left, the others to the right; a column that nobody has a value in is left out."""
    columns = list(zip(*rows, strict=True))
    kept = [
        column
        for number, column in enumerate(columns)
        if number == 0 or len(rows) == 1 or any(cell != NONE for cell in column[1:])
    ]
    widths = [max(map(len, column)) for column in kept]
    for cells in zip(*kept, strict=True):
        first = f"{cells[0]:<{widths[0]}}"
        rest = [f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)]
        yield indent + INDENT.join([first, *rest]).rstrip()
