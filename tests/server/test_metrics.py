"""The tables of metrics: well-formed, bounded, written down in the document."""

import re
from pathlib import Path

import pytest

from gspice.server.metrics import MAX_TEXT, METRICS, NAMES, SUMMARIES, text
from gspice.server.statistics import ServerNumbers
from tests.server.metrics_samples import CONNECTION_ID, sample

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_names_are_as_prometheus_wants_them() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for metric in METRICS:
        assert re.fullmatch(r"gspice(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.help.endswith(".")
    labels = {label for metric in METRICS for label in metric.labels}
    assert all(re.fullmatch(r"[a-z]+", label) for label in labels)


def test_the_document_has_every_metric_with_its_kind_and_labels() -> None:
    rows = re.findall(r"^\| `(gspice_\w+)` \| (\w+) \| ([\w, ]*) ?\|", DOCUMENT.read_text(), re.MULTILINE)
    documented = {name: (kind, tuple(re.findall(r"\w+", labels))) for name, kind, labels in rows}
    assert len(rows) == len(documented)
    ours: dict[str, tuple[str, tuple[str, ...]]] = {m.name: (m.kind, m.labels) for m in METRICS}
    ours |= {summary.name: ("summary", (*summary.labels, "quantile")) for summary in SUMMARIES}
    assert documented == ours


def test_every_metric_has_values_that_fit_its_labels() -> None:
    numbers = sample()
    for metric in METRICS:
        values = list(metric.values(numbers))
        assert values, metric.name
        assert all(len(labels) == len(metric.labels) for labels, _ in values), metric.name
        assert len({labels for labels, _ in values}) == len(values), metric.name
    for summary in SUMMARIES:
        assert len(list(summary.quantiles(numbers))) == 2
        assert len(list(summary.counts(numbers))) == len(list(summary.sums(numbers))) == 1


def test_nothing_is_no_error() -> None:
    alone = {metric.name: list(metric.values(ServerNumbers())) for metric in METRICS}
    assert alone["gspice_clients"] == [((), 0)]
    assert not alone["gspice_channel_sent_bytes_total"] and not alone["gspice_commands_total"]


def test_kinds_of_commands_are_told_from_what_went_wrong() -> None:
    by_name = {metric.name: dict(metric.values(sample())) for metric in METRICS}
    assert by_name["gspice_commands_total"] == {("0", "Fill"): 7, ("0", "Copy"): 70}
    assert by_name["gspice_commands_not_drawn_total"] == {("0", "Stroke"): 3}
    assert by_name["gspice_commands_bad_total"] == {("0",): 2}
    assert by_name["gspice_commands_failed_total"] == {("0",): 1}


def test_what_lets_a_stranger_join_is_not_told() -> None:
    for metric in METRICS:
        assert str(CONNECTION_ID) not in repr(list(metric.values(sample())))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[2J\nb", "a\\x1b[2J\\nb"),
        ("\u202e", "\\u202e"),
        ("x" * 999, "x" * MAX_TEXT),
    ],
)
def test_labels_steer_no_terminal_and_have_an_end(given: str, shown: str) -> None:
    assert text(given) == shown
