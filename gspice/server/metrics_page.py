"""The metrics as Prometheus reads them: text exposition format 0.0.4.

Imported only where somebody has asked for metrics: no host waits for prometheus-client otherwise.
"""

from collections.abc import Callable, Iterator

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from gspice.server.metrics import METRICS, SUMMARIES, Metric, Summary
from gspice.server.statistics import ServerNumbers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHORTEST_AGE_S = 0.25
"""A page that is not older is given again: whoever asks without end must not take the host's loop."""
REST = 20
"""So many times as long as a page took to make, no other is made, however many clients there are."""


class MetricsPage:
    """The page, made anew when somebody asks. On the host loop."""

    def __init__(self, numbers: Callable[[], ServerNumbers], clock: Callable[[], float]) -> None:
        self._numbers = numbers
        self._clock = clock
        self._text = b""
        self._good_until = 0.0

    def __call__(self) -> bytes:
        """The text, a moment old at most."""
        begun = self._clock()
        if not self._text or begun >= self._good_until:
            self._text = exposition(self._numbers())
            made = self._clock()
            self._good_until = made + max(SHORTEST_AGE_S, REST * (made - begun))
        return self._text


def exposition(numbers: ServerNumbers) -> bytes:
    """The text. Metrics without values, such as those of clients where there is none, have their heads alone."""
    return generate_latest(_Families(numbers))


class _Families(Collector):
    def __init__(self, numbers: ServerNumbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Family]:
        for metric in METRICS:
            yield _family(metric, self._numbers)
        for summary in SUMMARIES:
            yield _summary(summary, self._numbers)


def _family(metric: Metric, numbers: ServerNumbers) -> Family:
    family = Family(metric.name.removesuffix("_total"), metric.help, metric.kind)
    for labels, value in metric.values(numbers):
        family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)
    return family


def _summary(summary: Summary, numbers: ServerNumbers) -> Family:
    family = Family(summary.name, summary.help, "summary")
    parts = (
        ("", (*summary.labels, "quantile"), summary.quantiles),
        ("_count", summary.labels, summary.counts),
        ("_sum", summary.labels, summary.sums),
    )
    for suffix, names, values in parts:
        for labels, value in values(numbers):
            family.add_sample(summary.name + suffix, dict(zip(names, labels, strict=True)), value)
    return family
